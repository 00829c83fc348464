package duckdb_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"telltale/collect"
	"telltale/collect/gatetest"
	"telltale/collect/noise"
	"telltale/collect/protect"
	"telltale/collect/store"
	"telltale/collect/store/duckdb"
	"telltale/collect/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, storetest.Setup{
		Open: func(dir string) (store.Store, error) { return duckdb.Open(t.Context(), dir) },
		Events: func(from time.Time, n int) []protect.Event {
			g := gatetest.Open(t, t.TempDir(), gatetest.Basic)
			var events []collect.Event
			for i := range n {
				events = append(events, gatetest.Event("Buy", fmt.Sprintf("user-%d", i), int64(i), from.Add(time.Duration(i)*time.Hour),
					gatetest.Number("price", fmt.Sprint(i)), gatetest.Text("note", `it's "so"`)))
			}
			return g.Pass(t, events...)
		},
	})
}

// Counts of an epoch replace those that were there, and only its own.
func TestCounts(t *testing.T) {
	dir := t.TempDir()
	s, err := duckdb.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, epoch := range []time.Time{gatetest.Start, gatetest.Start.Add(time.Hour), gatetest.Start} {
		c := protect.NewCounter(protect.Budget{Epsilon: 1000, Delta: 8, Values: 1, K: 2})
		for who := range uint64(500) {
			c.Add("p", "behaviour/search/query", "weather", who+1)
		}
		counts, _, err := c.Release(epoch, noise.NewStream(1))
		if err != nil || len(counts) != 1 {
			t.Fatalf("got %v, %v", counts, err)
		}
		if err := s.AddCounts(t.Context(), epoch, counts); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "counts", "*.parquet"))
	if err != nil || len(files) != 2 {
		t.Errorf("got %v, %v", files, err)
	}
}

// A folder of a later version is left alone.
func TestVersion(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"2\n", "0\n", "x"} {
		if err := os.WriteFile(filepath.Join(dir, "VERSION"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := duckdb.Open(t.Context(), dir); err == nil {
			t.Errorf("version %q was opened", text)
		}
	}
}
