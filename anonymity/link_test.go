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

// What sorts by counting sorts like the library, and keeps equal rows in order.
func TestSortRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 20).Draw(t, "rows")
		values := make([][2]int64, n)
		rows := make([]uint32, n)
		for i := range values {
			values[i] = [2]int64{rapid.Int64Range(0, 1<<40-1).Draw(t, "first"), rapid.Int64Range(0, 2).Draw(t, "second")}
			rows[i] = uint32(i)
		}
		want := slices.Clone(rows)
		slices.SortStableFunc(want, func(a, b uint32) int { return slices.Compare(values[a][:], values[b][:]) })
		got := sortRows(rows, []lane{
			{bits: 40, at: func(row uint32) int64 { return values[row][0] }},
			{bits: 2, at: func(row uint32) int64 { return values[row][1] }},
		})
		if !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

// An urn gives each value out as often as it is in, and each order is as likely
// as in a shuffle: the first card is each value by its share.
func TestUrn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(0, 4), 1, 9).Draw(t, "counts")
		u := newUrn(counts)
		got := make([]int, len(counts))
		rng := random(rapid.Uint64().Draw(t, "seed"), "urn")
		for u.left > 0 {
			got[u.draw(rng)]++
		}
		if !slices.Equal(got, counts) {
			t.Fatalf("%v, want %v", got, counts)
		}
	})
	rng := random(1, "urn")
	first := 0
	for range 4000 {
		if newUrn([]int{3, 0, 1}).draw(rng) == 0 {
			first++
		}
	}
	if first < 2890 || first > 3110 { // 3000, four standard deviations
		t.Errorf("the first of 3 and 1 was drawn %d times of 4000", first)
	}
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
		for i := range n {
			values[i], class[i] = rapid.Uint32Range(0, 2).Draw(t, "value"), rapid.Uint32Range(0, 1).Draw(t, "class")
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
		all := make([]int, 3)
		for _, v := range values {
			all[v]++
		}
		g := newGuesser(all)
		for c := range uint32(2) {
			for i, v := range values {
				if class[i] == c {
					g.add(int(v), 1)
				}
			}
			g.close()
		}
		if math.Abs(g.hits-want) > 1e-9 {
			t.Fatalf("%v hits, want %v", g.hits, want)
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
