package anonymity

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Counts is a two-way table of event counts as it would be released: its
// cells, its margins and its total. A count below the threshold is hidden, and
// so is none that is zero: that nobody was there is known anyway.
type Counts struct {
	Cells     [][]int
	Threshold int
}

// hidden marks a count that an attacker does not know.
const hiddenCount = -1

// show returns what is released of a count.
func (c Counts) show(n int) int {
	if n > 0 && n < c.Threshold {
		return hiddenCount
	}
	return n
}

// Differencing tries to find hidden cells by subtracting what is shown from
// what is shown: where one cell of a row or a column is hidden and the margin
// is not, it is the rest. What was found helps to find more. It returns how
// many of how many hidden cells were found.
func (c Counts) Differencing() (found, hidden int) {
	rows, columns := c.margins()
	shown := make([][]int, len(c.Cells))
	for i, row := range c.Cells {
		shown[i] = make([]int, len(row))
		for j, n := range row {
			if shown[i][j] = c.show(n); shown[i][j] == hiddenCount {
				hidden++
			}
		}
	}
	for again := true; again; {
		again = false
		for i := range shown {
			again = solveLine(c.show(rows[i]), len(columns), func(j int) *int { return &shown[i][j] }) || again
		}
		for j := range columns {
			again = solveLine(c.show(columns[j]), len(rows), func(i int) *int { return &shown[i][j] }) || again
		}
	}
	left := 0
	for _, row := range shown {
		for _, n := range row {
			if n == hiddenCount {
				left++
			}
		}
	}
	return hidden - left, hidden
}

// margins returns the sums of rows and of columns.
func (c Counts) margins() (rows, columns []int) {
	rows = make([]int, len(c.Cells))
	for i, row := range c.Cells {
		if columns == nil {
			columns = make([]int, len(row))
		}
		for j, n := range row {
			rows[i] += n
			columns[j] += n
		}
	}
	return rows, columns
}

// solveLine fills the one hidden cell of a line whose sum is shown.
func solveLine(sum, cells int, cell func(int) *int) bool {
	if sum == hiddenCount {
		return false
	}
	at, missing := 0, 0
	for i := range cells {
		if *cell(i) == hiddenCount {
			at = i
			missing++
			continue
		}
		sum -= *cell(i)
	}
	if missing != 1 {
		return false
	}
	*cell(at) = sum
	return true
}

// maxCells bounds a two-way table.
const maxCells = 4 << 20

// counts2 counts events by domain and day, or by the first two
// quasi-identifiers.
func (s *study) counts2() (counts [][]int, of string, ok bool) {
	var key func(row int) (uint32, uint32, bool)
	if item, coarse := s.items(Domain); item != nil && s.Times != nil {
		first := s.earliest(s.all(), Ticks[2])
		key = func(row int) (uint32, uint32, bool) {
			id := coarse[item.Codes[row]]
			return uint32(id), uint32(s.Times[row]/86400 - first), id >= 0 && s.timed(row) //nolint:gosec // days since the first
		}
		of = "domain and day"
	} else if cols := s.With(Quasi); len(cols) >= 2 {
		key = func(row int) (uint32, uint32, bool) { return cols[0].Codes[row], cols[1].Codes[row], true }
		of = cols[0].Name + " and " + cols[1].Name
	} else {
		return nil, "", false
	}
	rows, columns := uint32(0), uint32(0)
	for row := range s.Rows {
		if a, b, known := key(row); known {
			rows, columns = max(rows, a+1), max(columns, b+1)
		}
	}
	if rows == 0 || uint64(rows)*uint64(columns) > maxCells {
		return nil, of, false
	}
	counts = make([][]int, rows)
	for i := range counts {
		counts[i] = make([]int, columns)
	}
	for row := range s.Rows {
		if a, b, known := key(row); known {
			counts[a][b]++
		}
	}
	return counts, of, true
}

// A Noise changes a count before it is released; 0 means nothing is shown.
type Noise func(count int, rng *rand.Rand) int

// Exactly shows counts as they are.
func Exactly(count int, _ *rand.Rand) int { return count }

// AtLeast shows counts from k on.
func AtLeast(k int) Noise {
	return func(count int, _ *rand.Rand) int {
		if count < k {
			return 0
		}
		return count
	}
}

// Geometric adds two-sided geometric noise, the discrete form of Laplace's
// (Ghosh 2009), for counts that one subject changes by one.
func Geometric(epsilon float64) Noise {
	return func(count int, rng *rand.Rand) int {
		return max(0, count+geometric(epsilon, rng)-geometric(epsilon, rng))
	}
}

// geometric returns n with a probability that falls by exp(-epsilon) a step.
func geometric(epsilon float64, rng *rand.Rand) int {
	return int(math.Floor(-math.Log(1-rng.Float64()) / epsilon))
}

