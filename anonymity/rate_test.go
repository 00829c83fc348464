package anonymity_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"telltale/anonymity"
)

// Values that the tests of anonymeter state for the middle and half width of
// Wilson's interval at 95 %.
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		hits             float64
		n                int
		mid, half, digit float64
	}{
		{100, 100, 0.9815032508965071, 0.01849674910349284, 1e-12},
		{23, 100, 0.23998824451588613, 0.08155558571285167, 1e-12},
		{850, 1000, 0.849, 0.022, 1e-3},
		{0, 1000, 0.002, 0.002, 1e-3},
	} {
		r := anonymity.Wilson(c.hits, c.n)
		if mid, half := (r.Low+r.High)/2, (r.High-r.Low)/2; math.Abs(mid-c.mid) > c.digit || math.Abs(half-c.half) > c.digit {
			t.Errorf("%v of %d: %v ± %v, want %v ± %v", c.hits, c.n, mid, half, c.mid, c.half)
		}
	}
	if r := anonymity.Wilson(0, 0); r.Low != 0 || r.High != 1 {
		t.Errorf("no tries allow anything: %v", r)
	}
}

func TestGain(t *testing.T) {
	point := func(x, e float64) anonymity.Rate { return anonymity.Rate{Share: x, Low: x - e, High: x + e, N: 10} }
	if g := anonymity.Gain(point(0.9, 0), point(0.8, 0)); math.Abs(g.Share-0.5) > 1e-12 {
		t.Errorf("0.9 against 0.8: %v, want 0.5", g.Share)
	}
	g := anonymity.Gain(point(0.9, 0.02), point(0.85, 0.02))
	if math.Abs(g.Share-0.333) > 1e-3 || math.Abs(g.High-g.Share-0.16) > 1e-2 || math.Abs(g.Share-g.Low-0.16) > 1e-2 {
		t.Errorf("0.9±0.02 against 0.85±0.02: %v, want 0.333±0.16", g)
	}
	if g := anonymity.Gain(point(1, 0), point(1, 0)); g.Low != -1 || g.High != 1 {
		t.Errorf("where guessing is always right, nothing is known: %v", g)
	}
}

// The ends of the exact interval leave 2.5 % on each side.
func TestExact(t *testing.T) {
	if r := anonymity.Exact(0, 10, 0.95); r.Low != 0 || math.Abs(r.High-(1-math.Pow(0.025, 0.1))) > 1e-9 {
		t.Errorf("0 of 10: %v", r)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "n")
		hits := rapid.IntRange(0, n).Draw(t, "hits")
		r := anonymity.Exact(hits, n, 0.95)
		if hits > 0 {
			if tail := atLeast(hits, n, r.Low); math.Abs(tail-0.025) > 1e-6 {
				t.Fatalf("%d of %d: above the low end %v", hits, n, tail)
			}
		}
		if hits < n {
			if tail := 1 - atLeast(hits+1, n, r.High); math.Abs(tail-0.025) > 1e-6 {
				t.Fatalf("%d of %d: below the high end %v", hits, n, tail)
			}
		}
	})
}

// atLeast sums the binomial distribution by its recurrence.
func atLeast(k, n int, p float64) float64 {
	term, sum := math.Pow(1-p, float64(n)), 0.0
	for i := 0; i <= n; i++ {
		if i >= k {
			sum += term
		}
		term *= float64(n-i) / float64(i+1) * p / (1 - p)
	}
	return sum
}

// The interval of the bootstrap of a rate is near Wilson's, and covers it where
// all values are equal.
func TestBootstrap(t *testing.T) {
	values := make([]float64, 400)
	for i := range 100 {
		values[i] = 1
	}
	got := anonymity.Bootstrap(values, 2000, rand.New(rand.NewPCG(1, 2)))
	want := anonymity.Wilson(100, 400)
	if got.Share != 0.25 || math.Abs(got.Low-want.Low) > 0.01 || math.Abs(got.High-want.High) > 0.01 {
		t.Errorf("%v, want about %v", got, want)
	}
	if got, want := anonymity.Bootstrap(values[:100], 2000, rand.New(rand.NewPCG(1, 2))), anonymity.Wilson(100, 100); got != want {
		t.Errorf("all hits: %v, want %v", got, want)
	}
}
