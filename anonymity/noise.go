package anonymity

import (
	"math"
	"math/rand/v2"
)

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