// Membership tells who is in released counts of subjects by item. A third of
// the subjects is released, a third is what the attacker knows of people in
// general, and of the rest nobody is in. For pairs of one who is in and one who
// is not, the one whose items are more frequent in the release than in general
// is named (log-likelihood ratio; Homer 2008, Pyrgelis 2018). Guessing is right
// for half of the pairs.
func Membership(p Profiles, items int, noise Noise, opt Options, rng *rand.Rand) Rate {
	order := rng.Perm(len(p.who))
	third := len(order) / 3
	in, out, known := order[:third], order[third:2*third], order[2*third:]
	release, general := make([]int, items), make([]int, items)
	tally := func(counts []int, subjects []int) {
		for _, i := range subjects {
			for _, item := range p.items.row(i) {
				counts[item]++
			}
		}
	}
	tally(release, in)
	tally(general, known)
	for i := range release {
		release[i] = noise(release[i], rng)
	}
	score := func(i int) float64 {
		s := 0.0
		for _, item := range p.items.row(i) {
			if release[item] > 0 {
				s += math.Log(float64(release[item])/float64(third)) - math.Log(float64(general[item]+1)/float64(len(known)+1))
			}
		}
		return s
	}
	n := min(opt.Draws, third)
	right := make([]float64, n)
	for i := range right {
		switch a, b := score(in[i]), score(out[i]); {
		case a > b:
			right[i] = 1
		case a == b:
			right[i] = 0.5
		}
	}
	return Bootstrap(right, opt.Resamples, rng)
}

// minMembers is the least number of subjects that membership is tried with.
const minMembers = 30

func measureAggregates(_ context.Context, s *study) (Result, error) {
	var r Result
	if counts, of, ok := s.counts2(); ok {
		found, hidden := Counts{counts, s.K}.Differencing()
		a := Attack{ID: "differencing", Name: fmt.Sprintf("Differencing: finding a hidden count of events by %s, released from %d on with its sums,", of, s.K), Of: "hidden cells"}
		a.Rate = Wilson(float64(found), hidden)
		if hidden > 0 {
			r.Attacks = append(r.Attacks, a.against(chance(hidden, s.K-1)))
		} else {
			r.Notes = append(r.Notes, fmt.Sprintf("A release of counts by %s hides nothing at a threshold of %d.", of, s.K))
		}
	} else {
		r.Notes = append(r.Notes, "Differencing was not tried: it takes an item and a time, or two quasi-identifiers, and not too many values.")
	}
	if err := s.membership(&r); err != nil {
		return Result{}, err
	}
	if len(r.Attacks) == 0 {
		return Result{}, skip("there is nothing to count")
	}
	return r, nil
}

func (s *study) membership(r *Result) error {
	if s.One(Item) == nil || s.One(Subject) == nil {
		r.Notes = append(r.Notes, "Membership was not tried: it takes a subject and an item column.")
		return nil
	}
	p := s.halves(linkForm, func(uint32) int { return 0 }).from
	if len(p.who) < minMembers {
		r.Notes = append(r.Notes, fmt.Sprintf("Membership was not tried: it takes %d subjects, and there are %d.", minMembers, len(p.who)))
		return nil
	}
	for _, release := range []struct {
		id, name string
		noise    Noise
	}{
		{"exact", "exact counts", Exactly},
		{"threshold", fmt.Sprintf("counts from %d on", s.K), AtLeast(s.K)},
		{"noise", "counts with geometric noise of ε = 1 each", Geometric(1)},
	} {
		rng := random(s.Seed, "membership") // the same subjects for each release
		a := Attack{ID: "membership/" + release.id, Name: "Membership: telling who is in the " + release.name + " of subjects by domain", Of: "pairs"}
		a.Rate = Membership(p, p.largest(), release.noise, s.Options, rng)
		half := Rate{Share: 0.5, Low: 0.5, High: 0.5, N: a.Rate.N}
		r.Attacks = append(r.Attacks, a.against(half))
	}
	return nil
}

// Replays are the outputs of a release that was run many times on two data
// sets that differ in one subject. A hidden output is -Inf.
type Replays struct {
	With, Without []float64
}

// An Epsilon is what replays show of the privacy loss of a release.
type Epsilon struct {
	Estimate float64 // the logarithm of the ratio of the shares of runs
	Bound    float64 // at least this, at 95 %
	Event    string  // the outputs by which the two data sets are told
	Runs     int     // that it was tested on, of each data set
}

