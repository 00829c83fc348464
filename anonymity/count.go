package anonymity

import (
	"iter"
	"math"
	"math/bits"
	"slices"
)

// A Key is one of the things that rows are counted by: the value of a column,
// or the step of time that the row is in.
type Key struct {
	Column *Column // nil: the time
	Form   Form    // of the column's values; "": as they are
	Need   bool    // rows whose value is missing are left out; so are always those without a time
	Floor  int64   // times are known in steps of so many seconds only; 0: exactly
	Step   int64   // width of the steps that are counted, in seconds from 1970
	Cuts   []int64 // instead of steps: 0 from the first time to before the second, 1 from there to before the third
}

// A Store holds the rows of a table that does not fit into memory. Package
// spill has one. Everything that is yielded comes in the order of the keys; one
// thing is gone through at a time.
//
// A method that fails yields nothing more; Err then returns why.
type Store interface {
	// Tuples yields each combination of keys that rows have, with how many
	// rows have it. A value is a code of the column, the number of its form, or
	// a step of time. The slice is valid until the next one.
	Tuples(keys []Key) iter.Seq2[[]int64, int]

	// Texts is like Tuples, with the values of columns as text. The keys are
	// columns, in no coarser form.
	Texts(keys []Key) iter.Seq2[[]string, int]

	// Values yields the values of a column by their codes.
	Values(place int) iter.Seq[string]

	// Keep returns a store of the rows whose combination of each group of keys
	// k subjects or more have, and the number of these rows. Without a subject
	// rows are counted.
	Keep(k int, subject *Column, groups [][]Key) (Store, int)

	// Err returns what went wrong first, in this store or one made of it.
	Err() error
}

// tuples yields each combination of keys that rows have, in order, with the
// number of rows. The slice is valid until the next one.
func (t *Table) tuples(keys ...Key) iter.Seq2[[]int64, int] { return t.tuplesOf(nil, keys) }

// tuplesOf is like tuples. With wanted, the first key is the subject, and others
// than those wanted may be left out, which saves work.
func (t *Table) tuplesOf(wanted func(subject int64) bool, keys []Key) iter.Seq2[[]int64, int] {
	keys = t.lower(keys)
	if t.store != nil {
		return t.store.Tuples(keys)
	}
	lanes := make([]lane, len(keys))
	for i, k := range keys {
		lanes[i] = t.lane(k)
	}
	if t.bySubject && len(keys) > 0 && keys[0].Column != nil && keys[0].Column.Role == Subject && keys[0].Form == "" {
		return t.bySubjects(lanes, wanted)
	}
	return t.bySorting(lanes, false)
}

// texts is like tuples, with the values of columns as text.
func (t *Table) texts(keys ...Key) iter.Seq2[[]string, int] {
	if t.store != nil {
		return t.store.Texts(t.lower(keys))
	}
	return func(yield func([]string, int) bool) {
		row := make([]string, len(keys))
		for tuple, n := range t.tuples(keys...) {
			for i, k := range keys {
				row[i] = k.Column.Values[tuple[i]]
			}
			if !yield(row, n) {
				return
			}
		}
	}
}

// Err returns what went wrong first with a table on disk: after an error, what is
// measured is not to be trusted. In memory nothing can go wrong.
func (t *Table) Err() error {
	if t == nil || t.store == nil {
		return nil
	}
	return t.store.Err()
}

// distinct is like tuples, without the numbers of rows, which saves work.
func (t *Table) distinct(keys ...Key) iter.Seq2[[]int64, int] {
	if t.store != nil {
		return t.tuples(keys...)
	}
	keys = t.lower(keys)
	lanes := make([]lane, len(keys))
	for i, k := range keys {
		lanes[i] = t.lane(k)
	}
	return t.bySorting(lanes, true)
}

// lower adds to keys what the table says about its columns and times.
func (t *Table) lower(keys []Key) []Key {
	keys = slices.Clone(keys)
	for i := range keys {
		k := &keys[i]
		switch {
		case k.Column == nil:
			k.Floor = t.floor
		case k.Form == "" || slices.Index(Forms, k.Column.form) > slices.Index(Forms, k.Form):
			k.Form = k.Column.form
		}
		if k.Form == Full {
			k.Form = ""
		}
	}
	return keys
}

// A lane is a key of a table in memory.
type lane struct {
	at   func(row uint32) int64 // less than zero: the row is left out
	bits int                    // of the largest value
	base int64                  // what was subtracted from the values
}

