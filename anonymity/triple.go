package anonymity

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// The three questions of the Article 29 Working Party's opinion on
// anonymisation (WP216): can one single out, link, infer? Each is an attack
// here, and each has a control group: the same people, the same attack, with
// the one tie cut that the attack lives on, by shuffling (a permutation test;
// Fisher 1935). What the control group loses too, the data did not give away.

// maxGuesses bounds the control group of singling out: so many combinations are
// shuffled. Their values are in memory.
const maxGuesses = 1 << 20

// SingleOut returns how many of the records are told from all others by their
// own values, and in the control group by values that were shuffled within
// each column: predicates of the same kind, made without looking at anyone. Of
// more than a million records the control group shuffles a million that are
// drawn, for each column others.
func (t *Table) SingleOut(cols []*Column, rng *rand.Rand) (attack, guess Rate) {
	u := t.Unique(cols, 0)
	guesses := t.shuffledValues(cols, u.Records, rng)
	slices.SortFunc(guesses, slices.Compare[[]int64])
	hits, next := 0, 0
	var class []int64
	size := 0
	closed := func() {
		met := 0
		for next < len(guesses) && slices.Compare(guesses[next], class) <= 0 {
			if slices.Equal(guesses[next], class) {
				met++
			}
			next++
		}
		if size == 1 {
			hits += met
		}
		size = 0
	}
	for r := range t.records(cols) {
		if r.first && size > 0 {
			closed()
		}
		class = append(class[:0], r.values...)
		size += r.n
	}
	if size > 0 {
		closed()
	}
	return Wilson(float64(u.Unique), u.Records), Wilson(float64(hits), len(guesses))
}

// shuffledValues returns combinations of values of n records, each value from a
// record of its own.
func (t *Table) shuffledValues(cols []*Column, n int, rng *rand.Rand) [][]int64 {
	size := min(n, maxGuesses)
	guesses := make([][]int64, size)
	flat := make([]int64, size*len(cols))
	for i := range guesses {
		guesses[i] = flat[i*len(cols) : (i+1)*len(cols)]
	}
	// takers[c] are numbers of records and, lower, the guess that takes its value
	// of column c, ascending.
	takers := make([][]uint64, len(cols))
	for c := range takers {
		takers[c] = make([]uint64, size)
		for i := range takers[c] {
			takers[c][i] = uint64(i)<<32 | uint64(i)
		}
		if n > size {
			for i := range takers[c] {
				takers[c][i] = uint64(rng.IntN(n))<<32 | uint64(i) //nolint:gosec // not negative
			}
		} else {
			rng.Shuffle(n, func(a, b int) {
				x, y := &takers[c][a], &takers[c][b]
				*x, *y = *x>>32<<32|*y&math.MaxUint32, *y>>32<<32|*x&math.MaxUint32
			})
		}
		slices.Sort(takers[c])
	}
	record := uint64(0)
	for r := range t.records(cols) {
		for range r.n {
			for c := range takers {
				for len(takers[c]) > 0 && takers[c][0]>>32 == record {
					guesses[takers[c][0]&math.MaxUint32][c] = r.values[c]
					takers[c] = takers[c][1:]
				}
			}
			record++
		}
	}
	return guesses
}

// Infer returns how often the most frequent value of a sensitive column among
// the others of a record's class is its own. The control group is the same
// with the sensitive values shuffled over the records. Records that are alone
// in their class are guessed by the most frequent value of all others. Of
// equally frequent values one is taken at random, which counts by its part.
func (t *Table) Infer(cols []*Column, sensitive *Column, rng *rand.Rand) (attack, guess Rate) {
	all := make([]int, sensitive.distinct())
	n := 0
	for r := range t.records(cols, sensitive) {
		all[r.values[len(cols)]] += r.n
		n += r.n
	}
	real, control := newGuesser(all), newGuesser(all)
	cards := newUrn(all)
	size := 0
	closed := func() {
		for range size {
			control.add(cards.draw(rng), 1)
		}
		real.close()
		control.close()
		size = 0
	}
	for r := range t.records(cols, sensitive) {
		if r.first {
			closed()
		}
		real.add(int(r.values[len(cols)]), r.n)
		size += r.n
	}
	closed()
	return Wilson(real.hits, n), Wilson(control.hits, n)
}

// A guesser guesses the values of a class, one by the others.
type guesser struct {
	all     []int // records with each value
	overall *ballot
	in      []int // the same in the class at hand
	met     []int // its values
	hits    float64
}

func newGuesser(all []int) *guesser {
	return &guesser{all: all, overall: newBallot(all), in: make([]int, len(all))}
}

// add adds n records with a value to the class.
func (g *guesser) add(value, n int) {
	if g.in[value] == 0 {
		g.met = append(g.met, value)
	}
	g.in[value] += n
}

// close guesses the class, and begins the next one.
func (g *guesser) close() {
	b, size := newBallot(nil), 0
	for _, v := range g.met {
		b.count(g.in[v])
		size += g.in[v]
	}
	for _, v := range g.met {
		if size == 1 {
			g.hits += g.overall.without(g.all, v)
		} else {
			g.hits += float64(g.in[v]) * b.without(g.in, v)
		}
	}
	for _, v := range g.met {
		g.in[v] = 0
	}
	g.met = g.met[:0]
}

// An urn gives values out again, one at a time and at random: a shuffle that
// needs no list. It is a tree of sums (Fenwick 1994).
type urn struct {
	sums []int
	left int
}

func newUrn(counts []int) *urn {
	u := &urn{sums: make([]int, len(counts)+1)}
	for i, n := range counts {
		u.left += n
		u.sums[i+1] += n
		if up := i + 1 + (i+1)&-(i+1); up < len(u.sums) {
			u.sums[up] += u.sums[i+1]
		}
	}
	return u
}

// draw takes one value out.
func (u *urn) draw(rng *rand.Rand) int {
	rest, at := rng.IntN(u.left), 0
	for step := 1 << bits.Len(uint(len(u.sums)-1)); step > 0; step >>= 1 {
		if next := at + step; next < len(u.sums) && u.sums[next] <= rest {
			at, rest = next, rest-u.sums[next]
		}
	}
	for i := at + 1; i < len(u.sums); i += i & -i {
		u.sums[i]--
	}
	u.left--
	return at
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
func (b *ballot) without(counts []int, v int) float64 {
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
	if len(cols) > 0 && s.CountSubjects() > 0 {
		attack, guess := s.SingleOut(cols, rng)
		a := Attack{ID: "wp29/singling-out", Name: fmt.Sprintf("Singling out: a predicate on %s that one record alone meets", names(cols)), Rate: attack, Of: "records"}
		r.Attacks = append(r.Attacks, a.against(guess))
	} else {
		r.Notes = append(r.Notes, "Singling out was not tried: it takes subjects and a quasi-identifier.")
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
	if s.One(Subject) == nil || s.One(Item) == nil || !s.timely() {
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
