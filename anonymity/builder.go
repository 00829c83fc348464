package anonymity

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Builder makes a table row by row, within a memory budget.
type Builder struct {
	Memory int64          // bytes that the table may take in memory; 0: no bound
	Zone   *time.Location // of times that name none; nil: UTC
	Spill  Spill          // takes the rows where Memory is not enough; nil: that is an error

	table  Table
	index  []map[string]uint32
	values []string // of the row at hand
	bytes  int64
	time   int    // place of the column of times, -1
	at     string // the last time that was read, and what it was
	in     instant
	first  string // the first time that could not be read
	seen   bool   // a time that could
	writer Writer
}

// A Spill opens a place outside memory for rows of some columns.
type Spill func(columns []Column) (Writer, error)

// A Writer takes rows and makes a store of them.
type Writer interface {
	// Add appends a row. Missing values are empty; the time is in Unix seconds.
	Add(values []string, unix int64, known bool) error
	// Done ends writing. It returns the number of distinct values of each
	// column, and the code of the missing one, -1 if there is none.
	Done() (store Store, sizes, none []int, err error)
}

// ErrMemory means that a table does not fit its budget.
var ErrMemory = errors.New("the data set does not fit into the memory that it may take")

// maxRows keeps row numbers and codes within 31 bits.
const maxRows = 1<<31 - 1

// NewBuilder returns a builder of a table with the columns given; those to
// ignore are left out.
func NewBuilder(columns []Column) *Builder {
	b := &Builder{time: -1, values: make([]string, len(columns))}
	for i, c := range columns {
		if c.Role == Time {
			b.time = i
		}
		b.table.Columns = append(b.table.Columns, &Column{Name: c.Name, Role: c.Role, Place: i})
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
	for i := range b.table.Columns {
		value := strings.TrimSpace(row[i])
		if value == "NaN" || value == "null" || value == "NULL" {
			value = ""
		}
		b.values[i] = value
	}
	in := b.readTime()
	b.count(in)
	if b.writer != nil {
		if err := b.writer.Add(b.values, in.unix, in.ok); err != nil {
			return fmt.Errorf("writing a row to disk: %w", err)
		}
		return nil
	}
	b.keep(in)
	if b.Memory > 0 && b.bytes > b.Memory {
		if b.Spill == nil {
			return fmt.Errorf("%w: after %d rows it needs more than %d MiB; allow more, or ignore columns", ErrMemory, b.table.Rows, b.Memory>>20)
		}
		return b.spill()
	}
	return nil
}

// An instant is a time in Unix seconds, or none.
type instant struct {
	unix int64
	ok   bool
}

// readTime reads the time of the row at hand.
func (b *Builder) readTime() instant {
	if b.time < 0 {
		return instant{}
	}
	value := b.values[b.time]
	if b.table.Rows == 0 || value != b.at {
		b.at = strings.Clone(value)
		b.in.unix, b.in.ok = ParseTime(value, b.Zone)
	}
	return b.in
}

// count counts the row at hand.
func (b *Builder) count(in instant) {
	t := &b.table
	t.Rows++
	switch {
	case b.time < 0:
	case !in.ok:
		if t.untimed++; t.untimed == 1 {
			b.first = strings.Clone(b.values[b.time])
		}
	case !b.seen:
		t.first, t.last, b.seen = in.unix, in.unix, true
	default:
		t.first, t.last = min(t.first, in.unix), max(t.last, in.unix)
	}
	if i := slices.IndexFunc(t.Columns, func(c *Column) bool { return c.Role == Subject }); i >= 0 && Missing(b.values[i]) {
		t.nobody++
	}
}

// keep appends the row at hand in memory.
func (b *Builder) keep(in instant) {
	for i, col := range b.table.Columns {
		if i == b.time {
			b.table.Times = append(b.table.Times, in.unix)
			b.table.Known = append(b.table.Known, in.ok)
			b.bytes += 9
			continue
		}
		value := b.values[i]
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
}

// spill writes the rows that are in memory to disk, where all that follow go.
func (b *Builder) spill() error {
	t := &b.table
	columns := make([]Column, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = Column{Name: c.Name, Role: c.Role, Place: i}
	}
	w, err := b.Spill(columns)
	if err != nil {
		return fmt.Errorf("opening a place on disk for what does not fit into %d MiB: %w", b.Memory>>20, err)
	}
	for row := range t.Rows {
		var in instant
		for i, c := range t.Columns {
			if i == b.time {
				b.values[i], in = "", instant{t.Times[row], t.Known[row]}
				continue
			}
			b.values[i] = c.Values[c.Codes[row]]
		}
		if err := w.Add(b.values, in.unix, in.ok); err != nil {
			return fmt.Errorf("writing a row to disk: %w", err)
		}
	}
	b.writer, b.index, t.Times, t.Known = w, nil, nil, nil
	for i := range columns {
		t.Columns[i] = &columns[i]
	}
	return nil
}

// Table returns the table. It is an error if no time could be read at all: the
// column is then none of times.
func (b *Builder) Table() (*Table, error) {
	t := &b.table
	t.like = b
	if b.writer != nil {
		store, sizes, none, err := b.writer.Done()
		if err != nil {
			return nil, fmt.Errorf("ordering the rows on disk: %w", err)
		}
		t.store, t.hasTimes = store, b.time >= 0
		for i, c := range t.Columns {
			c.store, c.size, c.none = store, sizes[i], none[i]
		}
	}
	if b.time >= 0 && t.untimed == t.Rows && t.Rows > 0 {
		return nil, fmt.Errorf("no value of the column %q is a time: the first has %d bytes; times are RFC 3339, "+
			"2006-01-02 15:04:05, 2006-01-02, or Unix seconds, milliseconds or microseconds", t.Columns[b.time].Name, len(b.first))
	}
	if t.untimed == 0 {
		t.Known = nil
	}
	if t.store == nil {
		t.untimed = 0 // Known has them
	}
	if err := t.Check(); err != nil {
		return nil, err
	}
	t.arrange()
	return t, nil
}

// another returns a builder like the one that made the table.
func (t *Table) another(columns []Column) *Builder {
	b := NewBuilder(columns)
	if t.like != nil {
		b.Memory, b.Zone, b.Spill = t.like.Memory, t.like.Zone, t.like.Spill
	}
	return b
}
