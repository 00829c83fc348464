package anonymity

import (
	"context"
	"fmt"
	"math"
)

// A Sample is what the estimators of population uniques start from.
type Sample struct {
	Sizes      map[int]int // number of classes of each size
	Records    int         // n, in the sample
	Population int         // N
}

func (s Sample) fraction() float64 { return float64(s.Records) / float64(s.Population) }

func (s Sample) classes() float64 {
	n := 0
	for _, k := range s.Sizes {
		n += k
	}
	return float64(n)
}

// sum adds f over the sizes from the smallest one, so that it does not depend
// on the order of the map. f gets a size and the number of classes of it.
func (s Sample) sum(f func(size, classes float64) float64) float64 {
	sizes := make(map[int]float64, len(s.Sizes))
	for size, n := range s.Sizes {
		sizes[size] = float64(n)
	}
	total := 0.0
	for _, size := range sortedKeys(sizes) {
		total += f(float64(size), sizes[size])
	}
	return total
}

// Zayatz estimates the number of population uniques (Zayatz 1991; formula of
// Dankar 2012). It takes the sizes of the sample's classes for those of the
// population's, and so overestimates in small samples.
func (s Sample) Zayatz() float64 {
	single := float64(s.Sizes[1])
	if single == 0 {
		return 0
	}
	u := s.classes()
	all := s.sum(func(size, classes float64) float64 { return classes / u * s.once(size) })
	return single * (single / u * s.once(1) / all) / s.fraction()
}

// once returns the probability that of a class of the population exactly one
// record is in the sample.
func (s Sample) once(size float64) float64 {
	n, total := float64(s.Records), float64(s.Population)
	if n-1 > total-size { // the sample must hold more than one
		return 0
	}
	return math.Exp(math.Log(size) + logChoose(total-size, n-1) - logChoose(total, n))
}

// Pitman estimates the number of population uniques by Pitman's sampling
// formula, fitted by maximum likelihood (Hoshino 2001). It is made for small
// samples; ok is false if the fit does not converge.
func (s Sample) Pitman() (uniques float64, ok bool) {
	theta, alpha := s.pitmanStart()
	for range 100 {
		f, j := s.pitmanEquations(theta, alpha)
		dt, da, solvable := solve2(j, f)
		if !solvable {
			return 0, false
		}
		theta, alpha = theta-dt, alpha-da
		if math.IsNaN(theta) || alpha >= 1 || theta <= -alpha {
			return 0, false
		}
		if math.Hypot(dt, da) < 1e-9*(1+math.Abs(theta)) {
			a, _ := math.Lgamma(theta + 1)
			b, _ := math.Lgamma(theta + alpha)
			return min(float64(s.Population), math.Exp(a-b+alpha*math.Log(float64(s.Population)))), alpha > 0
		}
	}
	return 0, false
}

// pitmanStart returns the first guess, from the classes of one and two.
func (s Sample) pitmanStart() (theta, alpha float64) {
	n, u, c1 := float64(s.Records), s.classes(), float64(s.Sizes[1])
	c2 := max(1, float64(s.Sizes[2]))
	c := c1 * (c1 - 1) / c2
	theta = (n*u*c - c1*(n-1)*(2*u+c)) / (2*c1*u + c1*c - n*c)
	alpha = (theta*(c1-n) + (n-1)*c1) / (n * u)
	return theta, alpha
}

// pitmanEquations returns the two likelihood equations, which are zero at the
// estimate, and their derivatives by theta and alpha.
func (s Sample) pitmanEquations(theta, alpha float64) (f [2]float64, j [2][2]float64) {
	for i := 1; i < int(s.classes()); i++ {
		d := theta + float64(i)*alpha
		f[0] += 1 / d
		f[1] += float64(i) / d
		j[0][0] -= 1 / (d * d)
		j[0][1] -= float64(i) / (d * d)
		j[1][1] -= float64(i) * float64(i) / (d * d)
	}
	j[1][0] = j[0][1]
	for i := 1; i < s.Records; i++ {
		d := theta + float64(i)
		f[0] -= 1 / d
		j[0][0] += 1 / (d * d)
	}
	largest := 0
	for size := range s.Sizes {
		largest = max(largest, size)
	}
	first, second := 0.0, 0.0 // sums of 1/(i-alpha) and its derivative, up to the size
	done := 1
	s.sum(func(size, classes float64) float64 {
		for ; done < int(size); done++ {
			d := float64(done) - alpha
			first += 1 / d
			second += 1 / (d * d)
		}
		f[1] -= classes * first
		j[1][1] -= classes * second
		return 0
	})
	return f, j
}

