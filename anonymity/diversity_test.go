package anonymity_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"telltale/anonymity"
)

// The example of Li, Li and Venkatasubramanian (2007), tables 3 and 4:
// salaries of 3k to 11k in three classes of three. For the class of 3k, 4k and
// 5k they compute a distance of 0.375, for that of 6k, 8k and 11k one of 0.167.
func TestClosenessOfLi(t *testing.T) {
	const head = "quasi:class,sensitive:salary\n"
	tab := table(t, head+"1,3\n1,4\n1,5\n2,6\n2,11\n2,8\n3,7\n3,9\n3,10")
	d := tab.Diverse(tab.With(anonymity.Quasi), tab.Column("salary"))
	if math.Abs(d.TOrdered-0.375) > 1e-12 || d.Distinct != 3 {
		t.Errorf("ordered distance %v of %d values, want 0.375 of 3", d.TOrdered, d.Distinct)
	}
	tab = table(t, head+"1,6\n1,8\n1,11\n2,3\n2,5\n2,9\n3,4\n3,7\n3,10")
	if d = tab.Diverse(tab.With(anonymity.Quasi), tab.Column("salary")); math.Abs(d.TOrdered-1./6) > 1e-12 {
		t.Errorf("ordered distance %v, want 0.167", d.TOrdered)
	}
}

// The 3-diverse table of inpatients of Machanavajjhala and others (2007), and
// what its worst class has of each measure by hand.
func TestDiversityOfInpatients(t *testing.T) {
	tab := table(t, `quasi:class,sensitive:condition
		1,heart
		1,viral
		1,cancer
		1,cancer
		2,cancer
		2,heart
		2,viral
		2,viral
		3,heart
		3,viral
		3,cancer
		3,cancer`)
	d := tab.Diverse(tab.With(anonymity.Quasi), tab.Column("condition"))
	entropy := math.Exp(-(0.5*math.Log(0.5) + 2*0.25*math.Log(0.25)))
	if d.Distinct != 3 || math.Abs(d.Entropy-entropy) > 1e-12 || d.Recursive != 1 || !math.IsNaN(d.TOrdered) {
		t.Errorf("%+v, want 3 values, entropy l %v, recursive c 1, no order", d, entropy)
	}
}

// Each measure computed again, in the words of its definition.
func TestDiversityBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cols := []anonymity.Column{{Name: "q", Role: anonymity.Quasi}, {Name: "s", Role: anonymity.Sensitive}}
		var list [][]string
		for range rapid.IntRange(1, 12).Draw(t, "rows") {
			list = append(list, []string{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "q"), rapid.SampledFrom([]string{"1", "2", "10"}).Draw(t, "s")})
		}
		tab := build(t, cols, list)
		got := tab.Diverse(tab.With(anonymity.Quasi), tab.Column("s"))
		share := func(class, value string) float64 {
			in, n := 0.0, 0.0
			for _, row := range list {
				if class == "" || row[0] == class {
					n++
					if row[1] == value {
						in++
					}
				}
			}
			return in / n
		}
		var values []string
		for _, v := range []string{"1", "2", "10"} { // in their order
			if share("", v) > 0 {
				values = append(values, v)
			}
		}
		var equal, ordered, beta, disclosure float64
		for _, class := range []string{"a", "b"} {
			if !strings.Contains(strings.Join(classesOf(list), ""), class) {
				continue
			}
			half, prefix, moved := 0.0, 0.0, 0.0
			for _, v := range values {
				q, p := share(class, v), share("", v)
				half += math.Abs(q-p) / 2
				prefix += q - p
				moved += math.Abs(prefix)
				if q > 0 {
					beta = max(beta, (q-p)/p)
					disclosure = max(disclosure, math.Abs(math.Log(q/p)))
				}
			}
			equal = max(equal, half)
			ordered = max(ordered, moved/math.Max(1, float64(len(values)-1)))
		}
		for i, pair := range [][2]float64{{got.TEqual, equal}, {got.TOrdered, ordered}, {got.Beta, beta}, {got.Disclosure, disclosure}} {
			if math.Abs(pair[0]-pair[1]) > 1e-9 {
				t.Fatalf("measure %s: %v, want %v", strconv.Itoa(i), pair[0], pair[1])
			}
		}
		if got.Enhanced > got.Beta {
			t.Fatalf("enhanced beta %v is above basic beta %v", got.Enhanced, got.Beta)
		}
	})
}

func classesOf(list [][]string) []string {
	var c []string
	for _, row := range list {
		c = append(c, row[0])
	}
	return c
}

// Of the seven people of a public table by country and age, four are in the
// data set: a share of 1/2 in the first class and of 2/3 in the second.
func TestPresence(t *testing.T) {
	const head = "quasi:country,quasi:age\n"
	public := table(t, head+"x,1\nx,1\nx,1\nx,1\ny,2\ny,2\ny,2")
	data := table(t, head+"x,1\nx,1\ny,2\ny,2")
	p, err := data.Present(public, data.With(anonymity.Quasi))
	if err != nil {
		t.Fatal(err)
	}
	if p.Min != 0.5 || math.Abs(p.Max-2./3) > 1e-12 || p.Classes != 2 || p.Outside != 0 {
		t.Errorf("%+v, want 1/2 to 2/3 in 2 classes", p)
	}
	data = table(t, head+"x,1\nz,1")
	if p, err = data.Present(public, data.With(anonymity.Quasi)); err != nil || p.Min != 0 || p.Outside != 1 {
		t.Errorf("%+v, %v, want nobody of the second class and one outside", p, err)
	}
	if _, err = data.Present(table(t, "quasi:country\nx"), data.With(anonymity.Quasi)); err == nil {
		t.Error("a public table without the columns bounds nothing")
	}
}
