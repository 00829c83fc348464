package anonymity

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Table is a data set in memory, column by column. A row costs four bytes
// for each column that is kept, and each distinct value is kept once.
type Table struct {
	Columns []*Column
	Rows    int
	Times   []int64 // Unix seconds of each row; nil without a time column
	Known   []bool  // whether the row's time could be read; nil: all could
}

// A Column holds one value of each row.
type Column struct {
	Name   string
	Role   Role
	Values []string // the distinct values, in the order in which they first came
	Codes  []uint32 // for each row the index of its value in Values
}

// Missing reports whether a value counts as not given. Missing values are
// equal to each other and to nothing else.
func Missing(value string) bool { return value == "" }

// missing returns the code of the missing value, or -1.
func (c *Column) missing() int { return slices.IndexFunc(c.Values, Missing) }

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
		if len(c.Codes) != t.Rows {
			return fmt.Errorf("the column %q has %d values in %d rows", c.Name, len(c.Codes), t.Rows)
		}
	}
	return nil
}

// subjects returns for each row the code of its subject, -1 for a row without
// one, and the number of codes. Without a subject column each row is a subject
// of its own.
func (t *Table) subjects() (of []int32, n int) {
	of = make([]int32, t.Rows)
	c := t.One(Subject)
	if c == nil {
		for i := range of {
			of[i] = int32(i)
		}
		return of, t.Rows
	}
	none := c.missing()
	for i, code := range c.Codes {
		of[i] = int32(code) //nolint:gosec // see above
		if int(code) == none {
			of[i] = -1
		}
	}
	return of, len(c.Values)
}

// CountSubjects returns how many subjects the table has; a missing one does
// not count.
func (t *Table) CountSubjects() int {
	c := t.One(Subject)
	if c == nil {
		return t.Rows
	}
	if c.missing() >= 0 {
		return len(c.Values) - 1
	}
	return len(c.Values)
}

// Nobody returns how many rows have no subject.
func (t *Table) Nobody() int {
	of, _ := t.subjects()
	n := 0
	for _, s := range of {
		if s < 0 {
			n++
		}
	}
	return n
}

// pick returns a table of some rows. The columns share their values with t.
func (t *Table) pick(rows []uint32) *Table {
	p := &Table{Rows: len(rows)}
	for _, c := range t.Columns {
		codes := make([]uint32, len(rows))
		for i, row := range rows {
			codes[i] = c.Codes[row]
		}
		p.Columns = append(p.Columns, &Column{Name: c.Name, Role: c.Role, Values: c.Values, Codes: codes})
	}
	if t.Times != nil {
		p.Times = make([]int64, len(rows))
		for i, row := range rows {
			p.Times[i] = t.Times[row]
		}
	}
	if t.Known != nil {
		p.Known = make([]bool, len(rows))
		for i, row := range rows {
			p.Known[i] = t.Known[row]
		}
	}
	return p
}

// timed reports whether the row has a time.
func (t *Table) timed(row int) bool { return t.Times != nil && (t.Known == nil || t.Known[row]) }

// A Builder makes a table row by row, within a memory budget.
type Builder struct {
	Memory int64          // bytes that the table may take; 0: no bound
	Zone   *time.Location // of times that name none; nil: UTC

	table Table
	index []map[string]uint32
	bytes int64
	time  *Column
	first string // the first time that could not be read
	bad   int
	stamp map[uint32]instant
}

// ErrMemory means that a table does not fit its budget.
var ErrMemory = errors.New("the data set does not fit into the memory that it may take")

// maxRows keeps row numbers and codes within 31 bits.
const maxRows = 1<<31 - 1

// NewBuilder returns a builder of a table with the columns given; those to
// ignore are left out.
func NewBuilder(columns []Column) *Builder {
	b := &Builder{}
	for _, c := range columns {
		col := &Column{Name: c.Name, Role: c.Role}
		if c.Role == Time {
			b.time = col
		}
		b.table.Columns = append(b.table.Columns, col)
		b.index = append(b.index, make(map[string]uint32))
	}
	return b
}

// perValue is what a distinct value costs besides its bytes: two string
// headers, a code and its share of the map.
const perValue = 64

// Add appends a row, with one value for each of the builder's columns. Values
// are copied. "NaN", "null" and "NULL" count as missing.
func (b *Builder) Add(row []string) error {
	if b.table.Rows == maxRows {
		return fmt.Errorf("%w: it has more than %d rows", ErrMemory, maxRows)
	}
	for i, col := range b.table.Columns {
		value := strings.TrimSpace(row[i])
		if value == "NaN" || value == "null" || value == "NULL" {
			value = ""
		}
		code, had := b.index[i][value]
		if !had {
			value = strings.Clone(value)
			code = uint32(len(col.Values)) //nolint:gosec // not more than rows
			b.index[i][value] = code
			col.Values = append(col.Values, value)
			b.bytes += perValue + int64(len(value))
		}
		col.Codes = append(col.Codes, code)
		b.bytes += 4
	}
	b.addTime()
	b.table.Rows++
	if b.Memory > 0 && b.bytes > b.Memory {
		return fmt.Errorf("%w: after %d rows it needs more than %d MiB; allow more, or ignore columns", ErrMemory, b.table.Rows, b.Memory>>20)
	}
	return nil
}

// An instant is a time in Unix seconds, or none.
type instant struct {
	unix int64
	ok   bool
}

// addTime reads the time of the row that was just added. A value is read once.
func (b *Builder) addTime() {
	if b.time == nil {
		return
	}
	code := b.time.Codes[b.table.Rows]
	in, had := b.stamp[code]
	if !had {
		in.unix, in.ok = ParseTime(b.time.Values[code], b.Zone)
		if b.stamp == nil {
			b.stamp = make(map[uint32]instant)
		}
		b.stamp[code] = in
		b.bytes += 32
	}
	if !in.ok {
		b.bad++
		if b.first == "" {
			b.first = b.time.Values[code]
		}
	}
	b.table.Times = append(b.table.Times, in.unix)
	b.table.Known = append(b.table.Known, in.ok)
	b.bytes += 9
}

// Table returns the table. It is an error if no time could be read at all: the
// column is then none of times.
func (b *Builder) Table() (*Table, error) {
	t := &b.table
	if b.time != nil && b.bad == t.Rows && t.Rows > 0 {
		return nil, fmt.Errorf("no value of the column %q is a time: the first has %d bytes; times are RFC 3339, "+
			"2006-01-02 15:04:05, 2006-01-02, or Unix seconds, milliseconds or microseconds", b.time.Name, len(b.first))
	}
	if b.bad == 0 {
		t.Known = nil
	}
	return t, t.Check()
}
