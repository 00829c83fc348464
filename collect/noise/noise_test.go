package noise_test

import (
	"errors"
	"math"
	"testing"
	"testing/iotest"

	"telltale/collect/noise"
)

// draws is so many that the bounds below fail by chance less often than once in
// a million streams; the stream is always the same.
const draws = 40_000

// check compares how often each number from -reach to reach came with how often
// it should, by the sum of squares: with so many draws and cells that is about the
// number of cells, and hardly ever twice that.
func check(t *testing.T, name string, reach int64, weight func(n float64) float64, draw func() int64) {
	t.Helper()
	total := 0.0
	for n := -10_000.0; n <= 10_000; n++ {
		total += weight(n)
	}
	counts := make(map[int64]int)
	for range draws {
		counts[draw()]++
	}
	sum, cells := 0.0, 0.0
	for n := -reach; n <= reach; n++ {
		want := draws * weight(float64(n)) / total
		sum += (float64(counts[n]) - want) * (float64(counts[n]) - want) / want
		cells++
	}
	if sum > 2*cells+30 {
		t.Errorf("%s: the sum of squares is %.1f for %.0f cells", name, sum, cells)
	}
	if sum < cells/8 {
		t.Errorf("%s: the sum of squares is %.1f for %.0f cells: that is no noise", name, sum, cells)
	}
}

func TestLaplace(t *testing.T) {
	for _, scale := range []struct{ num, den int64 }{{1, 1}, {5, 2}, {4000, 1000}, {10, 1}} {
		s := noise.New(noise.NewStream(uint64(scale.num)))
		b := float64(scale.num) / float64(scale.den)
		check(t, "Laplace", int64(3*b), func(n float64) float64 { return math.Exp(-math.Abs(n) / b) },
			func() int64 { return s.Laplace(scale.num, scale.den) })
	}
}

func TestGaussian(t *testing.T) {
	for _, variance := range []int64{1, 7, 100} {
		s := noise.New(noise.NewStream(uint64(variance)))
		check(t, "Gaussian", int64(2*math.Sqrt(float64(variance))), func(n float64) float64 { return math.Exp(-n * n / (2 * float64(variance))) },
			func() int64 { return s.Gaussian(variance) })
	}
}

// A source that fails says so, and ends.
func TestError(t *testing.T) {
	broken := errors.New("no randomness")
	s := noise.New(iotest.ErrReader(broken))
	s.Laplace(10, 1)
	s.Gaussian(10)
	if !errors.Is(s.Err(), broken) {
		t.Errorf("got %v", s.Err())
	}
}
