package judge

import "math"

// Upper returns the exact one-sided 95% upper bound of a rate after no hit in n
// independent tries: the p for which (1-p)^n = 0.05 (Clopper and Pearson 1934).
// For large n it is close to 3/n. Without tries anything is possible.
func Upper(n int) float64 {
	if n < 1 {
		return 1
	}
	return 1 - math.Pow(0.05, 1/float64(n))
}
