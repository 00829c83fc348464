package anonymity

import (
	"fmt"
	"math"
	"math/rand/v2"
)

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

func (s *study) membership(r *Result) {
	if s.One(Item) == nil || s.One(Subject) == nil {
		r.Notes = append(r.Notes, "Membership was not tried: it takes a subject and an item column.")
		return
	}
	p := s.profiles(linkForm)
	if len(p.who) < minMembers {
		r.Notes = append(r.Notes, fmt.Sprintf("Membership was not tried: it takes %d subjects, and there are %d.", minMembers, len(p.who)))
		return
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
}
