package report_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"slices"
	"testing"
	"time"

	"telltale/audit"
	"telltale/audit/report"
)

// generated is the fixture's experiment with n requests: a third of them to
// hosts that are told something, the rest to many others.
func generated(n int) report.Case {
	c := fixture()
	var seeds []audit.Seed
	for _, s := range c.Seeds {
		if s.Arm == "normal" || s.Arm == "private" {
			seeds = append(seeds, s)
		}
	}
	c.Exhibits, c.Findings = nil, nil
	body := []byte(`{"event":"open","url":"`)
	for i := range n {
		arm := fixtureArms[i%len(fixtureArms)]
		place := audit.Place{Arm: arm.Name, Run: i/len(fixtureArms)%3 + 1, Session: 1}
		host := fmt.Sprintf("h%d.example", i%200)
		told := i%3 == 0 && !arm.Control
		if told {
			host = sink
		}
		for j, part := range []string{"request.url", "request.header", "request.body"} {
			c.Exhibits = append(c.Exhibits, audit.Exhibit{
				ID: fmt.Sprintf("e%d", 3*i+j+1), Place: place, Time: began.Add(time.Duration(i) * 50 * time.Millisecond), URL: "https://" + host + "/a?b=c", Method: "POST",
				Host: host, Part: part, Size: int64(100 + i%1000), SHA256: fmt.Sprintf("%064x", i), Event: i + 1,
			})
		}
		if !told {
			continue
		}
		at := fmt.Sprintf("e%d", 3*i+3)
		seed := seeds[i%len(seeds)]
		c.Findings = append(c.Findings,
			audit.Finding{ID: fmt.Sprintf("f%d", len(c.Findings)+1), Exhibit: at, Kind: seed.Kind, Seed: seed.Name, Form: "plain", Trail: audit.Trail{"request.body", "json:/url"}, Confidence: audit.Certain, Value: audit.NewSecret([]byte(seed.Value))},
			audit.Finding{ID: fmt.Sprintf("f%d", len(c.Findings)+2), Exhibit: at, Kind: "id/install", Label: fmt.Sprintf("i%d", i%7), Form: "persistent", Trail: audit.Trail{"request.body", "json:/id"}, Confidence: audit.Likely, Value: audit.NewSecret([]byte("8d0c7e2"))},
		)
	}
	var all []string
	exhibits := make(map[string]bool)
	for _, f := range c.Findings {
		all, exhibits[f.Exhibit] = append(all, f.ID), true
	}
	for i := range c.Verdicts {
		if v := &c.Verdicts[i]; v.Result == audit.Refuted {
			v.Findings, v.Exhibits = all, len(exhibits)
		}
	}
	c.Log, c.Body, c.Steps = nil, nil, nil
	c.Explain = func(f audit.Finding) ([]audit.Layer, error) {
		data := append(append(slices.Clip(body), f.Value.Reveal()...), `"}`...)
		return []audit.Layer{
			{Step: "request.body", Data: audit.NewSecret(data), Span: audit.Span{Start: len(body), End: len(data) - 2}},
			{Step: "json:/url", Data: f.Value, Span: audit.Span{End: f.Value.Len()}},
		}, nil
	}
	return c
}

// A report of 10,000 requests stays below 5 MiB, in every language.
func TestSize(t *testing.T) {
	c := generated(10_000)
	for _, lang := range report.Languages() {
		c.Lang = lang
		var b bytes.Buffer
		if err := report.HTML(&b, c); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d kB", lang, b.Len()>>10)
		if b.Len() > 5<<20 {
			t.Errorf("%s: %d bytes, more than 5 MiB", lang, b.Len())
		}
	}
}

// allocated returns the bytes that a report of n requests takes on its way.
func allocated(t *testing.T, f report.Format, n int) float64 {
	t.Helper()
	c := generated(n)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := f.Write(io.Discard, c); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc - before.TotalAlloc)
}

// Twice the requests take about twice the memory, in every format: nothing is
// quadratic.
func TestLinear(t *testing.T) {
	for _, f := range report.Formats() {
		if f.Name == "pdf" || f.Name == "har" { // a browser's work; reads the log
			continue
		}
		allocated(t, f, 10) // fills the tables that are read once
		few, many := allocated(t, f, 2_000), allocated(t, f, 8_000)
		if many > 6*few {
			t.Errorf("%s: 2,000 requests take %.0f bytes, 8,000 take %.0f", f.Name, few, many)
		}
	}
}

func BenchmarkReport(b *testing.B) {
	c := generated(10_000)
	for _, f := range report.Formats() {
		if f.Name == "pdf" || f.Name == "har" {
			continue
		}
		b.Run(f.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var out bytes.Buffer
				if err := f.Write(&out, c); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(out.Len()), "bytes")
			}
		})
	}
}
