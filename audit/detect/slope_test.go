package detect

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"telltale/audit"
)

func pairsOf(run int, xs []int, ys []float64, unit float64) []audit.Pair {
	var pairs []audit.Pair
	for i, x := range xs {
		pairs = append(pairs, audit.Pair{Run: run, Length: x, Bytes: int64(math.Round(ys[i] * unit))})
	}
	return pairs
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

// Anscombe's four sets of 1973 have one line: slope 0.5 and base 3, with a
// standard error of the slope of 0.118, so that the interval with 9 degrees of
// freedom is 0.5 ± 2.262 · 0.118. (Bytes are whole, so the set is in units of a
// hundredth.)
func TestFitAnscombe(t *testing.T) {
	first := []int{10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5}
	for name, set := range map[string]struct {
		x []int
		y []float64
	}{
		"I":   {first, []float64{8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68}},
		"II":  {first, []float64{9.14, 8.14, 8.74, 8.77, 9.26, 8.10, 6.13, 3.10, 9.13, 7.26, 4.74}},
		"III": {first, []float64{7.46, 6.77, 12.74, 7.11, 7.81, 8.84, 6.08, 5.39, 8.15, 6.42, 5.73}},
		"IV":  {[]int{8, 8, 8, 8, 8, 8, 8, 19, 8, 8, 8}, []float64{6.58, 5.76, 7.71, 8.84, 8.47, 7.04, 5.25, 12.50, 5.56, 7.91, 6.89}},
	} {
		l, ok := fit(pairsOf(1, set.x, set.y, 100))
		if !ok || !near(l.slope, 50, 0.1) || !near(l.base, 300, 1) {
			t.Errorf("%s: slope %f, base %f", name, l.slope/100, l.base/100)
		}
		if margin := 2.262 * 11.8; !near(l.low, 50-margin, 0.2) || !near(l.high, 50+margin, 0.2) {
			t.Errorf("%s: interval %f to %f", name, l.low/100, l.high/100)
		}
	}
}

// The 97.5% quantiles that tables of Student's distribution print.
func TestStudentQuantile(t *testing.T) {
	for freedom, want := range map[int]float64{
		1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 10: 2.228,
		15: 2.131, 20: 2.086, 22: 2.074, 25: 2.060, 30: 2.042, 40: 2.021, 60: 2.000, 120: 1.980, 10000: 1.960,
	} {
		if got := studentQuantile(freedom); !near(got, want, 0.0006) {
			t.Errorf("%d degrees of freedom: %f, want %f", freedom, got, want)
		}
	}
}

// No other line has a smaller sum of squared distances: a search by brute force
// finds none.
func TestFitIsLeastSquares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) audit.Pair {
			return audit.Pair{Length: rapid.IntRange(0, 3000).Draw(t, "length"), Bytes: rapid.Int64Range(0, 9000).Draw(t, "bytes")}
		}), 3, 20).Draw(t, "pairs")
		l, ok := fit(pairs)
		if !ok {
			return
		}
		squares := func(slope, base float64) (sum float64) {
			for _, p := range pairs {
				d := float64(p.Bytes) - base - slope*float64(p.Length)
				sum += d * d
			}
			return sum
		}
		best := squares(l.slope, l.base)
		for _, step := range []float64{1e-3, 1e-2, 1} {
			for _, other := range [][2]float64{{step, 0}, {-step, 0}, {0, step}, {0, -step}, {step, -step}, {-step, step}} {
				if got := squares(l.slope+other[0], l.base+other[1]*100); got < best*(1-1e-9) {
					t.Fatalf("slope %f and base %f have %f, the fit %f", l.slope+other[0], l.base+other[1]*100, got, best)
				}
			}
		}
		if l.low > l.slope || l.high < l.slope {
			t.Fatalf("%f is not between %f and %f", l.slope, l.low, l.high)
		}
	})
}

// Two pairs, or one length, give no line.
func TestFitNeedsThreePairs(t *testing.T) {
	for _, xs := range [][]int{{}, {1}, {1, 2}, {5, 5, 5, 5}} {
		if l, ok := fit(pairsOf(1, xs, make([]float64, len(xs)), 1)); ok {
			t.Errorf("%v: %v", xs, l)
		}
	}
}

// allOrders returns the share of all orders of the lengths that go with the
// bytes as well as the one that was seen.
func allOrders(pairs []audit.Pair) float64 {
	xs := make([]int, len(pairs))
	mean := 0.0
	for i, p := range pairs {
		xs[i] = p.Length
		mean += float64(p.Length) / float64(len(pairs))
	}
	score := func() (sum float64) {
		for i, p := range pairs {
			sum += (float64(xs[i]) - mean) * float64(p.Bytes)
		}
		return math.Abs(sum)
	}
	seen, all, asGood := score(), 0, 0
	var try func(k int)
	try = func(k int) {
		if k == len(xs) {
			all++
			if score() >= seen*(1-1e-9) {
				asGood++
			}
		}
		for i := k; i < len(xs); i++ {
			xs[k], xs[i] = xs[i], xs[k]
			try(k + 1)
			xs[k], xs[i] = xs[i], xs[k]
		}
	}
	try(0)
	return float64(asGood) / float64(all)
}

// The drawn orders give what all 5,040 orders of seven visits give, within four
// standard deviations of the draw.
func TestPermutedAgainstAllOrders(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for range 20 {
		tilt := random.Float64()
		var pairs []audit.Pair
		for _, x := range []int{50, 50, 500, 500, 1500, 3000, 3000} {
			pairs = append(pairs, audit.Pair{Run: 1, Length: x, Bytes: 5000 + int64(tilt*float64(x)+1000*random.NormFloat64())})
		}
		want := allOrders(pairs)
		margin := 4*math.Sqrt(want*(1-want)/permutations) + 1.0/permutations
		if got := permuted(pairs); !near(got, want, margin) {
			t.Errorf("%v: p %f, want %f ± %f", pairs, got, want, margin)
		}
	}
}

// Holm's procedure on the example of four tests: 0.01, 0.04, 0.03, 0.005.
func TestHolm(t *testing.T) {
	got := holm([]float64{0.01, 0.04, 0.03, 0.005}, []int{3, 0, 2, 1})
	for i, want := range []float64{0.03, 0.06, 0.06, 0.02} {
		if !near(got[i], want, 1e-12) {
			t.Errorf("%d: %f, want %f", i, got[i], want)
		}
	}
}