// Epsilon returns a lower bound of ε for a given δ. The first half of the runs
// chooses the outputs that tell the two data sets apart best, the second half
// tests them, so that choosing does not flatter; the bound takes the exact
// lower and upper end of the two shares, each at 97.5 % (Jagielski 2020).
func (r Replays) Epsilon(delta float64) (Epsilon, error) {
	n := min(len(r.With), len(r.Without)) / 2
	if n < 1 {
		return Epsilon{}, fmt.Errorf("a release must have been run twice on each data set; there are %d and %d runs", len(r.With), len(r.Without))
	}
	best, score := event{}, math.Inf(-1)
	for _, e := range events(r.With[:n], r.Without[:n]) {
		p, q := e.share(r.With[:n], r.Without[:n])
		low, high := Wilson(p*float64(n), n).Low, Wilson(q*float64(n), n).High
		if l := ratio(low, high, delta); l > score {
			best, score = e, l
		}
	}
	p, q := best.share(r.With[n:2*n], r.Without[n:2*n])
	hits := func(share float64) int { return int(math.Round(share * float64(n))) }
	return Epsilon{
		Estimate: max(0, ratio(p, q, delta)),
		Bound:    max(0, ratio(Exact(hits(p), n, 0.95).Low, Exact(hits(q), n, 0.95).High, delta)),
		Event:    best.String(), Runs: n,
	}, nil
}

func ratio(p, q, delta float64) float64 {
	if p <= delta {
		return math.Inf(-1)
	}
	return math.Log((p - delta) / q)
}

// An event is a set of outputs: those above or below a value. If swapped, it is
// more frequent without the subject.
type event struct {
	at      float64
	below   bool
	swapped bool
}

func (e event) String() string {
	word, input := "at least", "with"
	if e.below {
		word = "at most"
	}
	if e.swapped {
		input = "without"
	}
	return fmt.Sprintf("an output of %s %g, more often %s the subject", word, e.at, input)
}

// share returns how often the event happens: first where it should be more
// frequent.
func (e event) share(with, without []float64) (p, q float64) {
	part := func(outputs []float64) float64 {
		n := 0
		for _, x := range outputs {
			if e.below && x <= e.at || !e.below && x >= e.at {
				n++
			}
		}
		return float64(n) / float64(len(outputs))
	}
	if e.swapped {
		return part(without), part(with)
	}
	return part(with), part(without)
}

// maxEvents bounds the values that are tried as limits of an event.
const maxEvents = 200

func events(with, without []float64) []event {
	values := append(slices.Clone(with), without...)
	slices.Sort(values)
	values = slices.Compact(values)
	step := max(1, len(values)/maxEvents)
	var list []event
	for i := 0; i < len(values); i += step {
		for _, below := range []bool{false, true} {
			for _, swapped := range []bool{false, true} {
				list = append(list, event{values[i], below, swapped})
			}
		}
	}
	return list
}

// Replay runs a release of one count many times, with a subject and without.
func Replay(noise Noise, count, runs int, rng *rand.Rand) Replays {
	var r Replays
	for range runs {
		r.With = append(r.With, shown(noise(count, rng)))
		r.Without = append(r.Without, shown(noise(count-1, rng)))
	}
	return r
}

func shown(n int) float64 {
	if n == 0 {
		return math.Inf(-1)
	}
	return float64(n)
}

// replayRuns is how often a release of this package is run for its check.
const replayRuns = 20_000

func measureEpsilon(_ context.Context, s *study) (Result, error) {
	rng := random(s.Seed, "epsilon")
	releases := []struct {
		name    string
		replays func() Replays
	}{
		{fmt.Sprintf("threshold of %d, at a count of %d", s.K, s.K), func() Replays { return Replay(AtLeast(s.K), s.K, replayRuns, rng) }},
		{fmt.Sprintf("geometric noise of ε = 1, at a count of %d", s.K), func() Replays { return Replay(Geometric(1), s.K, replayRuns, rng) }},
	}
	if s.Replays != nil {
		releases = append(releases, struct {
			name    string
			replays func() Replays
		}{"the release that was given", func() Replays { return *s.Replays }})
	}
	var r Result
	g := Grid{Title: "What replays show of a release, for δ = 0", Head: []string{"release", "runs", "estimate of ε", "at least (95 %)", "told by"}}
	for i, release := range releases {
		e, err := release.replays().Epsilon(0)
		if err != nil {
			return Result{}, err
		}
		g.Rows = append(g.Rows, []string{release.name, thousands(e.Runs), short(e.Estimate), short(e.Bound), e.Event})
		r.Figures = append(r.Figures, Figure{ID: fmt.Sprintf("epsilon/%d", i+1), Name: "ε of " + release.name + " is at least", Value: e.Bound})
	}
	r.Grids = []Grid{g}
	r.Notes = append(r.Notes, "The first two rows show what the check sees of a threshold and of noise; they do not depend on this data.")
	return r, nil
}
