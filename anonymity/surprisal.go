package anonymity

import (
	"context"
	"fmt"
	"math"
)

// A Surprise says how much a column tells about a subject, in bits.
type Surprise struct {
	Column  string
	Values  int     // distinct, without the missing one
	Missing int     // records
	Mean    float64 // entropy: the mean of -log2 of a value's share
	Max     float64 // of the rarest value
}

// Surprises returns the surprisal of each column given, over the records: what
// a subject shows in a column counts once (Eckersley 2010).
func (t *Table) Surprises(cols []*Column) []Surprise {
	list := make([]Surprise, 0, len(cols))
	for _, c := range cols {
		s := Surprise{Column: c.Name}
		none := int64(c.missing())
		sizes := make(map[int]int)
		n, size := 0, 0
		for r := range t.records([]*Column{c}) {
			if r.first && size > 0 {
				sizes[size]++
				size = 0
			}
			size += r.n
			n += r.n
			if r.values[0] == none {
				s.Missing += r.n
			}
		}
		if size > 0 {
			sizes[size]++
		}
		for size, classes := range sizes {
			s.Values += classes
			s.Max = max(s.Max, math.Log2(float64(n)/float64(size)))
		}
		if s.Missing > 0 {
			s.Values--
		}
		s.Mean = bitsOf(sizes)
		list = append(list, s)
	}
	return list
}

func measureSurprisal(_ context.Context, s *study) (Result, error) {
	cols := s.With(Mode, Item, Identifier, Quasi, Sensitive)
	if len(cols) == 0 {
		return Result{}, skip("no column has a role that an attacker could use")
	}
	n := s.CountSubjects()
	if n == 0 {
		return Result{}, skip("no row has a subject")
	}
	g := Grid{Title: "What one value tells, in bits", Head: []string{"column", "role", "values", "missing", "mean", "rarest value"}}
	r := Result{Figures: []Figure{{
		ID: "needed", Name: "Bits that tell all subjects apart", Value: Number(math.Log2(float64(n))), Unit: "bits",
	}}}
	for i, x := range s.Surprises(cols) {
		g.Rows = append(g.Rows, []string{
			x.Column, string(cols[i].Role), thousands(x.Values), thousands(x.Missing), fmt.Sprintf("%.2f", x.Mean), fmt.Sprintf("%.2f", x.Max),
		})
		r.Figures = append(r.Figures, Figure{ID: "entropy/" + x.Column, Name: "Entropy of " + x.Column, Value: Number(x.Mean), Unit: "bits"})
	}
	r.Grids = []Grid{g}
	return r, nil
}
