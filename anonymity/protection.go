package anonymity

import (
	"context"
	"fmt"
	"regexp"
	"slices"
)

// A protection is a change of a data set that might help.
type protection struct {
	name  string
	apply func(t *Table) *Table
	days  int // ids live so long; 0: for ever
}

// A Remedy is what a protection would do: the risks that are left, and what it
// costs.
type Remedy struct {
	Name    string
	Unique  Rate    // records that are unique in the quasi-identifiers
	Unicity Rate    // subjects that 4 points single out
	Linked  Rate    // subjects found again in the next window
	Rows    float64 // share of the rows that is kept
	Bits    float64 // share of the columns' entropy that is kept
}

// protections lists the candidates for a table, weak to strong.
func (s *study) protections() []protection {
	list := []protection{{name: "as it is", apply: func(t *Table) *Table { return t }}}
	for _, c := range s.With(Quasi) {
		if len(list) <= maxDropped {
			list = append(list, protection{name: "without " + c.Name, apply: func(t *Table) *Table { return t.without(c.Name) }})
		}
		if versions(c) {
			list = append(list, protection{name: c.Name + " to the major version", apply: func(t *Table) *Table { return t.seen(c.Name, Major) }})
		}
	}
	if c := s.One(Item); c != nil && c.any(isCoarser) {
		for _, form := range Forms[1:] {
			list = append(list, protection{name: "items to " + string(form), apply: func(t *Table) *Table { return t.coarser(form) }})
		}
	}
	if s.timely() {
		for _, tick := range Ticks[1:4] {
			list = append(list, protection{name: "time to the " + tick.Name, apply: func(t *Table) *Table { return t.slower(tick) }})
		}
		if s.One(Subject) != nil {
			for _, days := range []int{30, 7, 1} {
				list = append(list, protection{name: fmt.Sprintf("new ids every %d days", days), days: days, apply: func(t *Table) *Table { return t.rotated(days) }})
			}
		}
	}
	list = append(list, protection{name: fmt.Sprintf("only what %d subjects share", s.K), apply: func(t *Table) *Table { return t.frequent(s.K) }})
	return append(list, protection{name: "all: domain, day, new ids daily, threshold", days: 1, apply: func(t *Table) *Table {
		return t.coarser(Domain).slower(Ticks[2]).frequent(s.K).rotated(1)
	}})
}

// maxDropped bounds how many columns are left out one by one.
const maxDropped = 12

// copyOf returns a table that shares its columns with t.
func (t *Table) copyOf() *Table {
	c := *t
	c.Columns = slices.Clone(t.Columns)
	return &c
}

func (t *Table) without(name string) *Table {
	c := t.copyOf()
	c.Columns = slices.DeleteFunc(c.Columns, func(col *Column) bool { return col.Name == name })
	return c
}

// seen returns the table with the values of a column in a form.
func (t *Table) seen(name string, form Form) *Table {
	c := t.copyOf()
	i := slices.IndexFunc(c.Columns, func(col *Column) bool { return col.Name == name })
	col := *c.Columns[i]
	col.form = form
	c.Columns[i] = &col
	return c
}

func (t *Table) coarser(form Form) *Table {
	c := t.One(Item)
	if c == nil {
		return t
	}
	return t.seen(c.Name, form)
}

func (t *Table) slower(tick Tick) *Table {
	c := t.copyOf()
	c.floor = tick.Seconds
	return c
}

// rotated gives each subject a new id every so many days, all on the same day.
func (t *Table) rotated(days int) *Table {
	c := t.copyOf()
	if t.One(Subject) != nil && t.timely() {
		c.life = int64(days) * 86400
	}
	return c
}

// frequent keeps the rows whose quasi-identifiers and whose item k subjects or
// more have.
func (t *Table) frequent(k int) *Table {
	var groups [][]Key
	for _, cols := range [][]*Column{t.With(Quasi), t.With(Item)} {
		if len(cols) > 0 {
			groups = append(groups, t.lower(keysOf(cols)))
		}
	}
	if t.store == nil {
		return t.keep(k, groups)
	}
	c := t.copyOf()
	c.store, c.Rows = t.store.Keep(k, t.One(Subject), groups)
	for i, col := range c.Columns {
		moved := *col
		moved.store = c.store
		c.Columns[i] = &moved
	}
	return c
}

