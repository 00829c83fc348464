package anonymity

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
)

// The three questions of the Article 29 Working Party's opinion on
// anonymisation (WP216): can one single out, link, infer? Each is an attack
// here, and each has a control group: the same people, the same attack, with
// the one tie cut that the attack lives on, by shuffling (a permutation test;
// Fisher 1935). What the control group loses too, the data did not give away.

// SingleOut returns how many of the records are told from all others by their
// own values, and in the control group by values that were shuffled within
// each column: predicates of the same kind, made without looking at anyone.
func (t *Table) SingleOut(cols []*Column, rng *rand.Rand) (attack, guess Rate) {
	records := t.records(cols).order
	n := len(records)
	u := t.Unique(cols, 0)
	// The shuffled records come behind the true ones, in one list.
	both := make([]*Column, len(cols))
	for i, c := range cols {
		codes := make([]uint32, n, 2*n)
		for j, row := range records {
			codes[j] = c.Codes[row]
		}
		codes = append(codes, codes...)
		guessed := codes[n:]
		rng.Shuffle(n, func(a, b int) { guessed[a], guessed[b] = guessed[b], guessed[a] })
		both[i] = &Column{Values: c.Values, Codes: codes}
	}
	rows := make([]uint32, 2*n)
	for i := range rows {
		rows[i] = uint32(i)
	}
	g := groupRows(rows, both)
	hits := 0
	for i := range g.classes() {
		real, guesses := 0, 0
		for _, row := range g.class(i) {
			if int(row) < n {
				real++
			} else {
				guesses++
			}
		}
		if real == 1 {
			hits += guesses
		}
	}
	return Wilson(float64(u.Unique), u.Records), Wilson(float64(hits), n)
}

// Infer returns how often the most frequent value of a sensitive column among
// the others of a record's class is its own. The control group is the same
// with the sensitive values shuffled over the records. Records that are alone
// in their class are guessed by the most frequent value of all others. Of
// equally frequent values one is taken at random, which counts by its part.
func (t *Table) Infer(cols []*Column, sensitive *Column, rng *rand.Rand) (attack, guess Rate) {
	g := t.records(cols, sensitive)
	n := len(g.order)
	values := make([]uint32, n)
	for i, row := range g.order {
		values[i] = sensitive.Codes[row]
	}
	hits := inferred(g, values, len(sensitive.Values))
	rng.Shuffle(n, func(a, b int) { values[a], values[b] = values[b], values[a] })
	return Wilson(hits, n), Wilson(inferred(g, values, len(sensitive.Values)), n)
}

// inferred sums the hits; values[i] belongs to the record g.order[i].
func inferred(g groups, values []uint32, kinds int) float64 {
	all := make([]int, kinds)
	for _, v := range values {
		all[v]++
	}
	overall := newBallot(all)
	hits := 0.0
	in := make([]int, kinds)
	for i := range g.classes() {
		part := values[g.start[i]:g.start[i+1]]
		if len(part) == 1 {
			hits += overall.without(all, part[0])
			continue
		}
		for _, v := range part {
			in[v]++
		}
		b := newBallot(nil)
		for _, v := range distinct(part) {
			b.count(in[v])
		}
		for _, v := range part {
			hits += b.without(in, v)
		}
		for _, v := range part {
			in[v] = 0
		}
	}
	return hits
}

func distinct(values []uint32) []uint32 {
	d := slices.Clone(values)
	slices.Sort(d)
	return slices.Compact(d)
}

// A ballot knows the highest count of a vote and how many have it.
type ballot struct{ top, leaders, second, seconds int }

func newBallot(counts []int) *ballot {
	b := &ballot{}
	for _, n := range counts {
		b.count(n)
	}
	return b
}

func (b *ballot) count(n int) {
	switch {
	case n == 0:
	case n > b.top:
		b.second, b.seconds = b.top, b.leaders
		b.top, b.leaders = n, 1
	case n == b.top:
		b.leaders++
	case n > b.second:
		b.second, b.seconds = n, 1
	case n == b.second:
		b.seconds++
	}
}

