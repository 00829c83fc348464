package anonymity

import (
	"context"
	"fmt"
)

// A Presence bounds how surely one can tell of a person in a public table that
// she is in the data set (delta-presence; Nergiz 2007).
type Presence struct {
	Min, Max float64 // over the classes of the public table: records of the data set by records of the class
	Classes  int
	Outside  int // records of the data set whose values the public table does not have
}

// Present compares a data set with the public table that it is a part of, over
// columns that both have. A share above one means that the data set is no part
// of the public table.
func (t *Table) Present(public *Table, cols []*Column) (Presence, error) {
	columns := []Column{{Name: "from", Role: Mode}}
	for _, c := range cols {
		columns = append(columns, Column{Name: c.Name, Role: Quasi})
	}
	builder := t.another(columns)
	for i, from := range []*Table{t, public} {
		in := make([]*Column, len(cols))
		for j, c := range cols {
			if in[j] = from.Column(c.Name); in[j] == nil {
				return Presence{}, fmt.Errorf("the public table has no column %q", c.Name)
			}
		}
		keys, subject := keysOf(in), from.One(Subject)
		if subject != nil {
			keys = append(keys, Key{Column: subject, Need: true})
		}
		if err := from.pour(builder, sides[i], keys, subject != nil); err != nil {
			return Presence{}, err
		}
	}
	if builder.table.Rows == 0 {
		return Presence{Min: 1}, nil // nobody is in either
	}
	joined, err := builder.Table()
	if err != nil {
		return Presence{}, err
	}
	return joined.present(), joined.Err()
}

// present compares the rows of two tables that were put into one.
func (t *Table) present() Presence {
	p := Presence{Min: 1}
	var n [2]int
	closed := func() {
		if n[1] > 0 {
			share := float64(n[0]) / float64(n[1])
			p.Min, p.Max = min(p.Min, share), max(p.Max, share)
			p.Classes++
		} else {
			p.Outside += n[0]
		}
		n = [2]int{}
	}
	cols := t.With(Quasi)
	for r := range t.records(cols, t.One(Mode)) {
		if r.first {
			closed()
		}
		n[r.values[len(cols)]] += r.n
	}
	closed()
	return p
}

func measurePresence(_ context.Context, s *study) (Result, error) {
	if s.Public == nil {
		return Result{}, skip("no public table was given")
	}
	cols, err := s.known()
	if err != nil {
		return Result{}, err
	}
	p, err := s.Present(s.Public, cols)
	if err != nil {
		return Result{}, err
	}
	r := Result{Figures: []Figure{
		{ID: "delta/min", Name: "Least sure presence of someone in the public table", Value: Number(p.Min)},
		{ID: "delta/max", Name: "Surest presence of someone in the public table", Value: Number(p.Max)},
	}}
	if p.Outside > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d records are not in the public table, which bounds nothing for them.", p.Outside))
	}
	return r, nil
}
