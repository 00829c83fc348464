package anonymity

import "math"

// IndividualRisk returns the risk that a record is re-identified, of which
// there are f equal ones in the sample and total in the population, by weights:
// the posterior mean of one by the size of the class in the population
// (Benedetti and Franconi 1998). For one and two records the formula is exact;
// from three on it is the approximation p/(f-q), which does not lose digits.
func IndividualRisk(f int, total float64) float64 {
	p := float64(f) / total
	if p >= 1 {
		return 1 / float64(f)
	}
	q := 1 - p
	one := p / q * -math.Log(p)
	switch f {
	case 1:
		return one
	case 2:
		return p / q * (1 - one)
	default:
		return p / (float64(f) - q)
	}
}
