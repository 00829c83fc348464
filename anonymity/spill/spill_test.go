package spill_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/anonymity"
	"telltale/anonymity/spill"
)

// roles are the columns of the tables that are drawn.
var roles = []anonymity.Column{
	{Name: "s", Role: anonymity.Subject},
	{Name: "t", Role: anonymity.Time},
	{Name: "i", Role: anonymity.Item},
	{Name: "m", Role: anonymity.Mode},
	{Name: "q", Role: anonymity.Quasi},
	{Name: "v", Role: anonymity.Quasi},
	{Name: "x", Role: anonymity.Sensitive},
	{Name: "id", Role: anonymity.Identifier},
}

// draw draws rows that have something of everything: missing values, bytes that
// are no text, addresses, versions, times before 1970 and times that are none.
func draw(rng *rand.Rand, rows int) [][]string {
	pick := func(values ...string) string { return values[rng.IntN(len(values))] }
	list := make([][]string, rows)
	for i := range list {
		list[i] = []string{
			pick("", "a", "b", "c", "d", "e"),
			pick("1969-12-31T23:00:00Z", "2020-05-04T07:24:20Z", "2020-05-04T07:59:00Z", "2020-05-05", "2020-06-01", "2020-06-09", "no time"),
			pick("", "https://a.example/1", "https://a.example/2?x=1", "https://www.b.example/", "b.example", "words", "\xff\x00"),
			pick("normal", "private", ""),
			pick("", "x", "y", "z"),
			pick("1.2.3", "1.3.0", "2.0"),
			pick("1", "2", "10", ""),
			pick("one", "b25l", "two", "b8a9f715dbb64fd5c56e7783c6820a61"),
		}
	}
	list[0][1] = "2020-05-04" // one time at least
	return list
}

func build(t testing.TB, columns []anonymity.Column, list [][]string, to anonymity.Spill) *anonymity.Table {
	b := anonymity.NewBuilder(columns)
	if to != nil {
		b.Memory, b.Spill = 1, to // no row fits
	}
	for _, row := range list {
		if err := b.Add(row); err != nil {
			t.Fatal(err)
		}
	}
	tab, err := b.Table()
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// Whatever the rows and the roles: all measures find the same on disk as in
// memory.
func TestSameAsInMemory(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			folder := spill.Open(context.Background(), 0)
			want, got := run(t, seed, nil), run(t, seed, folder.Spill)
			if diff := cmp.Diff(want, got, cmp.Comparer(sameNumber), cmp.Comparer(sameMeasure), cmp.Comparer(sameExample)); diff != "" {
				t.Errorf("-memory +disk\n%s", diff)
			}
			if err := folder.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// run takes all measures on tables that a seed gives: on disk if there is a
// place to spill to.
func run(t *testing.T, seed uint64, to anonymity.Spill) []anonymity.Result {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 5))
	columns := slices.Clone(roles)
	if seed > 0 { // and one of the roles is missing
		columns[rng.IntN(len(columns))].Role = anonymity.Quasi
	}
	list, other := draw(rng, 1+rng.IntN(60)), draw(rng, 1+rng.IntN(20))
	tab := build(t, columns, list, to)
	opt := anonymity.Options{Population: 1000, K: 2, Draws: 3, Resamples: 20, Seed: seed, Public: build(t, columns, other, to)}
	if tab.One(anonymity.Subject) != nil && tab.One(anonymity.Item) != nil {
		opt.Against = opt.Public
	}
	results, err := anonymity.Run(context.Background(), tab, opt)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// Rows enough for the database to work with several threads and to read in
// several parts have the codes that they have in memory: what is drawn by them
// is the same.
func TestSameOrder(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	folder := spill.Open(context.Background(), 0)
	rng := rand.New(rand.NewPCG(1, 1))
	var list [][]string
	for range 150_000 {
		list = append(list, []string{fmt.Sprint("s", rng.IntN(20_000)), fmt.Sprint("i", rng.IntN(130_000))})
	}
	columns := []anonymity.Column{{Name: "s", Role: anonymity.Subject}, {Name: "i", Role: anonymity.Item}}
	var rates [2][]anonymity.Rate
	for i, to := range []anonymity.Spill{nil, folder.Spill} {
		tab := build(t, columns, list, to)
		rates[i] = tab.Traces(anonymity.Full, anonymity.Ticks[len(anonymity.Ticks)-1]).Unicity(3, 200, 50, rand.New(rand.NewPCG(2, 2)))
		rates[i] = append(rates[i], anonymity.Wilson(float64(tab.Unique(tab.With(anonymity.Item), 3).Below), len(list)))
	}
	if diff := cmp.Diff(rates[0], rates[1]); diff != "" {
		t.Errorf("-memory +disk\n%s", diff)
	}
	if err := folder.Close(); err != nil {
		t.Error(err)
	}
}

func sameNumber(a, b anonymity.Number) bool { return a == b || a != a && b != b }

func sameMeasure(a, b anonymity.Measure) bool { return a.ID == b.ID }

func sameExample(a, b anonymity.Example) bool {
	return a.Column == b.Column && a.Form == b.Form && string(a.Value.Reveal()) == string(b.Value.Reveal())
}

// The folder is for its owner alone, and gone at the end.
func TestFolder(t *testing.T) {
	parent := t.TempDir()
	t.Setenv("TMPDIR", parent)
	folder := spill.Open(context.Background(), 0)
	if made, err := os.ReadDir(parent); err != nil || len(made) != 0 {
		t.Errorf("%v, %v before anything is spilled", made, err)
	}
	tab := build(t, roles[4:5], [][]string{{"secret value"}}, folder.Spill)
	if u := tab.Unique(tab.With(anonymity.Quasi), 2); u.Unique != 1 {
		t.Errorf("%d unique, want 1", u.Unique)
	}
	made, err := filepath.Glob(filepath.Join(parent, "*"))
	if err != nil || len(made) != 1 {
		t.Fatalf("%v, %v, want one folder", made, err)
	}
	info, err := os.Stat(made[0])
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v, want a folder with 0700", info.Mode(), err)
	}
	if err := folder.Close(); err != nil {
		t.Error(err)
	}
	if made, err := os.ReadDir(parent); err != nil || len(made) != 0 {
		t.Errorf("%v, %v is left", made, err)
	}
}

// When the context ends, measuring ends with its error, and the folder goes.
func TestInterrupted(t *testing.T) {
	parent := t.TempDir()
	t.Setenv("TMPDIR", parent)
	ctx, cancel := context.WithCancel(context.Background())
	folder := spill.Open(ctx, 0)
	var list [][]string
	for i := range 100 {
		list = append(list, []string{fmt.Sprint("value ", i)})
	}
	tab := build(t, roles[4:5], list, folder.Spill)
	cancel()
	if _, err := anonymity.Run(context.Background(), tab, anonymity.Options{}, "uniqueness"); err == nil {
		t.Error("measured after the end")
	}
	if err := folder.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) != 0 {
		t.Errorf("%v, %v is left", left, err)
	}
}