func (t *Table) lane(k Key) lane {
	if k.Column == nil {
		return t.timeLane(k)
	}
	codes, none := k.Column.Codes, int64(-1)
	if k.Need {
		none = int64(k.Column.missing())
	}
	if k.Form == "" {
		return lane{bits: bits.Len(uint(len(k.Column.Values))), at: func(row uint32) int64 {
			if code := int64(codes[row]); code != none {
				return code
			}
			return -1
		}}
	}
	of := k.Column.coarse(k.Form)
	return lane{bits: bits.Len(uint(len(of))), at: func(row uint32) int64 {
		if code := int64(codes[row]); code != none {
			return int64(of[code])
		}
		return -1
	}}
}

func (t *Table) timeLane(k Key) lane {
	if t.Times == nil {
		return lane{at: func(uint32) int64 { return -1 }}
	}
	if k.Cuts != nil {
		return lane{bits: 1, at: func(row uint32) int64 {
			at := floor(t.Times[row], max(1, k.Floor))
			switch {
			case !t.timed(int(row)) || at < k.Cuts[0] || at >= k.Cuts[2]:
				return -1
			case at < k.Cuts[1]:
				return 0
			default:
				return 1
			}
		}}
	}
	first, last := t.span()
	step := func(at int64) int64 { return floor(floor(at, max(1, k.Floor)), k.Step) / k.Step }
	base := step(first)
	return lane{bits: bits.Len64(uint64(step(last) - base)), base: base, at: func(row uint32) int64 { //nolint:gosec // last is not before first
		if !t.timed(int(row)) {
			return -1
		}
		return step(t.Times[row]) - base
	}}
}

// floor rounds down to a multiple of width, also below zero.
func floor(at, width int64) int64 { return at - (at%width+width)%width }

// span returns the first and the last time of the table; both are zero if
// there is none.
func (t *Table) span() (first, last int64) {
	if t.store != nil {
		return t.first, t.last
	}
	seen := false
	for row, at := range t.Times {
		if !t.timed(row) {
			continue
		}
		if !seen {
			first, last, seen = at, at, true
		}
		first, last = min(first, at), max(last, at)
	}
	return first, last
}

// bySubjects yields the tuples of rows that are ordered by subject, of which
// the first key is one. It needs no more memory than one subject's rows.
func (t *Table) bySubjects(lanes []lane, wanted func(subject int64) bool) iter.Seq2[[]int64, int] {
	return func(yield func([]int64, int) bool) {
		tuple := make([]int64, len(lanes))
		var keys []uint64
		width := 0
		for _, l := range lanes[1:] {
			width += l.bits
		}
		for row := 0; row < t.Rows; {
			who, end := lanes[0].at(uint32(row)), row+1
			for end < t.Rows && lanes[0].at(uint32(end)) == who {
				end++
			}
			if who < 0 || wanted != nil && !wanted(who) {
				row = end
				continue
			}
			if width > 64 {
				if !t.wide(row, end, lanes, yield) {
					return
				}
				row = end
				continue
			}
			keys = pack(keys[:0], uint32(row), uint32(end), lanes[1:])
			row = end
			slices.Sort(keys)
			tuple[0] = who
			for i := 0; i < len(keys); {
				n := 1
				for i+n < len(keys) && keys[i+n] == keys[i] {
					n++
				}
				unpack(tuple[1:], keys[i], lanes[1:])
				if !yield(tuple, n) {
					return
				}
				i += n
			}
		}
	}
}

// pack writes the values of rows into one word each.
func pack(keys []uint64, from, to uint32, lanes []lane) []uint64 {
rows:
	for row := from; row < to; row++ {
		key := uint64(0)
		for _, l := range lanes {
			v := l.at(row)
			if v < 0 {
				continue rows
			}
			key = key<<l.bits | uint64(v)
		}
		keys = append(keys, key)
	}
	return keys
}

func unpack(tuple []int64, key uint64, lanes []lane) {
	for i, l := range slices.Backward(lanes) {
		tuple[i] = l.base + int64(key&(1<<l.bits-1)) //nolint:gosec // what pack put in
		key >>= l.bits
	}
}

// wide yields the tuples of some rows whose values do not go into one word.
func (t *Table) wide(from, to int, lanes []lane, yield func([]int64, int) bool) bool {
	rows := make([]uint32, 0, to-from)
	for row := from; row < to; row++ {
		rows = append(rows, uint32(row)) //nolint:gosec // rows have 31 bits
	}
	return runs(sortRows(complete(rows, lanes), lanes), lanes, yield)
}

// complete leaves out the rows that lack a value.
func complete(rows []uint32, lanes []lane) []uint32 {
	return slices.DeleteFunc(rows, func(row uint32) bool {
		return slices.ContainsFunc(lanes, func(l lane) bool { return l.at(row) < 0 })
	})
}

