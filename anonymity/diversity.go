package anonymity

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strconv"
)

// Diversity says how well the classes of equal quasi-identifiers hide a
// sensitive value. All of it is over records; see docs/anonymity.md.
type Diversity struct {
	Column     string
	Distinct   int     // distinct l: fewest different values in a class
	Entropy    float64 // entropy l: exp of the smallest entropy of a class
	Recursive  float64 // smallest c for which every class is recursively (c, 2)-diverse; infinite if a class has one value
	TEqual     float64 // t-closeness with equal distances: half the sum of differences
	TOrdered   float64 // t-closeness with ordered distances; NaN if the values have no order
	Beta       float64 // basic beta-likeness: largest relative growth of a value's share
	Enhanced   float64 // enhanced beta-likeness: Beta, each value's part bounded by -ln of its share
	Disclosure float64 // delta-disclosure: largest |ln(q/p)| of the values that a class has
}

// Diverse returns the diversity of a sensitive column over the classes of the
// others (Machanavajjhala 2007, Li 2007, Cao 2012, Brickell 2008).
func (t *Table) Diverse(cols []*Column, sensitive *Column) Diversity {
	rank, numbers := order(sensitive)
	all := make(tally)
	for r := range t.records(cols, sensitive) {
		all.add(rank[r.values[len(cols)]], r.n)
	}
	p := all.shares()
	d := Diversity{Column: sensitive.Name, Distinct: len(p), Entropy: math.Inf(1)}
	if !numbers {
		d.TOrdered = math.NaN()
	}
	class := make(tally)
	for r := range t.records(cols, sensitive) {
		if r.first && len(class) > 0 {
			d.add(class.shares(), p)
			clear(class)
		}
		class.add(rank[r.values[len(cols)]], r.n)
	}
	if len(class) > 0 {
		d.add(class.shares(), p)
	} else {
		d.Entropy = 0
	}
	return d
}

// A tally counts records by the rank of their value.
type tally map[int]int

func (t tally) add(rank, n int) { t[rank] += n }

// shares returns the share of each rank.
func (t tally) shares() map[int]float64 {
	n := 0
	for _, count := range t {
		n += count
	}
	s := make(map[int]float64, len(t))
	for rank, count := range t {
		s[rank] = float64(count) / float64(n)
	}
	return s
}

// add takes one class into account: q are its shares, p those of all records.
func (d *Diversity) add(q, p map[int]float64) {
	d.Distinct = min(d.Distinct, len(q))
	entropy, largest := 0.0, 0.0
	for _, v := range sortedKeys(q) {
		share := q[v]
		entropy -= share * math.Log(share)
		largest = max(largest, share)
		grown := (share - p[v]) / p[v]
		d.Beta = max(d.Beta, grown)
		d.Enhanced = max(d.Enhanced, min(grown, -math.Log(p[v])))
		d.Disclosure = max(d.Disclosure, math.Abs(math.Log(share/p[v])))
	}
	d.Entropy = min(d.Entropy, math.Exp(entropy))
	if len(q) == 1 {
		d.Recursive = math.Inf(1)
	} else {
		d.Recursive = max(d.Recursive, largest/(1-largest))
	}
	equal, ordered, prefix := 0.0, 0.0, 0.0
	for _, v := range sortedKeys(p) {
		diff := q[v] - p[v]
		equal += math.Abs(diff) / 2
		prefix += diff
		ordered += math.Abs(prefix)
	}
	d.TEqual = max(d.TEqual, equal)
	if m := len(p); m > 1 {
		d.TOrdered = max(d.TOrdered, ordered/float64(m-1)) // max keeps NaN
	}
}

// sortedKeys returns the keys in order, so that sums do not depend on the map.
func sortedKeys[V any](m map[int]V) []int { return slices.Sorted(maps.Keys(m)) }

// order returns for each code of a column its place in the order of values. If
// all values but the missing one are numbers, they are ordered by size, and
// ordered is true; else by their text. The missing one comes first.
func order(c *Column) (rank []int, ordered bool) {
	values := slices.Collect(c.each())
	codes := make([]int, len(values))
	numbers := make([]float64, len(values))
	ordered = true
	for i, v := range values {
		codes[i] = i
		n, err := strconv.ParseFloat(v, 64)
		if Missing(v) {
			n, err = math.Inf(-1), nil
		}
		numbers[i] = n
		ordered = ordered && err == nil
	}
	slices.SortFunc(codes, func(a, b int) int {
		if ordered && numbers[a] != numbers[b] {
			return cmp.Compare(numbers[a], numbers[b])
		}
		return cmp.Compare(values[a], values[b])
	})
	rank = make([]int, len(codes))
	for place, code := range codes {
		rank[code] = place
	}
	return rank, ordered
}

func measureDiversity(_ context.Context, s *study) (Result, error) {
	cols, err := s.known()
	if err != nil {
		return Result{}, err
	}
	sensitive := s.With(Sensitive)
	if len(sensitive) == 0 {
		return Result{}, skip("no column is sensitive")
	}
	g := Grid{
		Title: "How well classes hide a sensitive value",
		Head:  []string{"column", "distinct l", "entropy l", "recursive c (l=2)", "t equal", "t ordered", "β", "enhanced β", "δ-disclosure"},
	}
	var r Result
	for _, c := range sensitive {
		d := s.Diverse(cols, c)
		g.Rows = append(g.Rows, []string{
			c.Name, strconv.Itoa(d.Distinct), short(d.Entropy), short(d.Recursive), short(d.TEqual), short(d.TOrdered),
			short(d.Beta), short(d.Enhanced), short(d.Disclosure),
		})
		r.Figures = append(r.Figures,
			Figure{ID: "l/" + c.Name, Name: "Distinct l-diversity of " + c.Name, Value: Number(d.Distinct)},
			Figure{ID: "t/" + c.Name, Name: "t-closeness of " + c.Name + ", equal distances", Value: Number(d.TEqual)})
	}
	r.Grids = []Grid{g}
	return r, nil
}

// short writes a number with four digits, and a word where there is none.
func short(x float64) string {
	switch {
	case math.IsNaN(x):
		return "–"
	case math.IsInf(x, 0):
		return "∞"
	}
	return strconv.FormatFloat(x, 'g', 4, 64)
}
