//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"telltale/audit"
	"telltale/audit/evidence"
	"telltale/audit/evidence/seal"
	"telltale/claims"
)

// The sizes of a case for measuring.
const (
	largeBody   = 1 << 20
	largeBodies = 1024
)

// largeCase makes and seals a case of 1 GiB: requests with small bodies whose
// answers are 1 MiB of random bytes, the worst case for compression.
func largeCase(b *testing.B) string {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "case")
	_, text, _ := claims.Builtin("browser-baseline")
	arm := audit.Arm{Name: "normal", Mode: claims.Normal, Consent: claims.None, Software: "bench"}
	start := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	w, err := evidence.Create(dir, evidence.Plan{
		Case: audit.Case{
			Format: audit.CaseFormat, ID: "large", Started: start, Runs: 1, Arms: []audit.Arm{arm},
			Tools: []audit.Tool{{Name: "telltale", Version: version}}, Claims: digest(text),
		},
		Claims: text,
	})
	if err != nil {
		b.Fatal(err)
	}
	random := rand.NewChaCha8([32]byte{})
	keep := func(data []byte) audit.Body {
		body, err := w.Body()
		if err == nil {
			_, err = body.Write(data)
		}
		if err != nil {
			b.Fatal(err)
		}
		kept, err := body.Close(nil)
		if err != nil {
			b.Fatal(err)
		}
		return kept
	}
	data := make([]byte, largeBody)
	for i := range largeBodies {
		_, _ = random.Read(data)
		x := audit.Exchange{
			Conn: i, Proto: "HTTP/2.0", Method: "POST", URL: fmt.Sprintf("https://sink.example/v1?n=%d", i), Host: "sink.example",
			Header: []audit.Field{{Name: "Content-Type", Value: "application/json"}},
			Body:   keep([]byte(`{"n":` + strconv.Itoa(i) + `}`)), Answered: audit.BySinkhole, Status: 200, Reply: keep(data),
		}
		if err := w.Record(audit.Event{Time: start.Add(time.Duration(i) * time.Second), Place: audit.Place{Arm: "normal", Run: 1, Session: 1}, Exchange: &x}); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(audit.Event{Time: start.Add(time.Hour), End: &audit.End{Reason: audit.Complete}}); err != nil {
		b.Fatal(err)
	}
	for _, command := range []string{"report", "seal"} {
		if code, _, stderr := telltale(b.Context(), command, dir); code != exitOK && code != exitFinding {
			b.Fatal(stderr)
		}
	}
	return dir
}

// BenchmarkVerify measures what `telltale verify` does with a case of 1 GiB:
// the seal alone, and all of it, with how much memory the process had at most.
func BenchmarkVerify(b *testing.B) {
	dir := largeCase(b)
	runtime.GC()
	b.Run("seal", func(b *testing.B) {
		b.SetBytes(largeBody * largeBodies)
		defer spent(b)()
		for b.Loop() {
			c, err := seal.Check(dir, nil, runtime.GOMAXPROCS(0))
			if err != nil || len(c.Changes) > 0 {
				b.Fatal(err, c)
			}
		}
	})
	b.Run("bodies", func(b *testing.B) {
		b.SetBytes(largeBody * largeBodies)
		defer spent(b)()
		for b.Loop() {
			r, err := evidence.Open(dir)
			if err != nil {
				b.Fatal(err)
			}
			for _, err := range r.Bodies(runtime.GOMAXPROCS(0)) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		b.SetBytes(largeBody * largeBodies)
		defer spent(b)()
		for b.Loop() {
			if code, _, stderr := telltale(b.Context(), "verify", dir); code != exitOK {
				b.Fatal(stderr)
			}
		}
		b.ReportMetric(peakMB(), "peak-MB")
	})
}

// spent reports the processor's time for each round: on a machine that others
// use as well, that says more than the clock does.
func spent(b *testing.B) func() {
	processor := func() float64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
	}
	before := processor()
	return func() { b.ReportMetric((processor()-before)/float64(b.N), "cpu-s/op") }
}

// peakMB is the most memory that the process had, 0 if the system does not say.
func peakMB() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kb, _ := strconv.ParseFloat(strings.TrimSpace(strings.Split(rest+" kB", "kB")[0]), 64)
	return kb / 1000
}