// SNB estimates the number of population uniques by the shifted negative
// binomial model (Chen and Keller-McNulty 1998): a class of the population has
// one record and a negative binomial number of others. It fits the classes of
// one and two in a sample in which each record is with the same probability;
// the number of classes in the population is estimated by [Sample.Shlosser].
// ok is false if there is no fit.
func (s Sample) SNB() (uniques float64, ok bool) {
	k := s.Shlosser()
	alpha, beta, ok := s.SolveSNB(k)
	if !ok {
		return 0, false
	}
	return k * math.Pow(beta, alpha), true
}

// Shlosser estimates the number of classes in the population by the modified
// estimator of Shlosser (Haas and Stokes 1998).
func (s Sample) Shlosser() float64 {
	f := s.fraction()
	if f >= 1 {
		return s.classes()
	}
	twice := s.sum(func(i, n float64) float64 { return i * f * f * math.Pow(1-f*f, i-1) * n })
	grown := s.sum(func(i, n float64) float64 { return math.Pow(1-f, i) * (math.Pow(1+f, i) - 1) * n })
	unseen := s.sum(func(i, n float64) float64 { return math.Pow(1-f, i) * n })
	once := s.sum(func(i, n float64) float64 { return i * f * math.Pow(1-f, i-1) * n })
	if grown == 0 || once == 0 {
		return s.classes()
	}
	return s.classes() + float64(s.Sizes[1])*twice/grown*(unseen/once)*(unseen/once)
}

// SolveSNB returns the parameters for which the shifted negative binomial
// model expects c1 classes of one and c2 of two in a sample of fraction f out
// of k classes. There can be several; then it is the one that expects a sample
// of nearest to n records. For each beta, c1 gives up to two alphas, one on each
// side of the peak; on both sides beta is found on a grid and by halving.
func (s Sample) SolveSNB(k float64) (alpha, beta float64, ok bool) {
	f, c1 := s.fraction(), float64(s.Sizes[1])
	if f <= 0 || f >= 1 || c1 <= 0 || k <= 0 {
		return 0, 0, false
	}
	off := math.Inf(1)
	for _, rising := range []bool{false, true} {
		at := func(beta float64) (float64, bool) { return snbAlpha(k, f, c1, beta, rising) }
		for _, b := range s.snbRoots(k, at) {
			a, _ := at(b)
			if d := math.Abs(f*k*(1+a*(1-b)/b) - float64(s.Records)); d < off {
				alpha, beta, off, ok = a, b, d, true
			}
		}
	}
	return alpha, beta, ok
}

// snbRoots returns the betas for which c2 fits too, with the alpha that at
// gives.
func (s Sample) snbRoots(k float64, at func(beta float64) (alpha float64, ok bool)) []float64 {
	miss := func(beta float64) float64 {
		a, ok := at(beta)
		if !ok {
			return math.NaN()
		}
		_, two := snbExpected(k, s.fraction(), a, beta)
		return two - float64(s.Sizes[2])
	}
	const steps = 2000
	var roots []float64
	last := math.NaN()
	for i := 1; i < steps; i++ {
		from, to := float64(i-1)/steps, float64(i)/steps
		m := miss(to)
		if !math.IsNaN(m) && !math.IsNaN(last) && (m < 0) != (last < 0) {
			sign := 1.0
			if m < 0 {
				sign = -1
			}
			roots = append(roots, from+bisect(func(x float64) float64 { return sign * miss(from+x/steps) })/steps)
		}
		last = m
	}
	return roots
}

