package anonymity

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// A Likeness is a way to compare profiles.
type Likeness struct {
	Name string
	Top  int // only so many items of each profile, most visited first; 0: all

	weigh func(profiles, items int, holders sparse) []uint64
}

// Likenesses lists the ways to compare profiles.
var Likenesses = []Likeness{
	{Name: "Jaccard", weigh: even},
	{Name: "weighted Jaccard", weigh: rareFirst},
	{Name: "top-10 Jaccard", Top: 10, weigh: even},
}

// Link looks for each profile of one window among those of the other, and
// returns a match for each subject that has both (Bird 2020).
func Link(ctx context.Context, from, among Profiles, by Likeness, workers int) ([]Match, error) {
	if by.Top > 0 {
		from, among = from.top(by.Top), among.top(by.Top)
	}
	m := newMatcher(among, max(from.largest(), among.largest()), by.weigh)
	return matchAll(ctx, from, m, workers)
}

// A linkable is two sets of profiles of the same subjects.
type linkable struct {
	name        string
	what        string
	from, among Profiles
}

// windows splits the rows at a time and returns the profiles of both sides.
func (s *study) windows(form Form, split int64) linkable {
	return s.halves(form, func(row uint32) int {
		if !s.timed(int(row)) {
			return -1
		}
		if s.Times[row] < split {
			return 0
		}
		return 1
	})
}

// halves returns the profiles of the rows for which side is 0, and of those for
// which it is 1.
func (s *study) halves(form Form, side func(row uint32) int) linkable {
	of, _ := s.subjects()
	item, coarse := s.items(form)
	var rows [2][]uint32
	for _, row := range s.all() {
		if of[row] < 0 || coarse[item.Codes[row]] < 0 {
			continue
		}
		if i := side(row); i >= 0 {
			rows[i] = append(rows[i], row)
		}
	}
	return linkable{from: s.profiles(rows[0], of, coarse), among: s.profiles(rows[1], of, coarse)}
}

// middle returns the time that splits the data in two: the one given, or the
// middle between the first and the last.
func (s *study) middle() int64 {
	if !s.Split.IsZero() {
		return s.Split.Unix()
	}
	first, last, seen := int64(0), int64(0), false
	for row := range s.Rows {
		if !s.timed(row) {
			continue
		}
		if !seen {
			first, last, seen = s.Times[row], s.Times[row], true
		}
		first, last = min(first, s.Times[row]), max(last, s.Times[row])
	}
	return first + (last-first+1)/2
}

// modes returns the profiles of the two most frequent modes.
func (s *study) modes(form Form) (linkable, bool) {
	c := s.One(Mode)
	if c == nil {
		return linkable{}, false
	}
	g := groupRows(s.all(), []*Column{c})
	var codes []uint32
	for i := range g.classes() {
		codes = append(codes, c.Codes[g.class(i)[0]])
	}
	count := func(code uint32) int {
		for i := range g.classes() {
			if c.Codes[g.class(i)[0]] == code {
				return len(g.class(i))
			}
		}
		return 0
	}
	codes = slices.DeleteFunc(codes, func(code uint32) bool { return Missing(c.Values[code]) })
	slices.SortStableFunc(codes, func(a, b uint32) int { return count(b) - count(a) })
	if len(codes) < 2 {
		return linkable{}, false
	}
	l := s.halves(form, func(row uint32) int { return slices.Index(codes[:2], c.Codes[row]) })
	l.name = "modes"
	l.what = fmt.Sprintf("from %s to %s", c.Values[codes[0]], c.Values[codes[1]])
	return l, true
}

// across returns the profiles of this data set and of the one to link with, on
// common numbers.
func (s *study) across(form Form) (linkable, error) {
	joined, from, err := join(s.Table, s.Against)
	if err != nil {
		return linkable{}, err
	}
	both := &study{joined, s.Options}
	l := both.halves(form, func(row uint32) int {
		if int(row) < from {
			return 0
		}
		return 1
	})
	l.name, l.what = "sets", "from this data set to the other"
	return l, nil
}

