package anonymity

import (
	"cmp"
	"math"
	"slices"
)

// Profiles are what subjects visited, by count: row i of items are the items of
// subject who[i], ascending, and visits has their counts.
type Profiles struct {
	who    []uint32
	items  sparse
	visits []uint32
}

// add appends a visited item of a subject. Subjects and items come ascending.
func (p *Profiles) add(who, item uint32, visits int) {
	if p.items.start == nil {
		p.items.start = []uint32{0}
	}
	if n := len(p.who); n == 0 || p.who[n-1] != who {
		p.who = append(p.who, who)
		p.items.start = append(p.items.start, 0)
	}
	p.items.ids = append(p.items.ids, item)
	p.visits = append(p.visits, uint32(min(visits, math.MaxUint32))) //nolint:gosec // cut
	p.items.start[len(p.who)] = uint32(len(p.items.ids))             //nolint:gosec // less than rows
}

// top keeps of each profile the n items with most visits; of equal ones those
// with the smaller number.
func (p Profiles) top(n int) Profiles {
	cut := Profiles{who: p.who, items: sparse{start: []uint32{0}}}
	for i := range p.items.rows() {
		first := int(p.items.start[i])
		at := make([]int, len(p.items.row(i)))
		for j := range at {
			at[j] = first + j
		}
		slices.SortStableFunc(at, func(a, b int) int { return cmp.Compare(p.visits[b], p.visits[a]) })
		at = at[:min(n, len(at))]
		slices.Sort(at)
		for _, j := range at {
			cut.items.ids = append(cut.items.ids, p.items.ids[j])
			cut.visits = append(cut.visits, p.visits[j])
		}
		cut.items.start = append(cut.items.start, uint32(len(cut.items.ids))) //nolint:gosec // less than before
	}
	return cut
}

// largest returns one more than the largest item.
func (p Profiles) largest() int {
	n := 0
	for _, id := range p.items.ids {
		n = max(n, int(id)+1)
	}
	return n
}

// even gives each item the weight one, so that the likeness is Jaccard's.
func even(_, items int, _ sparse) []uint64 {
	w := make([]uint64, items)
	for i := range w {
		w[i] = 1
	}
	return w
}

// rareFirst weighs an item by the logarithm of how many profiles there are for
// each that has it, in steps of 1/1024 bit: whole numbers add up to the same in
// any order. An item that no profile has is weighed as if one had it.
func rareFirst(profiles, items int, holders sparse) []uint64 {
	w := make([]uint64, items)
	for i := range w {
		n := max(1, len(holders.row(i)))
		w[i] = 1 + uint64(1024*math.Log2(float64(profiles+1)/float64(n)))
	}
	return w
}
