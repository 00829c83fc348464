package anonymity

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawTable draws a table of subjects, items and two quasi-identifiers.
func drawTable(t *rapid.T) *Table {
	b := NewBuilder([]Column{{Name: "s", Role: Subject}, {Name: "i", Role: Item}, {Name: "q", Role: Quasi}, {Name: "r", Role: Quasi}})
	for range rapid.IntRange(1, 25).Draw(t, "rows") {
		var row []string
		for _, values := range []int{5, 4, 3, 2} {
			row = append(row, fmt.Sprint("v", rapid.IntRange(0, values).Draw(t, "value")))
		}
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

// Of the points that were drawn, another subject shares as many, from the first
// on, as comparing with every trace says.
func TestShareBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawTable(t).Traces(Full, Ticks[len(Ticks)-1])
		all := make(map[pair][]pair)
		for who, points := range r.each(nil) {
			all[who] = slices.Clone(points)
		}
		n := rapid.IntRange(1, 8).Draw(t, "draws")
		drawn := r.draw(3, n, rapid.Uint64().Draw(t, "seed"))
		r.share(drawn)
		if len(drawn) != min(n, len(all)) {
			t.Fatalf("%d subjects were drawn of %d, want %d", len(drawn), len(all), n)
		}
		for _, d := range drawn {
			want := 0
			for who, trace := range all {
				prefix := 0
				for prefix < len(d.points) && slices.Contains(trace, d.points[prefix]) {
					prefix++
				}
				if who != d.who {
					want = max(want, prefix)
				} else if prefix != len(d.points) || len(d.points) != min(3, len(trace)) {
					t.Fatalf("%v are not three points of %v", d.points, trace)
				}
			}
			if d.shared != want {
				t.Fatalf("%v share %d of the points, want %d", d, d.shared, want)
			}
		}
	})
}

// The control group of singling out has each value of a column as often as the
// records have.
func TestShuffledValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tab := drawTable(t)
		cols := tab.With(Quasi)
		var want [2][]int64
		for r := range tab.records(cols) {
			for c := range want {
				want[c] = append(want[c], r.values[c])
			}
		}
		var got [2][]int64
		for _, guess := range tab.shuffledValues(cols, len(want[0]), random(rapid.Uint64().Draw(t, "seed"), "test")) {
			for c := range got {
				got[c] = append(got[c], guess[c])
			}
		}
		for c := range want {
			slices.Sort(want[c])
			slices.Sort(got[c])
			if !slices.Equal(got[c], want[c]) {
				t.Fatalf("column %d: %v, want %v", c, got[c], want[c])
			}
		}
	})
}

// Times and ids as protections leave them: a coarse time is the same for all of
// its step, and an id that changes daily has a trace for each day.
func TestViews(t *testing.T) {
	b := NewBuilder([]Column{{Name: "s", Role: Subject}, {Name: "t", Role: Time}, {Name: "i", Role: Item}})
	for _, row := range [][]string{
		{"a", "2020-05-04T07:10:00Z", "https://x.example/1"}, {"a", "2020-05-04T07:50:00Z", "https://x.example/2"}, {"a", "2020-05-05T07:10:00Z", "https://x.example/1"},
	} {
		if err := b.Add(row); err != nil {
			t.Fatal(err)
		}
	}
	tab, err := b.Table()
	if err != nil {
		t.Fatal(err)
	}
	count := func(tab *Table) (traces, points int) {
		for _, trace := range tab.Traces(Full, Ticks[0]).each(nil) {
			traces++
			points += len(trace)
		}
		return traces, points
	}
	for _, c := range []struct {
		name           string
		tab            *Table
		traces, points int
	}{
		{"as it is", tab, 1, 3},
		{"domain", tab.coarser(Domain), 1, 3},
		{"domain and hour", tab.coarser(Domain).slower(Ticks[1]), 1, 2},
		{"new ids daily", tab.rotated(1), 2, 3},
		{"what two share", tab.frequent(2), 0, 0},
	} {
		if traces, points := count(c.tab); traces != c.traces || points != c.points {
			t.Errorf("%s: %d traces of %d points, want %d of %d", c.name, traces, points, c.traces, c.points)
		}
	}
	if _, err := Run(context.Background(), tab, Options{}, "protection"); err != nil {
		t.Error(err)
	}
}