// keep is frequent in memory.
func (t *Table) keep(k int, groups [][]Key) *Table {
	drop := make([]bool, t.Rows)
	subject := t.One(Subject)
	for _, keys := range groups {
		lanes := make([]lane, 0, len(keys)+1)
		for _, key := range keys {
			lanes = append(lanes, t.lane(key))
		}
		values, none := lanes, -1
		if subject != nil {
			lanes, none = append(lanes, t.lane(Key{Column: subject})), subject.missing()
		}
		sorted := sortRows(t.all(), lanes)
		for len(sorted) > 0 {
			class := prefix(sorted, func(row uint32) bool { return same(row, sorted[0], values) })
			members := 0
			for i, row := range class {
				if subject == nil || int(subject.Codes[row]) != none && (i == 0 || subject.Codes[row] != subject.Codes[class[i-1]]) {
					members++
				}
			}
			for _, row := range class {
				drop[row] = drop[row] || members < k
			}
			sorted = sorted[len(class):]
		}
	}
	return t.pick(slices.DeleteFunc(t.all(), func(row uint32) bool { return drop[row] }))
}

// prefix returns the first rows for which is holds.
func prefix(rows []uint32, is func(row uint32) bool) []uint32 {
	if i := slices.IndexFunc(rows, func(row uint32) bool { return !is(row) }); i >= 0 {
		return rows[:i]
	}
	return rows
}

var version = regexp.MustCompile(`^\d+(\.\d+)+`)

// versions reports whether most values of a column are versions.
func versions(c *Column) bool {
	n := 0
	for v := range c.each() {
		if version.MatchString(v) {
			n++
		}
	}
	return 2*n > c.distinct()
}

// entropies sums the entropies of the columns that carry information.
func (t *Table) entropies() float64 {
	sum := 0.0
	keys := keysOf(t.With(Item, Mode, Quasi, Sensitive))
	if t.timely() {
		keys = append(keys, Key{Step: 1})
	}
	for _, k := range keys {
		sizes := make(map[int]int)
		for _, n := range t.tuples(k) {
			sizes[n]++
		}
		sum += bitsOf(sizes)
	}
	return sum
}

// remedy measures what a protection leaves.
func (s *study) remedy(ctx context.Context, p protection, before float64) (Remedy, error) {
	t := p.apply(s.Table)
	m := Remedy{Name: p.name, Rows: float64(t.Rows) / float64(s.Rows)}
	if t.Rows == 0 {
		return m, nil
	}
	if before > 0 {
		m.Bits = t.entropies() / before * m.Rows
	}
	if cols := t.With(Quasi); len(cols) > 0 {
		u := t.Unique(cols, s.K) // by who it really is: two ids of one person hide nobody
		m.Unique = Wilson(float64(u.Unique), u.Records)
	}
	if t.One(Subject) == nil {
		return m, nil
	}
	rng := random(s.Seed, "protection")
	if t.One(Item) != nil || t.timely() {
		tick := Ticks[0]
		if !t.timely() {
			tick = Ticks[len(Ticks)-1]
		}
		m.Unicity = t.Traces(Full, tick).Unicity(heatPoints, s.Draws, s.Resamples, rng)[heatPoints-1]
	}
	if t.One(Item) == nil || !t.timely() {
		return m, nil
	}
	matches, err := s.linkAfter(ctx, t, p)
	m.Linked = Bootstrap(hitsOf(matches), s.Resamples, rng)
	return m, err
}

// linkAfter links the window before the middle of time to the one after it by
// profiles. If ids rotate, a window is one life of an id on each side, and the
// truth is who really was behind it.
func (s *study) linkAfter(ctx context.Context, t *Table, p protection) ([]Match, error) {
	middle := s.middle()
	width := int64(always / 2)
	if p.days > 0 {
		width = int64(p.days) * 86400
		middle = floor(middle, width)
	}
	after := &study{t, s.Options}
	l := after.halves(linkForm, Key{Cuts: []int64{middle - width, middle, middle + width}}, 0, 1)
	return Link(ctx, l.from, l.among, Likenesses[1], s.Workers)
}

func measureProtection(ctx context.Context, s *study) (Result, error) {
	if len(s.With(Quasi)) == 0 && s.One(Subject) == nil {
		return Result{}, skip("there is no risk to compare: no quasi-identifier and no subject")
	}
	g := Grid{
		Title: "Risk against what is lost",
		Head:  []string{"protection", "unique records", fmt.Sprintf("singled out by %d points", heatPoints), "found again", "rows kept", "information kept"},
	}
	before := s.entropies()
	for _, p := range s.protections() {
		m, err := s.remedy(ctx, p, before)
		if err != nil {
			return Result{}, err
		}
		g.Rows = append(g.Rows, []string{m.Name, cellOf(m.Unique), cellOf(m.Unicity), cellOf(m.Linked), percent(m.Rows) + " %", percent(m.Bits) + " %"})
	}
	return Result{Grids: []Grid{g}, Notes: []string{
		"Where ids do not change, the id itself links all of a subject's rows; “found again” is what profiles alone would do.",
		"Information is the sum of the columns' entropies, times the rows that are kept.",
	}}, nil
}

func cellOf(r Rate) string {
	if r.N == 0 {
		return "–"
	}
	return fmt.Sprintf("%s %% (%s–%s)", percent(r.Share), percent(r.Low), percent(r.High))
}
