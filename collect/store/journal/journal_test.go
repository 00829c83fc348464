package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"telltale/collect"
	"telltale/collect/gatetest"
	"telltale/collect/protect"
	"telltale/collect/store/journal"
)

// A disk says what the journal may do.
type disk struct {
	mu     sync.Mutex
	full   bool
	before error
	now    time.Time
}

func (d *disk) options(key byte) journal.Options {
	return journal.Options{
		Seal: protect.NewJournal(bytes.Repeat([]byte{key}, 32)), Window: 7 * 24 * time.Hour,
		Before: func() error { d.mu.Lock(); defer d.mu.Unlock(); return d.before },
		Room:   func(int64) bool { d.mu.Lock(); defer d.mu.Unlock(); return !d.full },
		Now:    func() time.Time { d.mu.Lock(); defer d.mu.Unlock(); return d.now },
	}
}

func (d *disk) set(f func(*disk)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(d)
}

func newDisk() *disk { return &disk{now: gatetest.Start} }

func open(t testing.TB, dir string, d *disk) *journal.Journal {
	t.Helper()
	j, err := journal.Open(dir, d.options(1))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func shut(t testing.TB, j *journal.Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// events makes events with numbers from first to last.
func events(t testing.TB, first, last int) []protect.Event {
	g := gatetest.Open(t, t.TempDir(), gatetest.Basic)
	var in []collect.Event
	for i := first; i < last; i++ {
		in = append(in, gatetest.Event("Buy", "u", int64(i), gatetest.Start, gatetest.Number("price", fmt.Sprint(i))))
	}
	return g.Pass(t, in...)
}

// all returns the properties of what the journal has, in order.
func all(t testing.TB, j *journal.Journal) (got []string) {
	t.Helper()
	numbers, err := j.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range numbers {
		events, err := j.Read(n)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			got = append(got, e.Properties())
		}
	}
	return got
}

func want(first, last int) (props []string) {
	for i := first; i < last; i++ {
		props = append(props, fmt.Sprintf(`{"price":%d}`, i))
	}
	return props
}

func add(t testing.TB, j *journal.Journal, events []protect.Event, copies int) {
	t.Helper()
	if n, err := j.Add(t.Context(), events); n != copies || err != nil {
		t.Fatalf("got %d copies, %v, want %d", n, err, copies)
	}
}

// What was added is there after a restart, once, and copies of it are told:
// those in the same call, later, after a restart, and after a store has it.
func TestAddOnce(t *testing.T) {
	dir, d := t.TempDir(), newDisk()
	list := events(t, 0, 20)
	j := open(t, dir, d)
	add(t, j, slices.Concat(list[:10], list[:5]), 5)
	add(t, j, list[5:20], 5)
	shut(t, j)

	j = open(t, dir, d)
	add(t, j, list, 20)
	if got := all(t, j); !slices.Equal(got, want(0, 20)) {
		t.Errorf("got %v", got)
	}
	numbers, err := j.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range numbers {
		if err := j.Done(n, list); err != nil {
			t.Fatal(err)
		}
	}
	if got := all(t, j); len(got) != 0 || j.Size() != 0 {
		t.Errorf("after the store has it: %v, %d bytes", got, j.Size())
	}
	shut(t, j)
	j = open(t, dir, d)
	defer shut(t, j)
	add(t, j, list, 20)

	// The window ends.
	d.set(func(d *disk) { d.now = d.now.AddDate(0, 0, 9) })
	if err := j.Turn(); err != nil {
		t.Fatal(err)
	}
	add(t, j, list[:3], 0)
}

// An event without a stamp cannot be told from another, and is kept each time.
func TestNoStamp(t *testing.T) {
	d := newDisk()
	j := open(t, t.TempDir(), d)
	defer shut(t, j)
	g := gatetest.Open(t, t.TempDir(), gatetest.Basic)
	e := gatetest.Event("Buy", "u", 0, gatetest.Start)
	e.Tracked = false
	list := g.Pass(t, e, e)
	add(t, j, list, 0)
	if got := all(t, j); len(got) != 2 {
		t.Errorf("got %v", got)
	}
}

// Nothing is kept of what was refused, and all of it when it comes again.
func TestRefused(t *testing.T) {
	d := newDisk()
	j := open(t, t.TempDir(), d)
	list := events(t, 0, 6)
	add(t, j, list[:2], 0)
	broken := errors.New("no keys")
	for _, tt := range []struct {
		break1 func(*disk)
		want   error
	}{
		{func(d *disk) { d.full = true }, journal.ErrFull},
		{func(d *disk) { d.full, d.before = false, broken }, broken},
	} {
		d.set(tt.break1)
		if _, err := j.Add(t.Context(), list[2:4]); !errors.Is(err, tt.want) {
			t.Errorf("got %v want %v", err, tt.want)
		}
	}
	d.set(func(d *disk) { d.before = nil })
	add(t, j, list[2:], 0)
	if got := all(t, j); !slices.Equal(got, want(0, 6)) {
		t.Errorf("got %v", got)
	}
	if _, err := j.Add(t.Context(), make([]protect.Event, 1)); err == nil {
		t.Error("an event that no gate made was kept")
	}
	shut(t, j)
	if _, err := j.Add(context.Background(), list); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// segment returns the one segment that has something in it.
func segment(t testing.TB, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && info.Size() > 0 {
			return f
		}
	}
	t.Fatal("no segment")
	return ""
}

// A last write that broke off at any byte loses nothing that was acknowledged
// before it, and what comes after is kept.
func TestTornWrite(t *testing.T) {
	src, d := t.TempDir(), newDisk()
	list := events(t, 0, 9)
	j := open(t, src, d)
	add(t, j, list[:4], 0)
	acknowledged := int(j.Size())
	add(t, j, list[4:6], 0)
	shut(t, j)
	data, err := os.ReadFile(segment(t, src))
	if err != nil {
		t.Fatal(err)
	}
	for cut := acknowledged; cut < len(data); cut++ {
		for _, tail := range [][]byte{nil, bytes.Repeat([]byte{0}, 40)} { // some disks leave zeros
			dir := t.TempDir()
			name := filepath.Join(dir, filepath.Base(segment(t, src)))
			if err := os.WriteFile(name, slices.Concat(data[:cut], tail), 0o600); err != nil {
				t.Fatal(err)
			}
			j := open(t, dir, d)
			add(t, j, list[2:], 2) // two of them are known
			if got := all(t, j); !slices.Equal(got, want(0, 9)) {
				t.Fatalf("cut at %d: got %v", cut, got)
			}
			shut(t, j)
		}
	}
}

// What was sealed with another key, or for another file, makes no event.
func TestForeign(t *testing.T) {
	dir, d := t.TempDir(), newDisk()
	j := open(t, dir, d)
	add(t, j, events(t, 0, 3), 0)
	shut(t, j)
	if _, err := journal.Open(dir, d.options(2)); err == nil {
		t.Error("a log with another key was opened")
	}
	if err := os.Rename(segment(t, dir), filepath.Join(dir, "000000000099.log")); err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Open(dir, d.options(1)); err == nil {
		t.Error("a piece was taken in another place")
	}
}

// A number is used for one file only, also when no file is left.
func TestNumbers(t *testing.T) {
	dir, d := t.TempDir(), newDisk()
	seen := make(map[uint64]bool)
	for i := range 5 {
		j := open(t, dir, d)
		list := events(t, i, i+1)
		add(t, j, list, 0)
		numbers, err := j.Rotate()
		if err != nil || len(numbers) != 1 || seen[numbers[0]] {
			t.Fatalf("got %v, %v after %v", numbers, err, seen)
		}
		seen[numbers[0]] = true
		if err := j.Done(numbers[0], list); err != nil {
			t.Fatal(err)
		}
		shut(t, j)
	}
}

// Many at the same time, with copies, while segments end: each event once.
func TestConcurrent(t *testing.T) {
	d := newDisk()
	j := open(t, t.TempDir(), d)
	list := events(t, 0, 400)
	var work sync.WaitGroup
	for w := range 8 {
		work.Go(func() {
			for i := range list {
				at := (i*7 + w*50) % len(list)
				if _, err := j.Add(context.Background(), list[at:at+1]); err != nil {
					t.Error(err)
					return
				}
				if i%100 == 0 {
					if _, err := j.Rotate(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	work.Wait()
	got := all(t, j)
	slices.Sort(got)
	all := want(0, 400)
	slices.Sort(all)
	if !slices.Equal(got, all) {
		t.Errorf("got %d events, want %d, each once", len(got), len(all))
	}
	shut(t, j)
}

// Whatever a file holds: no panic, and of the events that were sealed some,
// unchanged, in their order and once.
func FuzzOpen(f *testing.F) {
	src, d := f.TempDir(), newDisk()
	j := open(f, src, d)
	list := events(f, 0, 3)
	for i := range list {
		if _, err := j.Add(context.Background(), list[i:i+1]); err != nil {
			f.Fatal(err)
		}
	}
	shut(f, j)
	data, err := os.ReadFile(segment(f, src))
	if err != nil {
		f.Fatal(err)
	}
	name := filepath.Base(segment(f, src))
	f.Add(data)
	f.Add(data[:len(data)-3])
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), in, 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := journal.Open(dir, d.options(1))
		if err != nil {
			return
		}
		defer shut(t, j)
		got := all(t, j)
		if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) ||
			slices.ContainsFunc(got, func(p string) bool { return !slices.Contains(want(0, 3), p) }) {
			t.Errorf("got %v", got)
		}
	})
}
