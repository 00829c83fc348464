package lab_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
	"telltale/audit/lab"
	"telltale/audit/lab/stage"
)

func probed(seed uint64) lab.Plan {
	return lab.Probed(short, time.Second, rand.New(rand.NewPCG(seed, 1)))
}

// probes returns the visits of the probe in a place.
func probes(actions []lab.Action) []lab.Action {
	return slices.DeleteFunc(slices.Clone(actions), func(a lab.Action) bool { return a.Verb != lab.Probe })
}

// Every run has a start of its own for the probe, with every length twice, and
// the plan says the lengths in their order. The order is another one in every
// run and the same for the same seed.
func TestProbed(t *testing.T) {
	script, _ := lab.Prepare(probed(1), subject, 3)
	again, _ := lab.Prepare(probed(1), subject, 3)
	if diff := cmp.Diff(probes(script[audit.Place{Arm: "private", Run: 2, Session: 3}]), probes(again[audit.Place{Arm: "private", Run: 2, Session: 3}])); diff != "" {
		t.Errorf("another plan for the same seed:\n%s", diff)
	}
	planned := script.Probes(subject, 3)
	if len(planned) != 2*3 {
		t.Fatalf("%d places with probes, want 6: %v", len(planned), planned)
	}
	orders := make(map[string]bool)
	addresses := make(map[string]bool)
	for _, p := range planned {
		var lengths []int
		for _, a := range probes(script[p.Place]) {
			lengths = append(lengths, len(a.URL))
			addresses[a.URL] = true
			if a.For != time.Second || len(a.Seeds) > 0 {
				t.Errorf("%v: %+v", p.Place, a)
			}
		}
		if diff := cmp.Diff(lengths, p.Lengths); diff != "" || p.Session != 3 {
			t.Errorf("%v: -script +plan\n%s", p.Place, diff)
		}
		orders[fmt.Sprint(lengths)] = true
		slices.Sort(lengths)
		if diff := cmp.Diff([]int{50, 50, 500, 500, 1500, 1500, 3000, 3000}, lengths); diff != "" {
			t.Errorf("%v: %s", p.Place, diff)
		}
	}
	if len(orders) < 2 || len(addresses) != 6*8 {
		t.Errorf("%d orders, %d addresses", len(orders), len(addresses))
	}
	if plain, _ := lab.Prepare(short, subject, 3); len(plain.Probes(subject, 3)) != 0 {
		t.Error("a plan without the probe has probes")
	}
}

// Addresses stay as they are when they are escaped, a compressor takes off a
// quarter, and the stage answers all of them with the same page.
func TestProbeAddresses(t *testing.T) {
	script, _ := lab.Prepare(probed(2), subject[:1], 1)
	packed := make(map[int]int)
	page := ""
	for _, a := range probes(script[audit.Place{Arm: "normal", Run: 1, Session: 3}]) {
		u, err := url.Parse(a.URL)
		if err != nil || u.String() != a.URL || url.PathEscape(u.Path[len("/leaf/"):]) != u.Path[len("/leaf/"):] {
			t.Errorf("%s changes when it is escaped: %v", a.URL, err)
		}
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write([]byte(a.URL))
		w.Close()
		packed[len(a.URL)] = b.Len()
		res := httptest.NewRecorder()
		r := httptest.NewRequest("GET", a.URL, nil)
		if s := stage.New(); !s.Answers(r) {
			t.Errorf("nobody answers %s", a.URL)
		} else if s.ServeHTTP(res, r); page == "" {
			page = res.Body.String()
		}
		if res.Code != 200 || res.Body.String() != page {
			t.Errorf("%s: status %d and another page", a.URL, res.Code)
		}
	}
	if slope := float64(packed[3000]-packed[500]) / 2500; slope < 0.74 || slope > 0.79 {
		t.Errorf("gzip makes %.3f of an address, want about three quarters", slope)
	}
}

// The log says how long each address was, when the visit began and until when
// the software was left alone.
func TestProbeIsRecorded(t *testing.T) {
	d := &diary{}
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	x := experiment(t, d, subject[:1], 1)
	x.Script, _ = lab.Prepare(probed(3), subject[:1], 1)
	x.Now = func() time.Time { now = now.Add(time.Second); return now }
	if err := x.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var lengths []int
	var until time.Time
	for _, e := range d.events {
		if e.Step.Action != string(lab.Probe) {
			if e.Step.Length != 0 || !e.Step.Until.IsZero() {
				t.Errorf("%+v is no probe", e.Step)
			}
			continue
		}
		lengths = append(lengths, e.Step.Length)
		if e.Time.Before(until) || !e.Step.Until.After(e.Time) {
			t.Errorf("the visit lasts from %s until %s, the one before until %s", e.Time, e.Step.Until, until)
		}
		until = e.Step.Until
	}
	if diff := cmp.Diff(x.Script.Probes(subject[:1], 1)[0].Lengths, lengths); diff != "" {
		t.Errorf("-planned +recorded\n%s", diff)
	}
}
