package anonymity

import (
	"context"
	"fmt"
	"slices"
)

// A ColumnSet is a set of columns that tells records apart, none of which can
// be left out.
type ColumnSet struct {
	Columns []string
	Unique  int // records that it makes unique
	Records int
}

// MinimalSets returns all sets of up to size columns that make at least share
// of the records unique and of which no smaller part does. With share 1 they
// are the minimal unique column combinations. Adding a column never makes
// fewer records unique, so a set that is enough is not looked into further.
func (t *Table) MinimalSets(cols []*Column, size int, share float64) []ColumnSet {
	s := &setSearch{table: t.reduced(cols), cols: cols}
	for r := range t.records(cols) {
		s.records += r.n
	}
	s.need = max(1, int(share*float64(s.records)+0.999999))
	level := [][]int{{}}
	for depth := 1; depth <= size && len(level) > 0; depth++ {
		level = s.deepen(level)
	}
	return s.found
}

// reduced returns a table in memory with one row for each record, which is
// faster to search; on disk it is left as it is.
func (t *Table) reduced(cols []*Column) *Table {
	subject := t.One(Subject)
	if t.store != nil || subject == nil {
		return t
	}
	lanes := []lane{t.lane(Key{Column: subject})}
	for _, k := range t.lower(keysOf(cols)) {
		lanes = append(lanes, t.lane(k))
	}
	rows := t.all()
	kept := rows[:0]
	for _, row := range rows {
		if len(kept) == 0 || !same(kept[len(kept)-1], row, lanes) {
			kept = append(kept, row)
		}
	}
	return t.pick(kept)
}

type setSearch struct {
	table   *Table
	cols    []*Column
	records int
	need    int // unique records that are enough
	minimal [][]int
	found   []ColumnSet
}

// deepen returns the sets of one more column that are not enough, and keeps
// those that are.
func (s *setSearch) deepen(level [][]int) [][]int {
	var next [][]int
	for _, set := range level {
		first := 0
		if len(set) > 0 {
			first = set[len(set)-1] + 1
		}
		for c := first; c < len(s.cols); c++ {
			larger := append(slices.Clone(set), c)
			if s.covered(larger) {
				continue
			}
			unique := s.unique(larger)
			if unique < s.need {
				next = append(next, larger)
				continue
			}
			s.minimal = append(s.minimal, larger)
			found := ColumnSet{Unique: unique, Records: s.records}
			for _, i := range larger {
				found.Columns = append(found.Columns, s.cols[i].Name)
			}
			s.found = append(s.found, found)
		}
	}
	return next
}

// covered reports whether a set contains one that is enough.
func (s *setSearch) covered(set []int) bool {
	return slices.ContainsFunc(s.minimal, func(m []int) bool {
		return !slices.ContainsFunc(m, func(c int) bool { return !slices.Contains(set, c) })
	})
}

// unique counts the records that are alone in the columns of a set. A subject
// with several records that are equal there counts as one record.
func (s *setSearch) unique(set []int) int {
	var cols, rest []*Column
	for i, c := range s.cols {
		if c = s.table.Column(c.Name); slices.Contains(set, i) {
			cols = append(cols, c)
		} else {
			rest = append(rest, c)
		}
	}
	unique, size, who, several := 0, 0, int64(0), false
	closed := func() {
		if !several {
			unique += size
		}
		size, several = 0, false
	}
	for r := range s.table.records(cols, rest...) {
		if r.first {
			closed()
		}
		several = several || size > 0 && (r.subject < 0 || r.subject != who) || r.n > 1
		size += r.n
		who = r.subject
	}
	closed()
	return unique
}

// shares of records that a set has to make unique, to be told.
var enough = []float64{1, 0.9, 0.5}

// maxSets is how many sets are shown for each share.
const maxSets = 20

// maxWork bounds the search: rows times sets.
const maxWork = 2e9

// affordable returns the size of sets up to which the search stays in bounds.
func (s *study) affordable(cols int) int {
	sets, work := 1.0, 0.0
	for size := 1; size <= s.MaxSet; size++ {
		sets *= float64(cols-size+1) / float64(size)
		if work += sets * float64(s.Rows); work > maxWork {
			return size - 1
		}
	}
	return s.MaxSet
}

func measureColumns(_ context.Context, s *study) (Result, error) {
	cols := s.With(Quasi, Sensitive)
	if len(cols) == 0 {
		return Result{}, skip("no column is a quasi-identifier or sensitive")
	}
	const most = 24 // columns; more would take sets without end
	var r Result
	if len(cols) > most {
		r.Notes = append(r.Notes, fmt.Sprintf("Only the first %d of %d columns were searched.", most, len(cols)))
		cols = cols[:most]
	}
	size := s.affordable(len(cols))
	if size < s.MaxSet {
		r.Notes = append(r.Notes, fmt.Sprintf("The search stopped at sets of %d columns: larger ones would take too long on %s rows.", size, thousands(s.Rows)))
	}
	for _, share := range enough {
		g := Grid{
			Title: fmt.Sprintf("Smallest sets of up to %d columns that make %.0f %% of the records unique", size, 100*share),
			Head:  []string{"columns", "unique records", "share"},
		}
		sets := s.MinimalSets(cols, size, share)
		for _, set := range sets[:min(len(sets), maxSets)] {
			g.Rows = append(g.Rows, []string{series(set.Columns), thousands(set.Unique), percent(float64(set.Unique)/float64(set.Records)) + " %"})
		}
		r.Figures = append(r.Figures, Figure{
			ID: fmt.Sprintf("sets/%.0f", 100*share), Name: fmt.Sprintf("Minimal column sets that make %.0f %% of the records unique", 100*share), Value: Number(len(sets)),
		})
		if len(sets) > maxSets {
			r.Notes = append(r.Notes, fmt.Sprintf("%d of %d sets are shown.", maxSets, len(sets)))
		}
		if len(g.Rows) > 0 {
			r.Grids = append(r.Grids, g)
		}
	}
	return r, nil
}