// join puts subject and item of two tables into one, a's rows first.
func join(a, b *Table) (*Table, int, error) {
	builder := NewBuilder([]Column{{Name: "subject", Role: Subject}, {Name: "item", Role: Item}})
	for _, t := range []*Table{a, b} {
		subject, item := t.One(Subject), t.One(Item)
		if subject == nil || item == nil {
			return nil, 0, fmt.Errorf("linking two data sets takes a subject and an item column in both")
		}
		for row := range t.Rows {
			if err := builder.Add([]string{subject.Values[subject.Codes[row]], item.Values[item.Codes[row]]}); err != nil {
				return nil, 0, err
			}
		}
	}
	t, err := builder.Table()
	return t, a.Rows, err
}

// linkForm is how items are seen when profiles are compared.
const linkForm = Domain

// linkables are the ways in which this data set can be linked.
func (s *study) linkables() ([]linkable, error) {
	if s.One(Subject) == nil || s.One(Item) == nil {
		return nil, skip("linkage takes a subject and an item column")
	}
	var list []linkable
	if s.Times != nil {
		split := s.middle()
		l := s.windows(linkForm, split)
		l.name, l.what = "windows", "from before "+time.Unix(split, 0).UTC().Format(time.RFC3339)+" to after"
		list = append(list, l)
	}
	if l, ok := s.modes(linkForm); ok {
		list = append(list, l)
	}
	if s.Against != nil {
		l, err := s.across(linkForm)
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	if len(list) == 0 {
		return nil, skip("there are neither times, nor modes, nor a second data set to link")
	}
	return list, nil
}

func measureLinkage(ctx context.Context, s *study) (Result, error) {
	list, err := s.linkables()
	if err != nil {
		return Result{}, err
	}
	rng := random(s.Seed, "linkage")
	var r Result
	for _, l := range list {
		for _, by := range Likenesses {
			matches, err := Link(ctx, l.from, l.among, by, s.Workers)
			if err != nil {
				return Result{}, err
			}
			if len(matches) == 0 {
				r.Notes = append(r.Notes, fmt.Sprintf("Linking %s: no subject has a profile on both sides.", l.what))
				break
			}
			a := Attack{ID: "link/" + l.name + "/" + by.Name, Name: fmt.Sprintf("Finding a profile again %s (%s of visited domains)", l.what, by.Name), Of: "subjects"}
			a.Rate = Bootstrap(hitsOf(matches), s.Resamples, rng)
			r.Attacks = append(r.Attacks, a.against(chance(len(matches), len(l.among.who))))
			if by.Name == Likenesses[0].Name {
				r.Grids = append(r.Grids, bySize(l, matches, s.Resamples, rng))
			}
		}
	}
	return r, nil
}

func hitsOf(matches []Match) []float64 {
	hits := make([]float64, len(matches))
	for i, m := range matches {
		hits[i] = m.Hit
	}
	return hits
}

// chance is how often naming anybody at random would hit; it is known, so its
// interval is a point.
func chance(n, among int) Rate {
	p := 1 / float64(max(1, among))
	return Rate{Share: p, Low: p, High: p, N: n}
}

// sizes are the bounds of profile sizes in the table, in visited domains.
var sizes = []int{1, 5, 10, 25, 50, 100, 150}

// bySize shows the rate for profiles of each size.
func bySize(l linkable, matches []Match, resamples int, rng *rand.Rand) Grid {
	g := Grid{Title: "Found again " + l.what + " (Jaccard), by the size of the profile", Head: []string{"domains in the profile", "subjects", "found", "95 % CI"}}
	for i, low := range sizes {
		high, name := 1<<31, fmt.Sprintf("%d and more", low)
		if i+1 < len(sizes) {
			high = sizes[i+1] - 1
			name = fmt.Sprintf("%d–%d", low, high)
		}
		var hits []float64
		for _, m := range matches {
			if m.Size >= low && m.Size <= high {
				hits = append(hits, m.Hit)
			}
		}
		if len(hits) == 0 {
			continue
		}
		r := Bootstrap(hits, resamples, rng)
		g.Rows = append(g.Rows, []string{name, thousands(r.N), percent(r.Share) + " %", percent(r.Low) + " to " + percent(r.High) + " %"})
	}
	return g
}
