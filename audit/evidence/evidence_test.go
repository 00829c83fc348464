package evidence_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"telltale/audit"
	"telltale/audit/evidence"
)

var start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func plan() evidence.Plan {
	text := []byte("telltale: claims/v1\n")
	seed := audit.Seed{Name: "page", Kind: "behaviour/navigation/url", Value: "k7f3q9w2m4x8abcd", Salt: "00"}
	seed.Commitment = seed.Commit()
	sealed := seed
	sealed.Value, sealed.Salt = "", ""
	return evidence.Plan{
		Case: audit.Case{
			Format: audit.CaseFormat, ID: "c1", Started: start, Runs: 1, Arms: []audit.Arm{{Name: "private"}},
			Seeds: []audit.Seed{sealed}, Claims: fmt.Sprintf("%x", sha256.Sum256(text)),
		},
		Seeds:  []audit.Seed{seed},
		Claims: text,
	}
}

func create(t *testing.T) (string, *evidence.Writer) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "case")
	w, err := evidence.Create(dir, plan())
	if err != nil {
		t.Fatal(err)
	}
	return dir, w
}

func step(n int) audit.Event {
	return audit.Event{
		Time:  start.Add(time.Duration(n) * time.Second),
		Place: audit.Place{Arm: "private", Run: 1, Session: 1},
		Step:  &audit.Step{Action: "visit", Target: fmt.Sprintf("page %d <&>", n)},
	}
}

