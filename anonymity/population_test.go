package anonymity_test

import (
	"encoding/csv"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"telltale/anonymity"
)

// Where each class of the sample has one record, Zayatz takes all people for
// unique; where none has, nobody.
func TestZayatzClosed(t *testing.T) {
	s := anonymity.Sample{Sizes: map[int]int{1: 50}, Records: 50, Population: 1000}
	if got := s.Zayatz(); math.Abs(got-1000) > 1e-6 {
		t.Errorf("all alone: %v, want 1000", got)
	}
	s = anonymity.Sample{Sizes: map[int]int{2: 25}, Records: 50, Population: 1000}
	if got := s.Zayatz(); got != 0 {
		t.Errorf("none alone: %v, want 0", got)
	}
	// Two classes of one and one of two, half of ten people. Exactly one of a
	// pair is in a sample of 5 of 10 with 5·5/45 = 5/9, one of one with 1/2.
	s = anonymity.Sample{Sizes: map[int]int{1: 3, 2: 1}, Records: 5, Population: 10}
	want := 3 * (3. / 4 * 1 / 2) / (3./4*1/2 + 1./4*5/9) / 0.5
	if got := s.Zayatz(); math.Abs(got-want) > 1e-9 {
		t.Errorf("%v, want %v", got, want)
	}
}

// pitman draws class sizes by Pitman's process: the next record opens a class
// with a probability that grows with alpha times the number of classes.
func pitman(theta, alpha float64, n int, rng *rand.Rand) []int {
	var sizes []int
	for i := range n {
		x := rng.Float64() * (float64(i) + theta)
		if x < theta+alpha*float64(len(sizes)) {
			sizes = append(sizes, 1)
			continue
		}
		x -= theta + alpha*float64(len(sizes))
		for j := range sizes {
			if x -= float64(sizes[j]) - alpha; x < 0 || j == len(sizes)-1 {
				sizes[j]++
				break
			}
		}
	}
	return sizes
}

// A population drawn from the model: the estimate from a sample of a twentieth
// is near the true number of uniques.
func TestPitmanRecovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	const population, records = 20_000, 1_000
	classes := pitman(50, 0.6, population, rng)
	unique := 0
	var people []int // the class of each person
	for class, size := range classes {
		if size == 1 {
			unique++
		}
		for range size {
			people = append(people, class)
		}
	}
	rng.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
	in := make(map[int]int)
	for _, class := range people[:records] {
		in[class]++
	}
	sizes := make(map[int]int)
	for _, n := range in {
		sizes[n]++
	}
	s := anonymity.Sample{Sizes: sizes, Records: records, Population: population}
	got, ok := s.Pitman()
	if !ok || math.Abs(got/float64(unique)-1) > 0.2 {
		t.Errorf("%v uniques (fit: %v), want %d within a fifth", got, ok, unique)
	}
	if u, model := s.Uniques(); u != got || model != "Pitman" {
		t.Errorf("the rule chose %s with %v", model, u)
	}
}

// expected sums the shifted negative binomial model over the sizes of classes,
// and for each the chance that one or two records are in the sample.
func expected(k, f, alpha, beta float64) (one, two float64) {
	p := math.Pow(beta, alpha) // of size 1
	for size := 1; size < 4000; size++ {
		n := float64(size)
		one += k * p * n * f * math.Pow(1-f, n-1)
		two += k * p * n * (n - 1) / 2 * f * f * math.Pow(1-f, n-2)
		p *= (alpha + n - 1) / n * (1 - beta)
	}
	return one, two
}

// The parameters are found again from what the model expects, summed without
// the closed form. Counts are whole numbers, so that many classes are taken.
func TestSNBRecovers(t *testing.T) {
	for _, c := range []struct{ k, f, alpha, beta float64 }{
		{1e6, 0.3, 1.5, 0.4}, {5e6, 0.5, 0.8, 0.3}, {2e6, 0.2, 3, 0.6},
	} {
		one, two := expected(c.k, c.f, c.alpha, c.beta)
		people := c.k * (1 + c.alpha*(1-c.beta)/c.beta)
		s := anonymity.Sample{Sizes: map[int]int{1: int(one), 2: int(two)}, Records: int(c.f * people), Population: int(people)}
		alpha, beta, ok := s.SolveSNB(c.k)
		if !ok || math.Abs(alpha/c.alpha-1) > 0.01 || math.Abs(beta/c.beta-1) > 0.01 {
			t.Errorf("%+v: alpha %v, beta %v, %v", c, alpha, beta, ok)
		}
	}
	s := anonymity.Sample{Sizes: map[int]int{1: 100, 2: 1}, Records: 102, Population: 204}
	for _, k := range []float64{0, 10} {
		if _, _, ok := s.SolveSNB(k); ok {
			t.Errorf("%v classes cannot give 100 of one", k)
		}
	}
}

// A sample that is the population is counted, and one without uniques has none.
func TestUniquesEdges(t *testing.T) {
	s := anonymity.Sample{Sizes: map[int]int{1: 3, 2: 1}, Records: 5, Population: 5}
	if got, _ := s.Uniques(); got != 3 {
		t.Errorf("%v, want 3", got)
	}
	if got := s.Shlosser(); got != 4 {
		t.Errorf("%v classes, want 4", got)
	}
	s = anonymity.Sample{Sizes: map[int]int{5: 1}, Records: 5, Population: 50}
	if got, _ := s.Uniques(); got != 0 {
		t.Errorf("%v, want 0", got)
	}
	for _, sizes := range []map[int]int{{1: 1}, {1: 2}, {1: 1, 2: 1}, {1: 1, 4: 1}} {
		n := 0
		for size, k := range sizes {
			n += size * k
		}
		s := anonymity.Sample{Sizes: sizes, Records: n, Population: 1000}
		if got, model := s.Uniques(); math.IsNaN(got) || got < 0 || got > 1000.001 {
			t.Errorf("%v: %v by %s", sizes, got, model)
		}
	}
}

// arxFile names a copy of data/adult.csv of ARX (30,162 rows).
const arxFile = "TELLTALE_ARX_ADULTS"

// The figures of ARX's tests (TestRiskMetrics.java) for its adults table.
func TestPopulationARX(t *testing.T) {
	path := os.Getenv(arxFile)
	if path == "" {
		t.Skip("set " + arxFile + " to data/adult.csv of ARX")
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma = ';'
	list, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	cols := make([]anonymity.Column, len(list[0]))
	for i, name := range list[0] {
		cols[i] = anonymity.Column{Name: name, Role: anonymity.Quasi}
	}
	tab := build(t, cols, list[1:])
	u := tab.Unique(tab.With(anonymity.Quasi), 2)
	near := func(name string, got, want float64) {
		if math.Abs(got-want) > 5e-5 {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	near("average risk", u.Correctness(), 0.6465751607983555)
	near("uniqueness", u.Share(), 0.5142895033485844)
	for fraction, want := range map[float64]float64{0.1: 0.27684993883653597, 0.01: 0.1446083531167384} {
		s := anonymity.Sample{Sizes: u.Sizes, Records: u.Records, Population: int(float64(u.Records) / fraction)}
		got, ok := s.Pitman()
		if !ok {
			t.Errorf("Pitman at %v: no fit", fraction)
		}
		near("Pitman", got/float64(s.Population), want)
	}
	s := anonymity.Sample{Sizes: u.Sizes, Records: u.Records, Population: u.Records * 10}
	near("Zayatz", s.Zayatz()/float64(s.Population), 0.3207402393466189)
}
