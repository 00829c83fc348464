// Package gatetest makes protected events for tests, by way of the gates: there
// is no other.
package gatetest

import (
	"strings"
	"testing"
	"time"

	"telltale/claims"
	"telltale/collect"
	"telltale/collect/consent"
	"telltale/collect/noise"
	"telltale/collect/protect"
)

// Claims are those of a plan with the events Buy and Look, which may have a
// price, a model, a page address and a free note. A text is put behind them.
const Claims = `telltale: claims/v1
subject: {name: test}
schema:
  purposes: [statistics, private-statistics]
  private: {property: incognito, purpose: private-statistics}
  consent: {property: consent}
  properties:
    - {name: price, type: number}
    - {name: model, kind: device/model}
    - {name: url, kind: behaviour/navigation/url}
    - {name: note}
  events:
    - {name: Buy, purpose: statistics}
    - {name: Look, purpose: statistics, kind: behaviour/navigation/url}
    - {name: item_set, purpose: statistics}
`

// Basic is a statement that asks for nothing that does not hold anyway.
const Basic = "statements: [{id: a, asserts: [never: [contact]]}]\n"

// Gates are all three, in a folder of their own.
type Gates struct {
	Plan     *collect.Plan
	Consent  *consent.Gate
	Protect  *protect.Protector
	Subjects *protect.Subjects
	Dir      string
}

// Start is the time that gates begin at.
var Start = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// Open opens gates that keep a claims file, which is Claims and the statements.
// Keys are the same each time that the folder is new.
func Open(t testing.TB, dir, statements string) *Gates {
	t.Helper()
	file, err := claims.Read("test.yaml", strings.NewReader(Claims+statements))
	if err != nil {
		t.Fatal(err)
	}
	policy, refused := protect.NewPolicy(file, protect.Setup{TLS: true, Operator: "Test", Country: "DE"})
	if len(refused) > 0 {
		t.Fatal(refused)
	}
	random := noise.NewStream(1)
	subjects, err := protect.OpenSubjects(dir, random)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := subjects.Close(); err != nil {
			t.Error(err)
		}
	})
	stamps, err := protect.OpenStamps(dir, 7*24*time.Hour, Start, random)
	if err != nil {
		t.Fatal(err)
	}
	plan := collect.NewPlan(*file.Schema)
	return &Gates{
		Plan: plan, Subjects: subjects, Dir: dir, Consent: &consent.Gate{Plan: plan},
		Protect: &protect.Protector{
			Policy: policy, Subjects: subjects, Stamps: stamps, Tag: [32]byte{1},
			Counter: protect.NewCounter(protect.Budget{Epsilon: 1000, Delta: 8, Values: 4, K: policy.K}),
		},
	}
}

// Event returns an event that passed the first gate, and that carries consent.
func Event(name, subject string, track int64, at time.Time, props ...collect.Property) collect.Event {
	return collect.Event{
		Project: "default", Type: "track", Name: name, Kind: "behaviour", Purpose: "statistics", Time: at, Sent: at.UnixMilli(),
		TrackID: track, Tracked: true, Subject: subject, Mode: claims.Normal, Carries: true, Agreed: []string{"statistics"},
		Props: props, Received: at,
	}
}

// Pass takes events through the gates; each must come out.
func (g *Gates) Pass(t testing.TB, events ...collect.Event) []protect.Event {
	t.Helper()
	out := make([]protect.Event, 0, len(events))
	for _, e := range events {
		permitted, reason := g.Consent.Permit(e)
		if reason != "" {
			t.Fatalf("no consent: %s", reason)
		}
		safe, reasons, keep, err := g.Protect.Protect(permitted)
		if err != nil || !keep {
			t.Fatalf("not kept: %v, %v", reasons, err)
		}
		out = append(out, safe)
	}
	return out
}

// Text returns a property that is a text.
func Text(name, value string) collect.Property {
	kinds := map[string]claims.Property{"model": {Kind: "device/model"}, "url": {Kind: "behaviour/navigation/url"}}
	return collect.Property{Name: name, Kind: kinds[name].Kind, Free: true, Value: collect.Value{Type: claims.StringType, Text: value}}
}

// Number returns a property that is a number.
func Number(name, value string) collect.Property {
	return collect.Property{Name: name, Value: collect.Value{Type: claims.NumberType, Text: value}}
}
