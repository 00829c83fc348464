package judge

import (
	"cmp"
	"math"
	"slices"
)

// rounded writes a probability as facts have it: six decimals, which are the
// same on every machine.
func rounded(p float64) float64 { return math.Round(p*1e6) / 1e6 }

// alpha is what an interval or a bound may miss: they are said with 95%
// confidence.
const alpha = 0.05

// Upper returns the exact one-sided 95% upper bound of a rate after no hit in n
// independent tries: the p for which (1-p)^n = 0.05 (Clopper and Pearson 1934).
// For large n it is close to 3/n. Without tries anything is possible.
func Upper(n int) float64 { return UpperOf(n, 1) }

// UpperOf returns the bound that holds for m rates at once, each after no hit
// in n tries: that of 0.05/m (Bonferroni). It is [Upper] for one rate.
func UpperOf(n, m int) float64 {
	if n < 1 {
		return 1
	}
	return 1 - math.Pow(alpha/float64(max(m, 1)), 1/float64(n))
}

// Interval returns the exact two-sided 95% interval of a rate after hits in n
// independent tries (Clopper and Pearson 1934): the rates for which so many
// hits or more, and so many or fewer, both have a probability of 0.025 or more.
// Without tries it is all rates.
func Interval(hits, n int) (low, high float64) {
	if n < 1 || hits < 0 || hits > n {
		return 0, 1
	}
	low, high = 0, 1
	if hits > 0 {
		low = root(func(p float64) bool { return 1-atMost(hits-1, n, p) < alpha/2 })
	}
	if hits < n {
		high = root(func(p float64) bool { return atMost(hits, n, p) > alpha/2 })
	}
	return low, high
}

// root returns where below stops to hold between 0 and 1.
func root(below func(p float64) bool) float64 {
	low, high := 0.0, 1.0
	for range 60 { // halves the last bit of a float64
		if mid := (low + high) / 2; below(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// atMost returns the probability of k hits or fewer in n tries with a rate of p
// (the binomial distribution).
func atMost(k, n int, p float64) float64 {
	switch {
	case k < 0:
		return 0
	case k >= n || p <= 0:
		return 1
	case p >= 1:
		return 0
	}
	sum := 0.0
	for i := range k + 1 {
		sum += math.Exp(logChoose(n, i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return min(sum, 1)
}

// logChoose returns the logarithm of the number of ways to take k of n.
func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}

// McNemar returns the two-sided p of the exact test on pairs (McNemar 1947):
// of those pairs whose two halves differ, onlyA and onlyB have the hit in the
// one and in the other half. Without a difference it is 1.
func McNemar(onlyA, onlyB int) float64 {
	return min(1, 2*atMost(min(onlyA, onlyB), onlyA+onlyB, 0.5))
}

// Holm returns the values of p, corrected for being that many (Holm 1979): one
// below 0.05 is still significant among them. The order is that of ps.
func Holm(ps []float64) []float64 {
	order := make([]int, len(ps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(ps[a], ps[b]) })
	corrected := make([]float64, len(ps))
	least := 0.0
	for rank, i := range order {
		least = max(least, min(1, ps[i]*float64(len(ps)-rank)))
		corrected[i] = least
	}
	return corrected
}
