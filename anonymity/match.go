package anonymity

import (
	"cmp"
	"context"
	"math/bits"
	"slices"
	"sync"
)

// A matcher finds for a profile the most like ones among many. Likeness is the
// weight of the items that both have by the weight of those that one has; with
// equal weights it is Jaccard's index.
//
// It is exact, and does not compare all pairs: it goes through the lists of
// holders from the rarest item on, and stops when a profile that was not met
// yet could not be more like than the best one that was.
type matcher struct {
	among   Profiles
	holders sparse   // of each item
	weight  []uint64 // of each item
	total   []uint64 // of each profile of among
}

func newMatcher(among Profiles, items int, weigh func(profiles, items int, holders sparse) []uint64) *matcher {
	m := &matcher{among: among, holders: among.items.transposed(items)}
	m.weight = weigh(among.items.rows(), items, m.holders)
	m.total = make([]uint64, among.items.rows())
	for i := range m.total {
		for _, item := range among.items.row(i) {
			m.total[i] += m.weight[item]
		}
	}
	return m
}

// A likeness is a fraction: what is common of what is there.
type likeness struct{ common, of uint64 }

// compare compares two fractions without rounding.
func (l likeness) compare(m likeness) int {
	lh, ll := bits.Mul64(l.common, m.of)
	mh, ml := bits.Mul64(m.common, l.of)
	if c := cmp.Compare(lh, mh); c != 0 {
		return c
	}
	return cmp.Compare(ll, ml)
}

func (l likeness) float() float64 {
	if l.of == 0 {
		return 0
	}
	return float64(l.common) / float64(l.of)
}

// A scratch is the working memory of one worker.
type scratch struct {
	common []uint64 // with each profile, as far as known
	met    []uint32 // profiles with common > 0
	rest   []uint32 // the profile's items, rarest first
	best   []uint32
}

func (m *matcher) scratch() *scratch { return &scratch{common: make([]uint64, m.among.items.rows())} }

// best returns the profiles that are most like the items given, in order, and
// how like. There are none if no item is known.
func (m *matcher) best(items []uint32, s *scratch) ([]uint32, likeness) {
	s.rest = s.rest[:0]
	var left, total uint64
	for _, item := range items {
		total += m.weight[item]
		if len(m.holders.row(int(item))) > 0 {
			s.rest = append(s.rest, item)
			left += m.weight[item]
		}
	}
	slices.SortFunc(s.rest, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(len(m.holders.row(int(a))), len(m.holders.row(int(b)))), cmp.Compare(a, b))
	})
	left, floor := m.gather(s, left, total)
	best := m.choose(s, left, total, floor)
	for _, p := range s.met {
		s.common[p] = 0
	}
	s.met = s.met[:0]
	slices.Sort(s.best)
	return s.best, best
}

// gather adds up what profiles have in common with the items, rarest item
// first, until no other profile can be the best. It returns the weight of the
// items that are left and a likeness that is reached.
func (m *matcher) gather(s *scratch, left, total uint64) (uint64, likeness) {
	floor := likeness{0, 1}
	top := uint64(0)
	for len(s.rest) > 0 {
		// A profile that has the rest in common and nothing else is this like.
		if (likeness{left, total}).compare(floor) < 0 {
			break
		}
		item := s.rest[0]
		w := m.weight[item]
		for _, p := range m.holders.row(int(item)) {
			if s.common[p] == 0 {
				s.met = append(s.met, p)
			}
			s.common[p] += w
			if s.common[p] > top {
				top = s.common[p]
				if l := (likeness{top, total + m.total[p] - top}); l.compare(floor) > 0 {
					floor = l
				}
			}
		}
		s.rest = s.rest[1:]
		left -= w
	}
	return left, floor
}

// choose completes the profiles that were met, if they can still be the best.
func (m *matcher) choose(s *scratch, left, total uint64, best likeness) likeness {
	s.best = s.best[:0]
	for _, p := range s.met {
		most := min(s.common[p]+left, m.total[p])
		if (likeness{most, total + m.total[p] - most}).compare(best) < 0 {
			continue
		}
		common := s.common[p]
		for _, item := range s.rest {
			if _, has := slices.BinarySearch(m.among.items.row(int(p)), item); has {
				common += m.weight[item]
			}
		}
		l := likeness{common, total + m.total[p] - common}
		switch c := l.compare(best); {
		case c > 0:
			best = l
			s.best = append(s.best[:0], p)
		case c == 0:
			s.best = append(s.best, p)
		}
	}
	return best
}

// A Match is the outcome of looking for one profile.
type Match struct {
	Subject uint32
	Size    int     // items of the profile
	Hit     float64 // 1 if the right one was the best, 1/n if it was one of n best, else 0
	Like    float64 // likeness of the best
}

// matchAll looks for the profiles of from among others, with several workers.
// Profiles whose subject is not among the others are not looked for.
func matchAll(ctx context.Context, from Profiles, m *matcher, workers int) ([]Match, error) {
	right := make(map[uint32]uint32, len(m.among.who))
	for i, subject := range m.among.who {
		right[subject] = uint32(i)
	}
	matches := make([]Match, len(from.who))
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			s := m.scratch()
			for i := w; i < len(from.who) && ctx.Err() == nil; i += workers {
				truth, known := right[from.who[i]]
				if !known {
					continue
				}
				items := from.items.row(i)
				best, like := m.best(items, s)
				matches[i] = Match{Subject: from.who[i], Size: len(items), Like: like.float()}
				if _, hit := slices.BinarySearch(best, truth); hit {
					matches[i].Hit = 1 / float64(len(best))
				}
			}
		})
	}
	wg.Wait()
	return slices.DeleteFunc(matches, func(m Match) bool { return m.Size == 0 }), ctx.Err()
}
