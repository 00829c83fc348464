package anonymity

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// z95 is the 97.5 % point of the normal distribution: an interval of this many
// standard errors to both sides holds 95 %.
const z95 = 1.959963984540054

// A Rate is how often an attack succeeded, with a 95 % interval.
type Rate struct {
	Share float64 `json:"share"` // of N
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	N     int     `json:"n"`
}

// String writes the rate in per cent with its interval.
func (r Rate) String() string {
	return fmt.Sprintf("%s %% (95 %% CI %s to %s %%)", percent(r.Share), percent(r.Low), percent(r.High))
}

func percent(share float64) string { return fmt.Sprintf("%.1f", 100*share) }

// Wilson returns the score interval of hits in n tries (Wilson 1927). It does
// not collapse at 0 and at n. hits may be a fraction: an attack that cannot
// choose between two candidates succeeds by half.
func Wilson(hits float64, n int) Rate {
	if n == 0 {
		return Rate{High: 1}
	}
	trials := float64(n)
	mid := (hits + z95*z95/2) / (trials + z95*z95)
	half := z95 / (trials + z95*z95) * math.Sqrt(max(0, hits*(trials-hits)/trials)+z95*z95/4)
	return Rate{Share: hits / trials, Low: max(0, mid-half), High: min(1, mid+half), N: n}
}

// Exact returns the exact interval of hits in n tries (Clopper and Pearson
// 1934). level is the confidence, such as 0.95, split over both sides.
func Exact(hits, n int, level float64) Rate {
	if n == 0 {
		return Rate{High: 1}
	}
	tail := (1 - level) / 2
	r := Rate{Share: float64(hits) / float64(n), High: 1, N: n}
	if hits > 0 {
		r.Low = bisect(func(p float64) float64 { return 1 - binomial(hits-1, n, p) - tail })
	}
	if hits < n {
		r.High = bisect(func(p float64) float64 { return tail - binomial(hits, n, p) })
	}
	return r
}

// bisect returns where f, which grows from below zero to above it between 0
// and 1, is zero.
func bisect(f func(float64) float64) float64 {
	low, high := 0.0, 1.0
	for range 60 {
		mid := (low + high) / 2
		if f(mid) < 0 {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// binomial returns the probability of at most k hits in n tries.
func binomial(k, n int, p float64) float64 {
	switch {
	case p <= 0:
		return 1
	case p >= 1:
		if k >= n {
			return 1
		}
		return 0
	}
	sum, logP, logQ := 0.0, math.Log(p), math.Log1p(-p)
	for i := 0; i <= k; i++ {
		sum += math.Exp(logChoose(float64(n), float64(i)) + float64(i)*logP + float64(n-i)*logQ)
	}
	return min(1, sum)
}

// logChoose returns the logarithm of n over k.
func logChoose(n, k float64) float64 {
	a, _ := math.Lgamma(n + 1)
	b, _ := math.Lgamma(k + 1)
	c, _ := math.Lgamma(n - k + 1)
	return a - b - c
}

// Gain returns what an attack achieves above guessing: (a-c)/(1-c), the
// correction of Abbott (1925) for what would have happened anyway. Its
// interval takes the two rates as independent and adds their errors in
// quadrature; it is cut to [-1, 1].
func Gain(attack, guess Rate) Rate {
	left := 1 - guess.Share
	if left <= 0 {
		return Rate{Low: -1, High: 1, N: attack.N}
	}
	gain := (attack.Share - guess.Share) / left
	slope := (attack.Share - 1) / (left * left)
	down := math.Hypot((attack.Share-attack.Low)/left, (guess.High-guess.Share)*slope)
	up := math.Hypot((attack.High-attack.Share)/left, (guess.Share-guess.Low)*slope)
	return Rate{Share: max(-1, gain), Low: max(-1, gain-down), High: min(1, gain+up), N: attack.N}
}

// Bootstrap returns the mean of values, one for each subject and between 0 and
// 1, with the percentile interval of resamples draws of the subjects (Efron
// 1979). Where all values are equal, resampling says nothing about others, and
// the interval is Wilson's.
func Bootstrap(values []float64, resamples int, rng *rand.Rand) Rate {
	n := len(values)
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	if n == 0 || resamples == 0 || slices.Min(values) == slices.Max(values) {
		return Wilson(sum, n)
	}
	means := make([]float64, resamples)
	for i := range means {
		s := 0.0
		for range n {
			s += values[rng.IntN(n)]
		}
		means[i] = s / float64(n)
	}
	slices.Sort(means)
	at := func(q float64) float64 { return means[int(q*float64(resamples-1)+0.5)] }
	return Rate{Share: sum / float64(n), Low: at(0.025), High: at(0.975), N: n}
}

// random returns a source of numbers for one measure. Each measure has one of
// its own, so that adding a measure does not change another's result.
func random(seed uint64, measure string) *rand.Rand {
	h := uint64(14695981039346656037) // FNV-1a
	for _, c := range []byte(measure) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return rand.New(rand.NewPCG(seed, h)) //nolint:gosec // sampling that can be repeated, no secret
}