// fill records n steps and the end, and returns the folder.
func fill(t *testing.T, n int) string {
	t.Helper()
	dir, w := create(t)
	for i := range n {
		if err := w.Record(step(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(audit.Event{End: &audit.End{Reason: audit.Complete}}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// read returns the events before the first error, and the error.
func read(t *testing.T, dir string) ([]audit.Event, error) {
	t.Helper()
	r, err := evidence.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var events []audit.Event
	for e, err := range r.Events() {
		if err != nil {
			return events, err
		}
		events = append(events, e)
	}
	return events, nil
}

// What was written is read again, in order.
func TestRoundTrip(t *testing.T) {
	dir := fill(t, 3)
	events, err := read(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []audit.Event{step(0), step(1), step(2), {End: &audit.End{Reason: audit.Complete}}}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	r, err := evidence.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plan(), evidence.Plan{Case: r.Case, Seeds: r.Seeds, Claims: r.Claims}); diff != "" {
		t.Errorf("plan: -want +got\n%s", diff)
	}
}

// A body comes back byte for byte, and lies under its SHA-256.
func TestBodyRoundTrip(t *testing.T) {
	dir, w := create(t)
	rapid.Check(t, func(rt *rapid.T) {
		want := rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(rt, "body")
		b, err := w.Body()
		if err != nil {
			rt.Fatal(err)
		}
		for rest := want; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "n")
			if _, err := b.Write(rest[:n]); err != nil {
				rt.Fatal(err)
			}
			rest = rest[n:]
		}
		body, err := b.Close(nil)
		if err != nil {
			rt.Fatal(err)
		}
		r, err := evidence.Open(dir)
		if err != nil {
			rt.Fatal(err)
		}
		f, err := r.Body(body)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := io.ReadAll(f)
		if err != nil {
			rt.Fatal(err)
		}
		if err := f.Close(); err != nil {
			rt.Fatal(err)
		}
		if !bytes.Equal(got, want) || body.Size != int64(len(want)) {
			rt.Fatalf("got %d bytes, want %d", len(got), len(want))
		}
	})
}

// A folder that holds something is not written over.
func TestCreateRefusesFullFolder(t *testing.T) {
	dir := fill(t, 1)
	if _, err := evidence.Create(dir, plan()); !errors.Is(err, evidence.ErrExists) {
		t.Errorf("got %v, want %v", err, evidence.ErrExists)
	}
}

// The folder and its files are their owner's alone.
func TestPrivateFolder(t *testing.T) {
	dir := fill(t, 1)
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Every changed, removed or moved line of the log is noticed.
func TestChainNoticesChange(t *testing.T) {
	dir := fill(t, 4)
	path := filepath.Join(dir, evidence.CaptureFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(string(good), "\n"), "\n")
	for name, bad := range map[string]string{
		"changed":  strings.Replace(string(good), "page 1", "page 7", 1),
		"removed":  lines[0] + strings.Join(lines[2:], "") + "\n",
		"moved":    lines[1] + lines[0] + strings.Join(lines[2:], "") + "\n",
		"repeated": lines[0] + string(good),
	} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := read(t, dir); !errors.Is(err, evidence.ErrChain) {
			t.Errorf("%s: got %v, want %v", name, err, evidence.ErrChain)
		}
	}
}

// The first line is chained to the plan: a changed plan is noticed.
func TestChainNoticesChangedPlan(t *testing.T) {
	dir := fill(t, 1)
	path := filepath.Join(dir, evidence.CaseFile)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(b, []byte(`"runs": 1`), []byte(`"runs": 2`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, dir); !errors.Is(err, evidence.ErrPlan) || !errors.Is(err, evidence.ErrChain) {
		t.Errorf("got %v, want %v", err, evidence.ErrPlan)
	}
}

// A log that was cut off gives everything before the cut, and says so.
func TestCutLogStaysReadable(t *testing.T) {
	dir := fill(t, 3)
	path := filepath.Join(dir, evidence.CaptureFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	third := bytes.Count(good[:len(good)-1], []byte("\n"))
	if err := os.WriteFile(path, good[:len(good)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	events, err := read(t, dir)
	if !errors.Is(err, evidence.ErrCut) || len(events) != third {
		t.Errorf("got %d events and %v, want %d and %v", len(events), err, third, evidence.ErrCut)
	}
}

// Claims and seeds that are not those of the plan are refused.
func TestChangedPlanFilesAreRefused(t *testing.T) {
	for name, change := range map[string]func(b []byte) []byte{
		evidence.ClaimsFile: func(b []byte) []byte { return append(b, '\n') },
		evidence.SeedsFile:  func(b []byte) []byte { return bytes.Replace(b, []byte("k7f3"), []byte("k7f4"), 1) },
	} {
		dir := fill(t, 1)
		path := filepath.Join(dir, name)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, change(b), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := evidence.Open(dir); !errors.Is(err, evidence.ErrChanged) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v, want %v", name, err, evidence.ErrChanged)
		}
	}
}

// A body whose bytes were exchanged is noticed when it is read.
func TestChangedBodyIsNoticed(t *testing.T) {
	dir, w := create(t)
	var bodies []audit.Body
	for _, text := range []string{"one", "two"} {
		b, err := w.Body()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		body, err := b.Close(nil)
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	if err := w.Close(audit.Event{End: &audit.End{Reason: audit.Complete}}); err != nil {
		t.Fatal(err)
	}
	path := func(b audit.Body) string {
		return filepath.Join(dir, evidence.BlobsDir, b.SHA256[:2], b.SHA256[2:4], b.SHA256)
	}
	if err := os.Rename(path(bodies[0]), path(bodies[1])); err != nil {
		t.Fatal(err)
	}
	r, err := evidence.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.Body(bodies[1])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.ReadAll(f); !errors.Is(err, evidence.ErrBody) {
		t.Errorf("got %v, want %v", err, evidence.ErrBody)
	}
}

// Bodies in the pack of a case that was not closed are checked like others.
func TestChangedPackIsNoticed(t *testing.T) {
	dir, w := create(t)
	for _, text := range []string{"the first of two bodies", "and the second"} {
		b, err := w.Body()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = b.Write([]byte(text)) // Close says it again
		body, err := b.Close(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Record(audit.Event{Message: &audit.Message{Out: true, Body: body}}); err != nil {
			t.Fatal(err)
		}
	}
	wrong := func() (n, of int) {
		r, err := evidence.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range r.Bodies(2) {
			of++
			if err != nil {
				n++
			}
		}
		return n, of
	}
	if n, of := wrong(); n != 0 || of != 2 {
		t.Fatalf("%d of %d bodies are wrong before the change", n, of)
	}
	pack := filepath.Join(dir, evidence.BlobsDir, "pack")
	data, err := os.ReadFile(pack)
	if err != nil {
		t.Fatal(err)
	}
	data[bytes.Index(data, []byte("the second"))] ^= 1
	if err := os.WriteFile(pack, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if n, of := wrong(); n != 1 || of != 2 {
		t.Errorf("%d of %d bodies are wrong after the change of one", n, of)
	}
}

// A body's name is a hash and nothing else: a case from elsewhere cannot make
// the reader open another file.
func TestBodyNameIsNoPath(t *testing.T) {
	r, err := evidence.Open(fill(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, sum := range []string{"../../../etc/passwd", strings.Repeat("../", 21) + "x", strings.Repeat("z", 64)} {
		if _, err := r.Body(audit.Body{SHA256: sum}); err == nil || !strings.Contains(err.Error(), "not a SHA-256") {
			t.Errorf("%s: got %v", sum, err)
		}
	}
}

func BenchmarkRecord(b *testing.B) {
	w, err := evidence.Create(filepath.Join(b.TempDir(), "case"), plan())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := w.Record(step(1)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBody keeps bodies of 1 MiB of random bytes, the worst case for the
// compressor.
func BenchmarkBody(b *testing.B) {
	w, err := evidence.Create(filepath.Join(b.TempDir(), "case"), plan())
	if err != nil {
		b.Fatal(err)
	}
	data := make([]byte, 1<<20)
	_, _ = rand.Read(data)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		body, err := w.Body()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := body.Write(data); err != nil {
			b.Fatal(err)
		}
		if _, err := body.Close(nil); err != nil {
			b.Fatal(err)
		}
	}
}
