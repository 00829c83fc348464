package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"telltale/audit"
	"telltale/audit/evidence"
	"telltale/audit/lab"
	"telltale/audit/report"
	"telltale/claims"
	"telltale/personal"
)

// generated makes a case of n requests, each in its turn from one of four arms,
// a third of them with a planted value in base64 to one recipient.
func generated(t testing.TB, n int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "case")
	_, text, _ := claims.Builtin("mint-2020")
	p := evidence.Plan{Claims: text, Case: audit.Case{
		Format: audit.CaseFormat, ID: "generated", Started: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC), Runs: 3,
		Tools: []audit.Tool{{Name: "telltale"}}, Claims: fmt.Sprintf("%x", sha256.Sum256(text)),
	}}
	for _, control := range []bool{false, true} {
		for _, mode := range []claims.Mode{claims.Normal, claims.Private} {
			a := audit.Arm{Name: string(mode), Mode: mode, Consent: claims.None, Software: "browser", Specimen: "leaky"}
			if control {
				a.Name, a.Specimen, a.Control = "control/"+a.Name, "", true
			}
			p.Case.Arms = append(p.Case.Arms, a)
			for run := 1; run <= 3; run++ {
				for i, kind := range []personal.Kind{"behaviour/navigation/url", "behaviour/search/query"} {
					name := fmt.Sprintf("%s/%d/seed-%d", a.Name, run, i+1)
					value := fmt.Sprintf("%x", sha256.Sum256([]byte(name)))[:16]
					s := audit.Seed{Name: name, Kind: kind, Arm: a.Name, Run: run, Home: []string{"home.example"}, Value: value, Salt: "00"}
					s.Commitment = s.Commit()
					p.Seeds = append(p.Seeds, s)
				}
			}
		}
	}
	p.Case.Seeds = lab.Sealed(p.Seeds)
	w, err := evidence.Create(dir, p)
	if err != nil {
		t.Fatal(err)
	}
	record(t, w, p, n)
	return dir
}

// record writes the log of a generated case.
func record(t testing.TB, w *evidence.Writer, p evidence.Plan, n int) {
	t.Helper()
	at := p.Case.Started
	write := func(e audit.Event) {
		at = at.Add(50 * time.Millisecond)
		e.Time = at
		if err := w.Record(e); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		a, run := p.Case.Arms[i%4], i/4%3+1
		place := audit.Place{Arm: a.Name, Run: run, Session: 1}
		seeds := slices.DeleteFunc(slices.Clone(p.Seeds), func(s audit.Seed) bool { return s.Arm != a.Name || s.Run != run })
		if i%100 < 4 {
			write(audit.Event{Place: place, Step: &audit.Step{Action: "visit", Target: "a page", Seeds: []string{seeds[0].Name, seeds[1].Name}}})
		}
		x := &audit.Exchange{
			Proto: "HTTP/1.1", Method: "POST", Host: fmt.Sprintf("h%d.example", i%100), Answered: audit.BySinkhole, Status: 200,
			Header: []audit.Field{{Name: "User-Agent", Value: "browser/1"}, {Name: "Accept", Value: "*/*"}},
		}
		body := fmt.Appendf(nil, `{"event":"open","n":%d}`, i)
		if i%3 == 0 && !a.Control {
			x.Host = "sa.api.intl.miui.com"
			body = []byte(base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"n":%d,"url":"https://home.example/%s"}`, i, seeds[i%2].Value)))
		}
		x.URL = "https://" + x.Host + "/collect"
		out, err := w.Body()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(body); err != nil {
			t.Fatal(err)
		}
		if x.Body, err = out.Close(nil); err != nil {
			t.Fatal(err)
		}
		write(audit.Event{Place: place, Exchange: x})
	}
	for _, a := range p.Case.Arms {
		for run := 1; run <= 3; run++ {
			write(audit.Event{Place: audit.Place{Arm: a.Name, Run: run, Session: 1}, Step: &audit.Step{Action: audit.Done}})
		}
	}
	if err := w.Close(audit.Event{Time: at, End: &audit.End{Reason: audit.Complete}}); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkReport10000 is the report of a case of 10,000 requests: deriving all
// facts again, and writing the page with its evidence replayed.
func BenchmarkReport10000(b *testing.B) {
	dir := generated(b, 10_000)
	r, err := evidence.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("derive", func(b *testing.B) {
		for b.Loop() {
			if _, err := derive(r); err != nil {
				b.Fatal(err)
			}
		}
	})
	c, err := derive(r)
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range report.Formats() {
		if f.Name == "pdf" {
			continue
		}
		b.Run(f.Name, func(b *testing.B) {
			for b.Loop() {
				if err := f.Write(io.Discard, *c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
