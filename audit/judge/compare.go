package judge

import (
	"slices"

	"telltale/claims"
	"telltale/personal"
)

// A Comparison holds two arms of a target against each other: in how many runs
// a kind that was planted in both was sent from each. The arms of a run share
// its profile, so they are a pair.
type Comparison struct {
	Target    string        `json:"target"`
	Kind      personal.Kind `json:"kind"`
	A         string        `json:"a"` // arms
	B         string        `json:"b"`
	Both      int           `json:"both"` // runs in which both sent it
	OnlyA     int           `json:"only_a"`
	OnlyB     int           `json:"only_b"`
	Neither   int           `json:"neither"`
	P         float64       `json:"p"`         // of McNemar's exact test, two-sided
	Corrected float64       `json:"corrected"` // P after Holm's correction over the comparisons of the target
}

// Runs returns the number of pairs.
func (c Comparison) Runs() int { return c.Both + c.OnlyA + c.OnlyB + c.Neither }

// Significant reports whether the arms differ at 5% after correction.
func (c Comparison) Significant() bool { return c.Corrected < alpha }

// Compare compares the arms of each target, pair by pair, for each kind that was
// planted in both, in the order of the arms and of the names of the kinds. What
// was told by length alone, and what could not be read, does not count as sent.
func Compare(in Input) []Comparison {
	var all []Comparison
	for _, name := range targets(in.Case.Arms) {
		t := newTarget(in, name)
		var arms []string
		for _, arm := range in.Case.Arms {
			if _, ours := t.arms[arm.Name]; ours {
				arms = append(arms, arm.Name)
			}
		}
		of := t.compare(arms)
		ps := make([]float64, len(of))
		for i, c := range of {
			ps[i] = c.P
		}
		for i, p := range Holm(ps) {
			of[i].Corrected = rounded(p)
		}
		all = append(all, of...)
	}
	return all
}

// compare makes the comparisons of a target, not yet corrected.
func (t *target) compare(arms []string) (all []Comparison) {
	sent := t.sent()
	for i, a := range arms {
		for _, b := range arms[i+1:] {
			for _, kind := range t.common(a, b) {
				c := Comparison{Target: t.name, Kind: kind, A: a, B: b}
				for run := 1; run <= min(t.coverage[a].Runs, t.coverage[b].Runs); run++ {
					inA, inB := sent[told{a, run, kind}], sent[told{b, run, kind}]
					switch {
					case inA && inB:
						c.Both++
					case inA:
						c.OnlyA++
					case inB:
						c.OnlyB++
					default:
						c.Neither++
					}
				}
				c.P = rounded(McNemar(c.OnlyA, c.OnlyB))
				all = append(all, c)
			}
		}
	}
	return all
}

// told is a kind that was sent of what was done in an arm and run.
type told struct {
	arm  string
	run  int
	kind personal.Kind
}

func (t *target) sent() map[told]bool {
	sent := make(map[told]bool)
	for _, o := range read(solid(t.about(nil, claims.Condition{}), nil)) {
		if o.Seed != "" {
			sent[told{o.arm.Name, o.run, o.Kind}] = true
		}
	}
	return sent
}

// common lists the kinds that were planted in both arms, sorted.
func (t *target) common(a, b string) []personal.Kind {
	planted := map[string][]personal.Kind{}
	for _, s := range t.seeds {
		if (s.Arm == a || s.Arm == b) && t.done[s.Name] && !slices.Contains(planted[s.Arm], s.Kind) {
			planted[s.Arm] = append(planted[s.Arm], s.Kind)
		}
	}
	both := slices.DeleteFunc(planted[a], func(k personal.Kind) bool { return !slices.Contains(planted[b], k) })
	slices.Sort(both)
	return both
}
