package judge_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"telltale/audit/judge"
)

// The exact interval against values that others published: tables of the
// binomial distribution, and the example of binom.test in the manual of R
// (682 of 925).
func TestInterval(t *testing.T) {
	for _, c := range []struct {
		hits, n   int
		low, high float64
	}{
		{0, 0, 0, 1},
		{0, 10, 0, 0.3085},
		{1, 10, 0.0025, 0.4450},
		{3, 10, 0.0667, 0.6525},
		{5, 10, 0.1871, 0.8129},
		{10, 10, 0.6915, 1},
		{4, 20, 0.0573, 0.4366},
		{3, 3, 0.2924, 1},
		{682, 925, 0.7077, 0.7654},
	} {
		low, high := judge.Interval(c.hits, c.n)
		if math.Abs(low-c.low) > 0.00006 || math.Abs(high-c.high) > 0.00006 {
			t.Errorf("%d of %d: got %.4f to %.4f, want %.4f to %.4f", c.hits, c.n, low, high, c.low, c.high)
		}
	}
}

// binomial is the probability of k hits in n tries, by adding up every order in
// which they can come.
func binomial(k, n int, p float64) float64 {
	row := []float64{1} // probabilities of 0, 1, … hits
	for range n {
		next := make([]float64, len(row)+1)
		for hits, q := range row {
			next[hits] += q * (1 - p)
			next[hits+1] += q * p
		}
		row = next
	}
	return row[k]
}

// Whatever the rate is, the interval misses it in at most 5% of all outcomes.
func TestIntervalCovers(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5, 10, 25} {
		for i := 1; i < 50; i++ {
			p, missed := float64(i)/50, 0.0
			for hits := range n + 1 {
				if low, high := judge.Interval(hits, n); p < low || p > high {
					missed += binomial(hits, n, p)
				}
			}
			if missed > 0.05 {
				t.Errorf("n %d, rate %.2f: missed with %.4f", n, p, missed)
			}
		}
	}
}

// The bound after no hit is the rate at which no hit has a probability of 5%;
// of several rates at once, of 5% shared among them.
func TestUpperOf(t *testing.T) {
	for n := 1; n <= 30; n++ {
		for _, m := range []int{1, 2, 7, 40} {
			if p := binomial(0, n, judge.UpperOf(n, m)); math.Abs(p-0.05/float64(m)) > 1e-9 {
				t.Errorf("n %d, m %d: no hit has %.6f at the bound", n, m, p)
			}
		}
	}
	if judge.UpperOf(3, 1) != judge.Upper(3) || judge.UpperOf(3, 0) != judge.Upper(3) {
		t.Error("one bound is not the bound of one")
	}
}

// McNemar's exact test against all ways in which the pairs could have differed.
func TestMcNemar(t *testing.T) {
	for a := range 9 {
		for b := range 9 - a {
			n, extreme := a+b, 0
			for sides := range 1 << n { // each differing pair may have the hit in either half
				ones := 0
				for s := sides; s > 0; s >>= 1 {
					ones += s & 1
				}
				if min(ones, n-ones) <= min(a, b) {
					extreme++
				}
			}
			want := float64(extreme) / float64(int(1)<<n)
			if got := judge.McNemar(a, b); math.Abs(got-want) > 1e-12 {
				t.Errorf("%d and %d: got %.6f, want %.6f", a, b, got, want)
			}
		}
	}
	// Sign tests as tables have them: 3 of 3, 6 of 6, and 2 of 14.
	for _, c := range []struct {
		a, b int
		want float64
	}{{3, 0, 0.25}, {0, 6, 0.03125}, {2, 12, 0.012939}} {
		if got := judge.McNemar(c.a, c.b); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%d and %d: got %f, want %f", c.a, c.b, got, c.want)
		}
	}
}

// Holm's correction against the example of p.adjust of R, and against its
// definition by closed testing: a hypothesis falls if every set of hypotheses
// that it is in falls by Bonferroni's test.
func TestHolm(t *testing.T) {
	got := fmt.Sprintf("%.2f", judge.Holm([]float64{0.01, 0.02, 0.03, 0.04, 0.05}))
	if want := "[0.05 0.08 0.09 0.09 0.09]"; got != want {
		t.Errorf("got %s want %s", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		ps := rapid.SliceOfN(rapid.Float64Range(0, 1), 0, 8).Draw(t, "p")
		corrected := judge.Holm(ps)
		for i := range ps {
			worst := 0.0
			for set := range 1 << len(ps) {
				if set>>i&1 == 0 {
					continue
				}
				size, least := 0, 1.0
				for j, p := range ps {
					if set>>j&1 == 1 {
						size++
						least = min(least, p)
					}
				}
				worst = max(worst, min(1, float64(size)*least))
			}
			if math.Abs(corrected[i]-worst) > 1e-12 {
				t.Fatalf("p %d of %v: got %v, want %v", i, ps, corrected[i], worst)
			}
		}
	})
}
