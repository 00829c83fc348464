package anonymity

import (
	"context"
	"fmt"
	"strings"
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
	in := make([]*Column, len(cols))
	for i, c := range cols {
		if in[i] = public.Column(c.Name); in[i] == nil {
			return Presence{}, fmt.Errorf("the public table has no column %q", c.Name)
		}
	}
	ours := t.counts(cols)
	p := Presence{Min: 1}
	theirs := public.counts(in)
	for key, n := range theirs {
		share := float64(ours[key]) / float64(n)
		p.Min, p.Max = min(p.Min, share), max(p.Max, share)
		p.Classes++
	}
	for key, n := range ours {
		if theirs[key] == 0 {
			p.Outside += n
		}
	}
	return p, nil
}

// counts counts the records of each class, by its values.
func (t *Table) counts(cols []*Column) map[string]int {
	g := t.records(cols)
	n := make(map[string]int, g.classes())
	for i := range g.classes() {
		rows := g.class(i)
		n[text(rows[0], cols)] = len(rows)
	}
	return n
}

// text writes the values of a row so that different rows have different texts.
func text(row uint32, cols []*Column) string {
	var b strings.Builder
	for _, c := range cols {
		v := c.Values[c.Codes[row]]
		fmt.Fprintf(&b, "%d:%s", len(v), v)
	}
	return b.String()
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
