package anonymity

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// likely computes a likeness in floating point, as its definition says.
func likely(a, b []uint32, weight []uint64) float64 {
	common, all := 0.0, 0.0
	for item, w := range weight {
		inA, inB := slices.Contains(a, uint32(item)), slices.Contains(b, uint32(item))
		if inA && inB {
			common += float64(w)
		}
		if inA || inB {
			all += float64(w)
		}
	}
	return common / all
}

// drawProfiles draws profiles of subjects 0 to n-1.
func drawProfiles(t *rapid.T, n, items int) Profiles {
	p := Profiles{items: sparse{start: []uint32{0}}}
	for i := range n {
		set := rapid.SliceOfNDistinct(rapid.Uint32Range(0, uint32(items-1)), 1, items, rapid.ID[uint32]).Draw(t, "items")
		slices.Sort(set)
		p.who = append(p.who, uint32(i))
		p.items.ids = append(p.items.ids, set...)
		p.items.start = append(p.items.start, uint32(len(p.items.ids)))
	}
	p.visits = make([]uint32, len(p.items.ids))
	for i := range p.visits {
		p.visits[i] = rapid.Uint32Range(1, 3).Draw(t, "visits")
	}
	return p
}

// The matcher, which skips most pairs, finds what comparing all pairs finds.
func TestMatchBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const items = 7
		n := rapid.IntRange(1, 8).Draw(t, "profiles")
		from, among := drawProfiles(t, n, items), drawProfiles(t, n, items)
		by := rapid.SampledFrom(Likenesses).Draw(t, "likeness")
		if by.Top > 0 {
			by.Top = rapid.IntRange(1, 3).Draw(t, "top")
		}
		got, err := Link(context.Background(), from, among, by, rapid.IntRange(1, 3).Draw(t, "workers"))
		if err != nil || len(got) != n {
			t.Fatalf("%d matches, %v, want %d", len(got), err, n)
		}
		if by.Top > 0 {
			from, among = topByHand(from, by.Top), topByHand(among, by.Top)
		}
		weight := by.weigh(n, items, among.items.transposed(items))
		for i, m := range got {
			best, ties := 0.0, []int{}
			for j := range n {
				l := likely(from.items.row(i), among.items.row(j), weight)
				switch {
				case l > best+1e-12:
					best, ties = l, []int{j}
				case l > 0 && math.Abs(l-best) <= 1e-12:
					ties = append(ties, j)
				}
			}
			want := 0.0
			if slices.Contains(ties, i) {
				want = 1 / float64(len(ties))
			}
			if m.Hit != want || math.Abs(m.Like-best) > 1e-9 {
				t.Fatalf("profile %d by %s: hit %v, likeness %v; want %v and %v", i, by.Name, m.Hit, m.Like, want, best)
			}
		}
	})
}

// topByHand keeps the items with most visits, smaller numbers first.
func topByHand(p Profiles, n int) Profiles {
	q := Profiles{who: p.who, items: sparse{start: []uint32{0}}}
	for i := range p.items.rows() {
		row := slices.Clone(p.items.row(i))
		visits := make(map[uint32]uint32)
		for j, item := range row {
			visits[item] = p.visits[int(p.items.start[i])+j]
		}
		slices.SortStableFunc(row, func(a, b uint32) int { return int(visits[b]) - int(visits[a]) })
		row = row[:min(n, len(row))]
		slices.Sort(row)
		q.items.ids = append(q.items.ids, row...)
		q.items.start = append(q.items.start, uint32(len(q.items.ids)))
	}
	return q
}

// What sorts by counting and by digits sorts like the library.
func TestSorts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOf(rapid.Uint64()).Draw(t, "keys")
		with := make([]uint32, len(keys))
		for i := range with {
			with[i] = uint32(i)
		}
		want := slices.Clone(with)
		slices.SortStableFunc(want, func(a, b uint32) int {
			switch {
			case keys[a] < keys[b]:
				return -1
			case keys[a] > keys[b]:
				return 1
			}
			return 0
		})
		radix(keys, with)
		if !slices.IsSorted(keys) || !slices.Equal(with, want) {
			t.Fatalf("%v, want %v", with, want)
		}
	})
}