// snbAlpha returns the alpha for which c1 classes of one are expected, on one
// side of the alpha for which most are.
func snbAlpha(k, f, c1, beta float64, rising bool) (alpha float64, ok bool) {
	const far = 1e4
	one := func(a float64) float64 { e, _ := snbExpected(k, f, a, beta); return e }
	d := (1 - f) * (1 - beta)
	peak := max(0, -1/math.Log(beta/(1-d))-(1-d)/d)
	if rising {
		if one(0) > c1 || one(peak) < c1 {
			return 0, false
		}
		return peak * bisect(func(x float64) float64 { return one(peak*x) - c1 }), true
	}
	if one(peak) < c1 || one(peak+far) > c1 {
		return 0, false
	}
	return peak + far*bisect(func(x float64) float64 { return c1 - one(peak+far*x) }), true
}

// snbExpected returns how many classes of one and of two a sample has, from
// the generating function of the negative binomial distribution.
func snbExpected(k, f, alpha, beta float64) (one, two float64) {
	d := (1 - f) * (1 - beta)
	m := k * math.Pow(beta/(1-d), alpha)
	one = f * m * (1 + alpha*d/(1-d))
	two = f * f / 2 * m * alpha * (1 - beta) / ((1 - d) * (1 - d)) * (2 - (1-alpha)*d)
	return one, two
}

// solve2 returns the x for which j·x = f.
func solve2(j [2][2]float64, f [2]float64) (x, y float64, ok bool) {
	det := j[0][0]*j[1][1] - j[0][1]*j[1][0]
	if det == 0 || math.IsNaN(det) {
		return 0, 0, false
	}
	return (f[0]*j[1][1] - f[1]*j[0][1]) / det, (j[0][0]*f[1] - j[1][0]*f[0]) / det, true
}

// Uniques estimates the number of population uniques by the decision rule of
// Dankar (2012), and says which model it chose.
func (s Sample) Uniques() (uniques float64, model string) {
	switch {
	case s.Sizes[1] == 0:
		return 0, "none: the sample has no unique record"
	case s.Records >= s.Population:
		return float64(s.Sizes[1]), "counted: the sample is the population"
	case s.fraction() <= 0.1:
		if u, ok := s.Pitman(); ok {
			return u, "Pitman"
		}
		return s.Zayatz(), "Zayatz, as Pitman did not converge"
	}
	zayatz := s.Zayatz()
	if u, ok := s.SNB(); ok && u < zayatz {
		return u, "SNB"
	}
	return zayatz, "Zayatz"
}

// meanRisk is the mean of the individual risks, each record standing for
// equally many people.
func (s Sample) meanRisk() float64 {
	return s.sum(func(size, classes float64) float64 {
		return size * classes * IndividualRisk(int(size), size/s.fraction())
	}) / float64(s.Records)
}

func measurePopulation(_ context.Context, s *study) (Result, error) {
	cols, err := s.known()
	if err != nil {
		return Result{}, err
	}
	u := s.Unique(cols, s.K)
	if s.Population == 0 {
		return Result{}, skip("the size of the population is not known; give it with --population")
	}
	if s.Population < u.Records {
		return Result{}, skip("the population of %d is smaller than the %d records of the data", s.Population, u.Records)
	}
	sample := Sample{Sizes: u.Sizes, Records: u.Records, Population: s.Population}
	uniques, model := sample.Uniques()
	n := float64(s.Population)
	r := Result{
		Figures: []Figure{
			{ID: "uniques", Name: "People who are unique in the population", Value: Number(uniques / n), Unit: "share", Note: model},
			{ID: "risk", Name: "Mean individual risk of a record", Value: Number(sample.meanRisk()), Note: "Benedetti and Franconi, equal weights"},
		},
		Notes: []string{fmt.Sprintf("The data is taken for a random sample of %.2g %% of the population.", 100*sample.fraction())},
	}
	g := Grid{Title: "Estimates of the share of people who are unique in the population", Head: []string{"model", "share", "made for"}}
	g.Rows = append(g.Rows, []string{"Zayatz", percent(sample.Zayatz()/n) + " %", "larger samples; else too high"})
	for _, m := range []struct {
		name, use string
		of        func() (float64, bool)
	}{
		{"Pitman", "samples of 10 % and less", sample.Pitman},
		{"SNB", "samples of more than 10 %", sample.SNB},
	} {
		cell := "no fit"
		if x, ok := m.of(); ok {
			cell = percent(min(1, x/n)) + " %"
		}
		g.Rows = append(g.Rows, []string{m.name, cell, m.use})
	}
	r.Grids = []Grid{g}
	return r, nil
}
