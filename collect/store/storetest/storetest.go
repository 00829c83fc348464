// Package storetest is the contract of [store.Store]: what every store must do,
// as a test that its package runs.
package storetest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"telltale/collect/protect"
	"telltale/collect/store"
)

// A Setup is what the contract needs of a store's test.
type Setup struct {
	// Open opens the store in a folder.
	Open func(dir string) (store.Store, error)
	// Events makes n protected events of as many users, all different, spread
	// over the days from a date on, an event every hour.
	Events func(from time.Time, n int) []protect.Event
}

var begin = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// Run runs the contract.
func Run(t *testing.T, s Setup) {
	for _, tt := range []struct {
		name string
		test func(*testing.T, Setup)
	}{
		{"keeps", keeps},
		{"batch twice", twice},
		{"zero event", zero},
		{"erase", erase},
		{"expire", expire},
		{"tidy", tidy},
		{"tidy and batch again", tidyAgain},
		{"left over", leftOver},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, s) })
	}
}

func open(t *testing.T, s Setup, dir string) store.Store {
	t.Helper()
	st, err := s.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func add(t *testing.T, st store.Store, b store.Batch, events []protect.Event) {
	t.Helper()
	if err := st.Add(t.Context(), b, events); err != nil {
		t.Fatal(err)
	}
}

// rowOf is an event as a store gives it back.
func rowOf(e protect.Event) store.Row {
	family, version := e.Browser()
	return store.Row{
		Project: e.Project(), Event: e.Name(), Time: e.Time(), Subject: uint64(e.Subject()), Period: e.Period(),
		Region: e.Region(), Browser: family, Version: version, Properties: e.Properties(),
	}
}

// compare holds what a store has against events, in any order.
func compare(t *testing.T, st store.Store, events []protect.Event) {
	t.Helper()
	left := make(map[store.Row]int)
	for _, e := range events {
		left[rowOf(e)]++
	}
	for r, err := range st.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		r.Time = r.Time.UTC()
		left[r]--
	}
	for r, n := range left {
		if n != 0 {
			t.Errorf("%d of %+v too few", n, r)
		}
	}
}

func keeps(t *testing.T, s Setup) {
	dir := t.TempDir()
	st, err := s.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	events := s.Events(begin, 100)
	add(t, st, 1, events[:60])
	add(t, st, 2, events[60:])
	compare(t, st, events)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	compare(t, open(t, s, dir), events) // and after a restart
}

func twice(t *testing.T, s Setup) {
	st := open(t, s, t.TempDir())
	events := s.Events(begin, 50)
	add(t, st, 7, events)
	add(t, st, 7, events)
	compare(t, st, events)
}

func zero(t *testing.T, s Setup) {
	st := open(t, s, t.TempDir())
	if err := st.Add(t.Context(), 1, make([]protect.Event, 1)); err == nil {
		t.Error("an event that no gate made was kept")
	}
	if err := st.AddCounts(t.Context(), begin, make([]protect.Count, 1)); err == nil {
		t.Error("a count that no counter released was kept")
	}
	compare(t, st, nil)
}

func erase(t *testing.T, s Setup) {
	st := open(t, s, t.TempDir())
	events := s.Events(begin, 80)
	add(t, st, 1, events)
	var gone []protect.Subject
	var left []protect.Event
	for i, e := range events {
		if i%3 == 0 || i < 24 { // all of the first day: its file goes
			gone = append(gone, e.Subject())
			continue
		}
		left = append(left, e)
	}
	n, err := st.Erase(t.Context(), gone)
	if err != nil || n != int64(len(gone)) {
		t.Fatalf("erased %d, %v, want %d", n, err, len(gone))
	}
	compare(t, st, left)
	if n, err := st.Erase(t.Context(), gone); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
}

func expire(t *testing.T, s Setup) {
	st := open(t, s, t.TempDir())
	events := s.Events(begin, 72)
	add(t, st, 1, events)
	if err := st.Upkeep(t.Context(), begin.AddDate(0, 0, 2)); err != nil {
		t.Fatal(err)
	}
	compare(t, st, slices.DeleteFunc(slices.Clone(events), func(e protect.Event) bool {
		return e.Time().Before(begin.AddDate(0, 0, 2))
	}))
}

func tidy(t *testing.T, s Setup) {
	dir := t.TempDir()
	st := open(t, s, dir)
	events := s.Events(begin, 24)
	for i := range events {
		add(t, st, store.Batch(i+1), events[i:i+1])
	}
	before := files(t, dir)
	if err := st.Upkeep(t.Context(), begin); err != nil {
		t.Fatal(err)
	}
	if after := files(t, dir); after >= before {
		t.Errorf("%d files before, %d after", before, after)
	}
	compare(t, st, events)
}

// A batch that was joined with others and comes again changes nothing.
func tidyAgain(t *testing.T, s Setup) {
	st := open(t, s, t.TempDir())
	events := s.Events(begin, 20)
	for i := range events {
		add(t, st, store.Batch(i+1), events[i:i+1])
	}
	if err := st.Upkeep(t.Context(), begin); err != nil {
		t.Fatal(err)
	}
	add(t, st, 10, events[9:10])
	compare(t, st, events)
}

// leftOver: what a process did not finish is not read.
func leftOver(t *testing.T, s Setup) {
	dir := t.TempDir()
	st, err := s.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	events := s.Events(begin, 30)
	add(t, st, 1, events)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) != "" {
			return os.WriteFile(path+".new", []byte("half"), 0o600) //nolint:gosec // a test's own folder
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, open(t, s, dir), events)
}

func files(t *testing.T, dir string) (n int) {
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			n++
		}
		return errors.Join(err, context.Cause(t.Context()))
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
