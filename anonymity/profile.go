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

// profiles returns the profiles of some rows at one form of the items. The
// numbers of subjects and items are those of the table.
func (t *Table) profiles(rows []uint32, of []int32, coarse []int32) Profiles {
	item := t.One(Item)
	p := Profiles{items: sparse{start: []uint32{0}}}
	_, n := t.subjects()
	keys, who := make([]uint64, 0, len(rows)), make([]uint32, 0, len(rows))
	for _, row := range bySubject(rows, of, n) {
		keys = append(keys, uint64(of[row])<<32|uint64(uint32(coarse[item.Codes[row]]))) //nolint:gosec // rows without are left out
		who = append(who, uint32(of[row]))                                               //nolint:gosec // see above
	}
	radix(keys, who)
	for i, key := range keys {
		if i > 0 && key == keys[i-1] {
			p.visits[len(p.visits)-1]++
			continue
		}
		if i > 0 && who[i] != who[i-1] {
			p.items.start = append(p.items.start, uint32(len(p.items.ids))) //nolint:gosec // less than rows
		}
		if i == 0 || who[i] != who[i-1] {
			p.who = append(p.who, who[i])
		}
		p.items.ids = append(p.items.ids, uint32(key)) //nolint:gosec // the item is the lower half
		p.visits = append(p.visits, 1)
	}
	if len(keys) > 0 {
		p.items.start = append(p.items.start, uint32(len(p.items.ids))) //nolint:gosec // see above
	}
	return p
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
