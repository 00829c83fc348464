package anonymity

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
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
			list = append(list, protection{name: c.Name + " to the major version", apply: func(t *Table) *Table { return t.mapped(c.Name, major) }})
		}
	}
	if c := s.One(Item); c != nil && slices.ContainsFunc(c.Values, func(v string) bool { return Coarse(v, Host) != v }) {
		for _, form := range Forms[1:] {
			list = append(list, protection{name: "items to " + string(form), apply: func(t *Table) *Table { return t.coarser(form) }})
		}
	}
	if s.Times != nil {
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

// mapped changes the values of a column; values that become equal are one.
func (t *Table) mapped(name string, to func(string) string) *Table {
	c := t.copyOf()
	i := slices.IndexFunc(c.Columns, func(col *Column) bool { return col.Name == name })
	old := c.Columns[i]
	col := &Column{Name: old.Name, Role: old.Role, Codes: make([]uint32, len(old.Codes))}
	index := make(map[string]uint32)
	codes := make([]uint32, len(old.Values))
	for code, v := range old.Values {
		v = to(v)
		n, had := index[v]
		if !had {
			n = uint32(len(col.Values)) //nolint:gosec // not more than before
			index[v] = n
			col.Values = append(col.Values, v)
		}
		codes[code] = n
	}
	for row, code := range old.Codes {
		col.Codes[row] = codes[code]
	}
	c.Columns[i] = col
	return c
}

func (t *Table) coarser(form Form) *Table {
	c := t.One(Item)
	if c == nil {
		return t
	}
	return t.mapped(c.Name, func(v string) string {
		if Missing(v) {
			return v
		}
		return Coarse(v, form)
	})
}

func (t *Table) slower(tick Tick) *Table {
	c := t.copyOf()
	if t.Times == nil {
		return c
	}
	c.Times = make([]int64, len(t.Times))
	for i, at := range t.Times {
		c.Times[i] = at - (at%tick.Seconds+tick.Seconds)%tick.Seconds
	}
	return c
}

// rotated gives each subject a new id every so many days, all on the same day.
func (t *Table) rotated(days int) *Table {
	subject := t.One(Subject)
	if subject == nil || t.Times == nil {
		return t
	}
	c := t.copyOf()
	col := &Column{Name: subject.Name, Role: Subject, Codes: make([]uint32, t.Rows)}
	index := make(map[[2]int64]uint32)
	width := int64(days) * 86400
	for row, code := range subject.Codes {
		key := [2]int64{int64(code), 0}
		value := subject.Values[code]
		if t.timed(row) && !Missing(value) {
			key[1] = 1 + t.Times[row]/width
		}
		if !Missing(value) {
			value = fmt.Sprintf("%s/%d", value, key[1])
		}
		id, had := index[key]
		if !had {
			id = uint32(len(col.Values)) //nolint:gosec // not more than rows
			index[key] = id
			col.Values = append(col.Values, value)
		}
		col.Codes[row] = id
	}
	c.Columns[slices.Index(c.Columns, subject)] = col
	return c
}

// truth gives rows whose ids rotate the subject again that is behind them.
func (t *Table) truth(days int) *Table {
	c := t.One(Subject)
	if days == 0 || c == nil {
		return t
	}
	return t.mapped(c.Name, func(v string) string {
		if i := strings.LastIndexByte(v, '/'); i >= 0 {
			return v[:i]
		}
		return v
	})
}

// frequent keeps the rows whose quasi-identifiers and whose item k subjects or
// more have.
func (t *Table) frequent(k int) *Table {
	drop := make([]bool, t.Rows)
	mark := func(cols []*Column) {
		if len(cols) == 0 {
			return
		}
		rare := make(map[string]bool)
		g := t.records(cols)
		for i := range g.classes() {
			if rows := g.class(i); len(rows) < k {
				rare[codesOf(rows[0], cols)] = true
			}
		}
		for row := range t.Rows {
			drop[row] = drop[row] || len(rare) > 0 && rare[codesOf(uint32(row), cols)]
		}
	}
	mark(t.With(Quasi))
	mark(t.With(Item))
	kept := slices.DeleteFunc(t.all(), func(row uint32) bool { return drop[row] })
	return t.pick(kept)
}

func codesOf(row uint32, cols []*Column) string {
	b := make([]byte, 0, 4*len(cols))
	for _, c := range cols {
		b = binary.LittleEndian.AppendUint32(b, c.Codes[row])
	}
	return string(b)
}

var version = regexp.MustCompile(`^\d+(\.\d+)+`)

// versions reports whether most values of a column are versions.
func versions(c *Column) bool {
	n := 0
	for _, v := range c.Values {
		if version.MatchString(v) {
			n++
		}
	}
	return 2*n > len(c.Values)
}

func major(v string) string {
	head, _, _ := strings.Cut(v, ".")
	return head
}

// entropies sums the entropies of the columns that carry information.
func (t *Table) entropies() float64 {
	sum := 0.0
	for _, c := range t.With(Item, Mode, Quasi, Sensitive) {
		n := make([]int, len(c.Values))
		for _, code := range c.Codes {
			n[code]++
		}
		sum += entropy(n, t.Rows)
	}
	if t.Times != nil {
		at := make(map[int64]int)
		for _, x := range t.Times {
			at[x]++
		}
		n := make([]int, 0, len(at))
		for _, count := range at {
			n = append(n, count)
		}
		slices.Sort(n)
		sum += entropy(n, t.Rows)
	}
	return sum
}

func entropy(counts []int, n int) float64 {
	h := 0.0
	for _, c := range counts {
		if c > 0 {
			p := float64(c) / float64(n)
			h -= p * math.Log2(p)
		}
	}
	return h
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
		u := t.truth(p.days).Unique(cols, s.K) // two ids of one person hide nobody
		m.Unique = Wilson(float64(u.Unique), u.Records)
	}
	if t.One(Subject) == nil {
		return m, nil
	}
	rng := random(s.Seed, "protection")
	if t.One(Item) != nil || t.Times != nil {
		tick := Ticks[0]
		if t.Times == nil {
			tick = Ticks[len(Ticks)-1]
		}
		m.Unicity = t.Traces(Full, tick).Unicity(heatPoints, s.Draws, s.Resamples, rng)[heatPoints-1]
	}
	if t.One(Item) == nil || t.Times == nil {
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
	width := int64(math.MaxInt64 / 4)
	if p.days > 0 {
		width = int64(p.days) * 86400
		middle -= middle % width
	}
	t = t.truth(p.days)
	after := &study{t, s.Options}
	l := after.halves(linkForm, func(row uint32) int {
		switch at := t.Times[row]; {
		case !t.timed(int(row)) || at < middle-width || at >= middle+width:
			return -1
		case at < middle:
			return 0
		default:
			return 1
		}
	})
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