// bySorting yields the tuples of all rows. With once, rows that follow a row
// with the same values are not counted: among rows in the order of subjects
// those are most of them.
func (t *Table) bySorting(lanes []lane, once bool) iter.Seq2[[]int64, int] {
	return func(yield func([]int64, int) bool) {
		rows := make([]uint32, 0, t.Rows)
		for row := range uint32(t.Rows) { //nolint:gosec // rows have 31 bits
			if once && len(rows) > 0 && same(rows[len(rows)-1], row, lanes) {
				continue
			}
			rows = append(rows, row)
		}
		runs(sortRows(complete(rows, lanes), lanes), lanes, yield)
	}
}

func same(a, b uint32, lanes []lane) bool {
	for _, l := range lanes {
		if l.at(a) != l.at(b) {
			return false
		}
	}
	return true
}

// runs yields each tuple of sorted rows once, with the number of its rows.
func runs(rows []uint32, lanes []lane, yield func([]int64, int) bool) bool {
	tuple := make([]int64, len(lanes))
	for i := 0; i < len(rows); {
		n := 1
		for i+n < len(rows) && same(rows[i], rows[i+n], lanes) {
			n++
		}
		for j, l := range lanes {
			tuple[j] = l.base + l.at(rows[i])
		}
		if !yield(tuple, n) {
			return false
		}
		i += n
	}
	return true
}

// digit is how many bits are sorted by at a time: so many counters stay in the
// fastest memory.
const digit = 11

// sortRows returns the rows ordered by the lanes, the first lane first; rows
// that are equal keep their order. It sorts by counting, from the last digit of
// the last lane on: the time grows with the rows, and no hash can collide. rows
// is overwritten.
func sortRows(rows []uint32, lanes []lane) []uint32 {
	from, to := rows, make([]uint32, len(rows))
	for _, l := range slices.Backward(lanes) {
		for shift := 0; shift < l.bits; shift += digit {
			var next [1<<digit + 1]uint32
			for _, row := range from {
				next[l.at(row)>>shift&(1<<digit-1)+1]++
			}
			for i := range 1 << digit {
				next[i+1] += next[i]
			}
			for _, row := range from {
				at := &next[l.at(row)>>shift&(1<<digit-1)]
				to[*at] = row
				*at++
			}
			from, to = to, from
		}
	}
	return from
}

// A record is what one subject shows in some columns: rows of a subject that
// are equal there are one record. Rows without a subject are left out. Without
// a subject column each row is a record.
type record struct {
	values  []int64 // of the columns; valid until the next record
	subject int64   // -1 without a subject column
	n       int     // records that are equal in everything; 1 with a subject
	first   bool    // of its class: of the records that are equal in cols
}

// records yields the records of cols and more, class by class. The classes are
// the records that are equal in cols.
func (t *Table) records(cols []*Column, more ...*Column) iter.Seq[record] {
	subject := t.One(Subject)
	keys := keysOf(cols)
	if subject != nil {
		keys = append(keys, Key{Column: subject, Need: true})
	}
	keys = append(keys, keysOf(more)...)
	tuples := t.tuples(keys...)
	if subject != nil {
		tuples = t.distinct(keys...)
	}
	return func(yield func(record) bool) {
		var last []int64
		var values []int64
		for tuple, n := range tuples {
			r := record{subject: -1, n: n}
			r.first = last == nil || !slices.Equal(last, tuple[:len(cols)])
			last = append(last[:0], tuple[:len(cols)]...)
			if last == nil {
				last = []int64{}
			}
			values = append(values[:0], last...)
			if subject != nil {
				r.subject, r.n = tuple[len(cols)], 1
				values = append(values, tuple[len(cols)+1:]...)
			} else {
				values = append(values, tuple[len(cols):]...)
			}
			if r.values = values; !yield(r) {
				return
			}
		}
	}
}

func keysOf(cols []*Column) []Key {
	keys := make([]Key, len(cols), len(cols)+4)
	for i, c := range cols {
		keys[i] = Key{Column: c}
	}
	return keys
}

// bitsOf returns the entropy, in bits, of what falls into classes of these
// sizes.
func bitsOf(sizes map[int]int) float64 {
	n := 0
	for size, classes := range sizes {
		n += size * classes
	}
	h := 0.0
	for _, size := range sortedKeys(sizes) {
		p := float64(size) / float64(n)
		h -= float64(sizes[size]) * p * math.Log2(p)
	}
	return max(0, h)
}
