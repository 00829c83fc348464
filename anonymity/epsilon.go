package anonymity

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

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
	if math.IsInf(e.at, -1) {
		return fmt.Sprintf("a hidden output, more often %s the subject", input)
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
		r.Figures = append(r.Figures, Figure{ID: fmt.Sprintf("epsilon/%d", i+1), Name: "ε of " + release.name + " is at least", Value: Number(e.Bound)})
	}
	r.Grids = []Grid{g}
	r.Notes = append(r.Notes, "The first two rows show what the check sees of a threshold and of noise; they do not depend on this data.")
	return r, nil
}
