package anonymity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
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

// always are cuts before and after all times.
const (
	never  = math.MinInt64 / 4
	always = math.MaxInt64 / 4
)

// windows splits the rows at a time and returns the profiles of both sides.
func (s *study) windows(form Form, split int64) linkable {
	return s.halves(form, Key{Cuts: []int64{never, split, always}}, 0, 1)
}

// halves returns the profiles of the rows for which a key has one value, and of
// those for which it has another.
func (s *study) halves(form Form, by Key, one, other int64) linkable {
	var l linkable
	by.Need = true
	keys := []Key{{Column: s.One(Subject), Need: true}, by, {Column: s.One(Item), Form: form, Need: true}}
	for tuple, n := range s.tuples(keys...) {
		switch tuple[1] {
		case one:
			l.from.add(uint32(tuple[0]), uint32(tuple[2]), n) //nolint:gosec // codes
		case other:
			l.among.add(uint32(tuple[0]), uint32(tuple[2]), n) //nolint:gosec // codes
		}
	}
	return l
}

// profiles returns the profiles of all rows.
func (s *study) profiles(form Form) Profiles {
	var p Profiles
	for tuple, n := range s.tuples(Key{Column: s.One(Subject), Need: true}, Key{Column: s.One(Item), Form: form, Need: true}) {
		p.add(uint32(tuple[0]), uint32(tuple[1]), n) //nolint:gosec // codes
	}
	return p
}

// middle returns the time that splits the data in two: the one given, or the
// middle between the first and the last.
func (s *study) middle() int64 {
	if !s.Split.IsZero() {
		return s.Split.Unix()
	}
	first, last := s.span()
	return first + (last-first+1)/2
}

// modes returns the profiles of the two most frequent modes.
func (s *study) modes(form Form) (linkable, bool) {
	c := s.One(Mode)
	if c == nil {
		return linkable{}, false
	}
	type mode struct {
		code int64
		n    int
	}
	var modes []mode
	for tuple, n := range s.tuples(Key{Column: c, Need: true}) {
		modes = append(modes, mode{tuple[0], n})
	}
	slices.SortStableFunc(modes, func(a, b mode) int { return cmp.Compare(b.n, a.n) })
	if len(modes) < 2 {
		return linkable{}, false
	}
	l := s.halves(form, Key{Column: c}, modes[0].code, modes[1].code)
	l.name = "modes"
	l.what = fmt.Sprintf("from %s to %s", c.value(modes[0].code), c.value(modes[1].code))
	return l, true
}

// across returns the profiles of this data set and of the one to link with, on
// common numbers.
func (s *study) across(form Form) (linkable, error) {
	builder := s.another([]Column{{Name: "from", Role: Mode}, {Name: "subject", Role: Subject}, {Name: "item", Role: Item}})
	for i, t := range []*Table{s.Table, s.Against} {
		subject, item := t.One(Subject), t.One(Item)
		if subject == nil || item == nil {
			return linkable{}, errors.New("linking two data sets takes a subject and an item column in both")
		}
		if err := t.pour(builder, sides[i], keysOf([]*Column{subject, item}), false); err != nil {
			return linkable{}, err
		}
	}
	joined, err := builder.Table()
	if err != nil {
		return linkable{}, err
	}
	both := &study{joined, s.Options}
	l := both.halves(form, Key{Column: joined.One(Mode)}, 0, 1)
	l.name, l.what = "sets", "from this data set to the other"
	return l, joined.Err()
}

// sides mark the rows of two tables that are put into one. They get the codes 0
// and 1.
var sides = [2]string{"a", "b"}

// pour adds the rows of a table to a builder: a mark, and the texts of keys.
// With once, the last key is left out, and each combination is one row.
func (t *Table) pour(to *Builder, mark string, keys []Key, once bool) error {
	row := []string{mark}
	for texts, n := range t.texts(keys...) {
		if once {
			texts, n = texts[:len(texts)-1], 1
		}
		row = append(row[:1], texts...)
		for range n {
			if err := to.Add(row); err != nil {
				return err
			}
		}
	}
	return t.Err()
}

// linkForm is how items are seen when profiles are compared.
const linkForm = Domain

// linkables are the ways in which this data set can be linked.
func (s *study) linkables() ([]linkable, error) {
	if s.One(Subject) == nil || s.One(Item) == nil {
		return nil, skip("linkage takes a subject and an item column")
	}
	var list []linkable
	if s.timely() {
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
