package detect

import (
	"math"
	"math/rand/v2"

	"telltale/audit"
)

// A line is the straight line through pairs of numbers with the smallest sum
// of squared distances.
type line struct {
	slope, base float64
	low, high   float64 // 95% interval of the slope
}

// fit returns the line through the pairs, and whether there is one: it takes
// three pairs and two different lengths.
//
// The interval is that of the linear model with normal errors: the estimate
// plus and minus Student's t with n-2 degrees of freedom times its standard
// error.
func fit(pairs []audit.Pair) (line, bool) {
	n := float64(len(pairs))
	meanX, meanY := 0.0, 0.0
	for _, p := range pairs {
		meanX += float64(p.Length) / n
		meanY += float64(p.Bytes) / n
	}
	sxx, sxy := 0.0, 0.0
	for _, p := range pairs {
		dx := float64(p.Length) - meanX
		sxx += dx * dx
		sxy += dx * (float64(p.Bytes) - meanY)
	}
	if len(pairs) < 3 || sxx == 0 {
		return line{}, false
	}
	l := line{slope: sxy / sxx}
	l.base = meanY - l.slope*meanX
	rest := 0.0
	for _, p := range pairs {
		d := float64(p.Bytes) - l.base - l.slope*float64(p.Length)
		rest += d * d
	}
	margin := studentQuantile(len(pairs)-2) * math.Sqrt(rest/(n-2)/sxx)
	l.low, l.high = l.slope-margin, l.slope+margin
	return l, true
}

// studentQuantile returns the t that a variable of Student's distribution
// stays below, its sign left out, with probability 0.95.
func studentQuantile(freedom int) float64 {
	low, high := 0.0, 13.0 // one degree of freedom has 12.71
	for range 60 {
		t := (low + high) / 2
		if studentWithin(t, freedom) < 0.95 {
			low = t
		} else {
			high = t
		}
	}
	return high
}

// studentWithin returns the probability that a variable of Student's
// distribution lies between -t and t. For whole degrees of freedom that is a
// finite sum: Abramowitz and Stegun, Handbook of Mathematical Functions (1964),
// 26.7.3 and 26.7.4.
func studentWithin(t float64, freedom int) float64 {
	angle := math.Atan(t / math.Sqrt(float64(freedom)))
	sin, cos := math.Sincos(angle)
	odd := freedom%2 == 1
	term, first := 1.0, 2
	if odd {
		term, first = cos, 3
	}
	sum := term
	for k := first; k < freedom; k += 2 {
		term *= cos * cos * float64(k-1) / float64(k)
		sum += term
	}
	switch {
	case freedom == 1:
		return 2 / math.Pi * angle
	case odd:
		return 2 / math.Pi * (angle + sin*sum)
	default:
		return sin * sum
	}
}

// permutations is how many orders of the addresses are tried; the smallest p
// is one in so many and one.
const permutations = 19_999

// permuted returns the probability that the bytes go with the lengths as well
// as they do, or better, if the lengths had been visited in another order and
// had nothing to do with the bytes. Since the lab drew the order at random
// within each run, this needs no model of what else was sent (R. A. Fisher, The
// Design of Experiments, 1935).
//
// The orders come from a generator with a fixed start, so that the same pairs
// give the same p. That the order which was seen counts as one of them keeps p
// above 0.
func permuted(pairs []audit.Pair) float64 {
	runs := byRun(pairs)
	seen := math.Abs(together(runs))
	random := rand.New(rand.NewPCG(1, uint64(len(pairs)))) //nolint:gosec // a test statistic, no secret
	asGood := 1
	for range permutations {
		for _, r := range runs {
			random.Shuffle(len(r.lengths), func(i, j int) { r.lengths[i], r.lengths[j] = r.lengths[j], r.lengths[i] })
		}
		if math.Abs(together(runs)) >= seen*(1-1e-9) { // the same sum, in another order of adding
			asGood++
		}
	}
	return float64(asGood) / (permutations + 1)
}

// A block holds the visits of one run: the order of its lengths was drawn by
// itself.
type block struct {
	lengths []float64 // less their mean
	bytes   []float64
}

func byRun(pairs []audit.Pair) []block {
	var blocks []block
	at := make(map[int]int)
	for _, p := range pairs {
		i, known := at[p.Run]
		if !known {
			i = len(blocks)
			at[p.Run] = i
			blocks = append(blocks, block{})
		}
		b := &blocks[i]
		b.lengths = append(b.lengths, float64(p.Length))
		b.bytes = append(b.bytes, float64(p.Bytes))
	}
	for _, b := range blocks {
		mean := 0.0
		for _, x := range b.lengths {
			mean += x / float64(len(b.lengths))
		}
		for i := range b.lengths {
			b.lengths[i] -= mean
		}
	}
	return blocks
}

// together is large, in either direction, if bytes go with lengths.
func together(blocks []block) float64 {
	sum := 0.0
	for _, b := range blocks {
		for i, x := range b.lengths {
			sum += x * b.bytes[i]
		}
	}
	return sum
}

// holm corrects probabilities for their number: of all that are at most some
// level then, the chance that any is there by accident is at most that level
// (S. Holm, A simple sequentially rejective multiple test procedure, 1979).
// order lists them from the smallest on.
func holm(p []float64, order []int) []float64 {
	corrected := make([]float64, len(p))
	least := 0.0
	for rank, i := range order {
		least = max(least, min(1, p[i]*float64(len(p)-rank)))
		corrected[i] = least
	}
	return corrected
}
