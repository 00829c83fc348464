package evidence_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"telltale/audit"
	"telltale/audit/evidence"
)

// bodies makes a case with exchanges whose bodies are texts, and returns the
// folder and the files of the bodies, sorted.
func bodies(t *testing.T, texts ...string) (dir string, names []string) {
	t.Helper()
	dir, w := create(t)
	for _, text := range texts {
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
		e := step(1)
		e.Step, e.Exchange = nil, &audit.Exchange{Body: body}
		if err := w.Record(e); err != nil {
			t.Fatal(err)
		}
		names = append(names, strings.Join([]string{evidence.BlobsDir, body.SHA256[:2], body.SHA256[2:4], body.SHA256}, "/"))
	}
	if err := w.Close(audit.Event{End: &audit.End{Reason: audit.Complete}}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return dir, names
}

// readBodies returns the files that were read, and those that are wrong.
func readBodies(t *testing.T, dir string) (names []string, wrong map[string]error) {
	t.Helper()
	r, err := evidence.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	wrong = map[string]error{}
	for name, err := range r.Bodies(3) {
		names = append(names, name)
		if err != nil {
			wrong[name] = err
		}
	}
	return names, wrong
}

// All bodies are read, in order, and one whose bytes are not those of its name
// is named.
func TestBodies(t *testing.T) {
	dir, want := bodies(t, "one", "two", "three", "four", "five")
	if names, wrong := readBodies(t, dir); !slices.Equal(names, want) || len(wrong) > 0 {
		t.Errorf("got %v, %v; want %v", names, wrong, want)
	}
	one, err := os.ReadFile(filepath.Join(dir, want[0]))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, want[3]), one, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, evidence.BlobsDir, "part-1"), one, 0o600); err != nil { // of a crash
		t.Fatal(err)
	}
	names, wrong := readBodies(t, dir)
	if !slices.Equal(names, want) || len(wrong) != 1 || !errors.Is(wrong[want[3]], evidence.ErrBody) {
		t.Errorf("got %v, %v", names, wrong)
	}
	r, err := evidence.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name := range r.Bodies(3) { // who stops early gets no more, and nothing hangs
		if name != want[0] {
			t.Errorf("got %s first", name)
		}
		break
	}
}

// A body that is longer than the log's bodies together is read no further.
func TestBodiesBomb(t *testing.T) {
	dir, names := bodies(t, "one")
	other, large := bodies(t, strings.Repeat("0", 1<<20))
	bomb, err := os.ReadFile(filepath.Join(other, large[0]))
	if err != nil || len(bomb) > 1000 {
		t.Fatal(len(bomb), err)
	}
	if err := os.WriteFile(filepath.Join(dir, names[0]), bomb, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, wrong := readBodies(t, dir); wrong[names[0]] == nil || !strings.Contains(wrong[names[0]].Error(), "longer than all bodies that the log names") {
		t.Errorf("got %v", wrong)
	}
}

// A case without a body has none to read.
func TestNoBodies(t *testing.T) {
	if names, wrong := readBodies(t, fill(t, 1)); len(names)+len(wrong) > 0 {
		t.Errorf("got %v, %v", names, wrong)
	}
}

// Results come in the order of the jobs, whoever is done first.
func TestInOrder(t *testing.T) {
	var want []int
	for i := range 100 {
		want = append(want, i)
	}
	later := make(chan bool) // each even job waits for the odd one after it
	do := func(i int) int {
		if i%2 == 0 {
			<-later
		} else {
			later <- true
		}
		return i
	}
	got := slices.Collect(evidence.InOrder(slices.Values(want), 2, do))
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

// A redacted copy is no case to derive from, and says so.
func TestRedactedIsNotOpened(t *testing.T) {
	dir := fill(t, 1)
	if err := os.Mkdir(filepath.Join(dir, evidence.RedactedDir), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := evidence.Open(dir); !errors.Is(err, evidence.ErrRedacted) {
		t.Errorf("got %v", err)
	}
}

// The plan is not read where it is no file, or far too long.
func TestPlanIsBounded(t *testing.T) {
	for what, change := range map[string]func(path string) error{
		"link to a device": func(path string) error { return os.Symlink("/dev/zero", path) },
		"too long": func(path string) error {
			if err := os.WriteFile(path, bytes.Repeat([]byte(" "), 1), 0o600); err != nil {
				return err
			}
			return os.Truncate(path, 1<<40)
		},
	} {
		dir := fill(t, 1)
		path := filepath.Join(dir, evidence.SeedsFile)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := change(path); err != nil {
			t.Fatal(err)
		}
		if _, err := evidence.Open(dir); err == nil {
			t.Errorf("%s: it was read", what)
		}
	}
}