// Everyone who visits the same in both windows and alone is found, by every
// likeness; with what all visit nobody is.
func TestLinkEnds(t *testing.T) {
	build := func(item func(i int) string) *study {
		b := NewBuilder([]Column{{Name: "s", Role: Subject}, {Name: "t", Role: Time}, {Name: "i", Role: Item}})
		for i := range 10 {
			for _, day := range []string{"2020-05-01", "2020-05-20"} {
				if err := b.Add([]string{fmt.Sprint("s", i), day, item(i)}); err != nil {
					t.Fatal(err)
				}
			}
		}
		tab, err := b.Table()
		if err != nil {
			t.Fatal(err)
		}
		return &study{tab, Options{}.filled()}
	}
	for _, c := range []struct {
		name string
		item func(i int) string
		want float64
	}{
		{"own", func(i int) string { return fmt.Sprintf("https://s%d.example/", i) }, 1},
		{"all", func(int) string { return "https://all.example/" }, 0.1},
	} {
		s := build(c.item)
		l := s.windows(Domain, s.middle())
		for _, by := range Likenesses {
			matches, err := Link(context.Background(), l.from, l.among, by, 2)
			if err != nil || len(matches) != 10 {
				t.Fatalf("%s by %s: %d matches, %v", c.name, by.Name, len(matches), err)
			}
			for _, m := range matches {
				if m.Hit != c.want {
					t.Errorf("%s by %s: %v, want %v", c.name, by.Name, m.Hit, c.want)
				}
			}
		}
	}
}

// The guess of a value by the majority of others, counted by taking each record
// out.
func TestInferBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 10).Draw(t, "records")
		values, class := make([]uint32, n), make([]uint32, n)
		rows := make([]uint32, n)
		for i := range n {
			values[i], class[i], rows[i] = rapid.Uint32Range(0, 2).Draw(t, "value"), rapid.Uint32Range(0, 1).Draw(t, "class"), uint32(i)
		}
		g := groupRows(rows, []*Column{{Values: []string{"a", "b"}, Codes: class}})
		ordered := make([]uint32, n)
		for i, row := range g.order {
			ordered[i] = values[row]
		}
		want := 0.0
		for i := range n {
			var others, same []uint32
			for j := range n {
				if j != i {
					others = append(others, values[j])
					if class[j] == class[i] {
						same = append(same, values[j])
					}
				}
			}
			if len(same) == 0 {
				same = others
			}
			want += vote(same, values[i])
		}
		if got := inferred(g, ordered, 3); math.Abs(got-want) > 1e-9 {
			t.Fatalf("%v hits, want %v", got, want)
		}
	})
}

// vote returns the chance that v is drawn among the most frequent values.
func vote(votes []uint32, v uint32) float64 {
	n := make(map[uint32]int)
	top := 0
	for _, x := range votes {
		n[x]++
		top = max(top, n[x])
	}
	leaders := 0
	for _, k := range n {
		if k == top {
			leaders++
		}
	}
	if top == 0 || n[v] != top {
		return 0
	}
	return 1 / float64(leaders)
}

// Fractions compare like their values, and the other way round the other way.
func TestLikenessCompare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.Uint64Range(1, math.MaxUint32)
		a := likeness{rapid.Uint64Range(0, math.MaxUint32).Draw(t, "a"), of.Draw(t, "of a")}
		b := likeness{rapid.Uint64Range(0, math.MaxUint32).Draw(t, "b"), of.Draw(t, "of b")}
		if a.compare(b) != -b.compare(a) {
			t.Fatalf("%v and %v", a, b)
		}
		if c := a.compare(b); c < 0 && a.float() > b.float() || c > 0 && a.float() < b.float() {
			t.Fatalf("%v and %v: %d", a, b, c)
		}
	})
}