// without returns the chance that v wins when one vote for it is taken away.
func (b *ballot) without(counts []int, v uint32) float64 {
	mine := counts[v] - 1
	top, leaders := b.top, b.leaders
	if counts[v] == b.top { // the others' best
		leaders--
		if leaders == 0 {
			top, leaders = b.second, b.seconds
		}
	}
	switch {
	case mine == 0 || mine < top:
		return 0
	case mine == top:
		return 1 / float64(leaders+1)
	default:
		return 1
	}
}

func measureTriple(ctx context.Context, s *study) (Result, error) {
	rng := random(s.Seed, "triple")
	var r Result
	cols := s.With(Quasi)
	if len(cols) > 0 {
		attack, guess := s.SingleOut(cols, rng)
		a := Attack{ID: "wp29/singling-out", Name: fmt.Sprintf("Singling out: a predicate on %s that one record alone meets", names(cols)), Rate: attack, Of: "records"}
		r.Attacks = append(r.Attacks, a.against(guess))
	} else {
		r.Notes = append(r.Notes, "Singling out was not tried: no column is a quasi-identifier.")
	}
	a, err := s.linkability(ctx, rng)
	if err != nil {
		return Result{}, err
	}
	if a != nil {
		r.Attacks = append(r.Attacks, *a)
	} else {
		r.Notes = append(r.Notes, "Linkability was not tried: it takes subjects with an item before and after the middle of time.")
	}
	sensitive := s.With(Sensitive)
	for _, c := range sensitive {
		if len(cols) == 0 {
			break
		}
		attack, guess := s.Infer(cols, c, rng)
		a := Attack{ID: "wp29/inference/" + c.Name, Name: fmt.Sprintf("Inference: %s guessed from %s", c.Name, names(cols)), Rate: attack, Of: "records"}
		r.Attacks = append(r.Attacks, a.against(guess))
	}
	if len(sensitive) == 0 || len(cols) == 0 {
		r.Notes = append(r.Notes, "Inference was not tried: it takes a quasi-identifier and a sensitive column.")
	}
	if len(r.Attacks) == 0 {
		return Result{}, skip("%s", r.Notes[0])
	}
	return r, nil
}

// linkability links two windows of time. The control group is linked with
// profiles whose items were shuffled over all profiles of the window, so that
// sizes and popular items stay and the person goes.
func (s *study) linkability(ctx context.Context, rng *rand.Rand) (*Attack, error) {
	if s.One(Subject) == nil || s.One(Item) == nil || s.Times == nil {
		return nil, nil //nolint:nilnil // no attack is an answer
	}
	l := s.windows(linkForm, s.middle())
	matches, err := Link(ctx, l.from, l.among, Likenesses[1], s.Workers)
	if err != nil || len(matches) == 0 {
		return nil, err
	}
	control, err := Link(ctx, l.from, l.among.shuffled(rng), Likenesses[1], s.Workers)
	if err != nil {
		return nil, err
	}
	a := Attack{ID: "wp29/linkability", Name: "Linkability: a profile of visited domains found again in the second half of time", Of: "subjects"}
	a.Rate = Bootstrap(hitsOf(matches), s.Resamples, rng)
	a = a.against(Bootstrap(hitsOf(control), s.Resamples, rng))
	return &a, nil
}

// shuffled deals the items of all profiles out again: each profile keeps its
// size, less what it would get twice.
func (p Profiles) shuffled(rng *rand.Rand) Profiles {
	ids := slices.Clone(p.items.ids)
	rng.Shuffle(len(ids), func(a, b int) { ids[a], ids[b] = ids[b], ids[a] })
	q := Profiles{who: p.who, items: sparse{start: []uint32{0}}}
	for i := range p.items.rows() {
		row := distinct(ids[p.items.start[i]:p.items.start[i+1]])
		q.items.ids = append(q.items.ids, row...)
		q.items.start = append(q.items.start, uint32(len(q.items.ids))) //nolint:gosec // not more than before
	}
	q.visits = make([]uint32, len(q.items.ids))
	for i := range q.visits {
		q.visits[i] = 1
	}
	return q
}
