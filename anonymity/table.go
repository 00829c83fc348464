package anonymity

import (
	"errors"
	"fmt"
	"iter"
	"slices"
)

// A Table is a data set, column by column: in memory, or in a [Store] if it
// does not fit there. In memory a row costs four bytes for each column that is
// kept, and each distinct value is kept once.
//
// A table may be a view of another: with columns left out or seen coarser, or
// with times and ids as a protection leaves them.
type Table struct {
	Columns []*Column
	Rows    int
	Times   []int64 // Unix seconds of each row; nil without a time column, and on disk
	Known   []bool  // whether the row's time could be read; nil: all could

	store       Store // has the rows, if memory does not
	like        *Builder
	bySubject   bool  // rows of a subject stand together, in the order of their codes
	hasTimes    bool  // on disk
	first, last int64 // times, on disk
	untimed     int   // on disk
	nobody      int   // on disk
	floor       int64 // times are known in steps of so many seconds; 0: exactly
	life        int64 // subjects get new ids every so many seconds; 0: never
}

// A Column holds one value of each row. That of the times has none: they are in
// the table.
type Column struct {
	Name   string
	Role   Role
	Values []string // the distinct values, in the order in which they first came; nil on disk
	Codes  []uint32 // for each row the index of its value in Values; nil on disk
	Place  int      // number of the column in its store

	form  Form // how exactly a view sees the values; "": as they are
	store Store
	size  int               // distinct values, on disk
	none  int               // code of the missing value, on disk
	known map[Form][]uint32 // what coarse made
}

// Missing reports whether a value counts as not given. Missing values are
// equal to each other and to nothing else.
func Missing(value string) bool { return value == "" }

// missing returns the code of the missing value, or -1.
func (c *Column) missing() int {
	if c.store != nil {
		return c.none
	}
	return slices.IndexFunc(c.Values, Missing)
}

// distinct returns the number of different values, with the missing one.
func (c *Column) distinct() int {
	if c.store != nil {
		return c.size
	}
	return len(c.Values)
}

// each yields the values as they are, in the order of their codes.
func (c *Column) each() iter.Seq[string] {
	if c.store != nil {
		return c.store.Values(c.Place)
	}
	return slices.Values(c.Values)
}

// any reports whether a value is of a kind.
func (c *Column) any(is func(string) bool) bool {
	for v := range c.each() {
		if is(v) {
			return true
		}
	}
	return false
}

// value returns the value of a code.
func (c *Column) value(code int64) string {
	i := int64(0)
	for v := range c.each() {
		if i == code {
			return v
		}
		i++
	}
	return ""
}

// Column returns the column of a name, or nil.
func (t *Table) Column(name string) *Column {
	i := slices.IndexFunc(t.Columns, func(c *Column) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return t.Columns[i]
}

// One returns the first column with a role, or nil.
func (t *Table) One(role Role) *Column {
	if cols := t.With(role); len(cols) > 0 {
		return cols[0]
	}
	return nil
}

// With returns the columns that have one of the roles, in the table's order.
func (t *Table) With(roles ...Role) []*Column {
	var cols []*Column
	for _, c := range t.Columns {
		if slices.Contains(roles, c.Role) {
			cols = append(cols, c)
		}
	}
	return cols
}

// Check returns an error if the roles do not go together or the columns are
// not of one length.
func (t *Table) Check() error {
	if t.Rows == 0 {
		return errors.New("the data set has no rows")
	}
	for _, role := range single {
		if cols := t.With(role); len(cols) > 1 {
			return fmt.Errorf("the columns %q and %q are both %s; there can be one", cols[0].Name, cols[1].Name, role)
		}
	}
	for _, c := range t.Columns {
		if c.store == nil && c.Role != Time && len(c.Codes) != t.Rows {
			return fmt.Errorf("the column %q has %d values in %d rows", c.Name, len(c.Codes), t.Rows)
		}
	}
	return nil
}

// CountSubjects returns how many subjects the table has; a missing one does
// not count.
func (t *Table) CountSubjects() int {
	c := t.One(Subject)
	if c == nil {
		return t.Rows
	}
	if c.missing() >= 0 {
		return c.distinct() - 1
	}
	return c.distinct()
}

// Nobody returns how many rows have no subject.
func (t *Table) Nobody() int {
	c := t.One(Subject)
	if t.store != nil || c == nil {
		return t.nobody
	}
	none, n := c.missing(), 0
	for _, code := range c.Codes {
		if int(code) == none {
			n++
		}
	}
	return n
}

// Untimed returns how many rows have a time that could not be read.
func (t *Table) Untimed() int {
	n := t.untimed
	for _, known := range t.Known {
		if !known {
			n++
		}
	}
	return n
}

// timely reports whether the table has times.
func (t *Table) timely() bool { return t.Times != nil || t.hasTimes }

// arrange orders the rows by subject. Their order means nothing, and what is
// counted by subject then takes little memory.
func (t *Table) arrange() {
	c := t.One(Subject)
	if c == nil || t.bySubject || t.store != nil {
		return
	}
	l := t.lane(Key{Column: c})
	order := sortRows(t.all(), []lane{l})
	for _, c := range t.Columns {
		c.Codes = ordered(c.Codes, order)
	}
	t.Times, t.Known = ordered(t.Times, order), ordered(t.Known, order)
	t.bySubject = true
}

// ordered returns a list in an order, nil for none.
func ordered[T any](list []T, order []uint32) []T {
	if list == nil {
		return nil
	}
	to := make([]T, len(order))
	for i, row := range order {
		to[i] = list[row]
	}
	return to
}

// all returns the numbers of all rows.
func (t *Table) all() []uint32 {
	rows := make([]uint32, t.Rows)
	for i := range rows {
		rows[i] = uint32(i)
	}
	return rows
}

// pick returns a table of some rows, in ascending order. The columns share their
// values with t.
func (t *Table) pick(rows []uint32) *Table {
	p := t.copyOf()
	p.Rows = len(rows)
	for i, c := range t.Columns {
		picked := *c
		picked.Codes = ordered(c.Codes, rows)
		p.Columns[i] = &picked
	}
	p.Times, p.Known = ordered(t.Times, rows), ordered(t.Known, rows)
	return p
}

// timed reports whether the row has a time.
func (t *Table) timed(row int) bool { return t.Times != nil && (t.Known == nil || t.Known[row]) }
