package anonymity

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"telltale/audit"
	"telltale/personal"
)

// A Trait says how much a column behaves like an identifier.
type Trait struct {
	Column   string
	Constant float64 // mean over subjects of the share of their most frequent value
	Own      float64 // share of the subjects whose most frequent value no other subject has
	Subjects int     // that have a value
}

// A stable identifier is the same for a subject nearly always, and mostly its
// own.
const (
	stableConstant = 0.9
	stableOwn      = 0.5
)

// Stable reports whether the column is a stable identifier.
func (t Trait) Stable() bool {
	return t.Subjects > 1 && t.Constant >= stableConstant && t.Own >= stableOwn
}

// Trait returns how a column behaves over the subjects. Missing values are left
// out.
func (t *Table) Trait(c *Column) Trait {
	of, n := t.subjects()
	none := c.missing()
	rows := slices.DeleteFunc(t.all(), func(row uint32) bool { return of[row] < 0 || int(c.Codes[row]) == none })
	rows = sortRows(rows, []*Column{c})
	trait := Trait{Column: c.Name}
	holders := make([]int, len(c.Values))
	var main []uint32
	rows = bySubject(rows, of, n)
	for len(rows) > 0 {
		mine := prefix(rows, func(row uint32) bool { return of[row] == of[rows[0]] })
		best, most := uint32(0), 0
		for part := mine; len(part) > 0; {
			same := prefix(part, func(row uint32) bool { return c.Codes[row] == c.Codes[part[0]] })
			holders[c.Codes[part[0]]]++
			if len(same) > most {
				best, most = c.Codes[part[0]], len(same)
			}
			part = part[len(same):]
		}
		main = append(main, best)
		trait.Constant += float64(most) / float64(len(mine))
		rows = rows[len(mine):]
	}
	if trait.Subjects = len(main); trait.Subjects == 0 {
		return trait
	}
	trait.Constant /= float64(trait.Subjects)
	for _, code := range main {
		if holders[code] == 1 {
			trait.Own++
		}
	}
	trait.Own /= float64(trait.Subjects)
	return trait
}

// prefix returns the first rows for which is holds.
func prefix(rows []uint32, is func(row uint32) bool) []uint32 {
	if i := slices.IndexFunc(rows, func(row uint32) bool { return !is(row) }); i >= 0 {
		return rows[:i]
	}
	return rows
}

// hidden is what a column hides its values by.
type hidden struct {
	column  *Column
	encoded map[string][]Example // by encoding and kind
	digests map[int]*reversal
	values  int // distinct, not missing
}

// uncover looks at each distinct value of a column.
func uncover(c *Column) hidden {
	h := hidden{column: c, encoded: make(map[string][]Example), digests: make(map[int]*reversal)}
	for code, v := range c.Values {
		if Missing(v) {
			continue
		}
		h.values++
		if Shape(c.Name, v) == "" {
			if plain, encoding, ok := decoded(c.Name, v); ok {
				form := encoding + " of what has the form of " + string(Shape(c.Name, plain))
				h.encoded[form] = append(h.encoded[form], Example{c.Name, encoding, audit.NewSecret([]byte(plain))})
				continue
			}
		}
		if sum, kind, ok := digestOf(v); ok {
			if h.digests[kind] == nil {
				h.digests[kind] = newReversal(kind)
			}
			h.digests[kind].add(sum, uint32(code))
		}
	}
	return h
}

// plainSpace is the dictionary of all values that the data set shows in clear,
// with what encodings hide, in lower case too.
func (s *study) plainSpace() Space {
	var words []string
	for _, c := range s.Columns {
		for _, v := range c.Values {
			if Missing(v) {
				continue
			}
			words = append(words, v)
			if low := strings.ToLower(v); low != v {
				words = append(words, low)
			}
			if plain, _, ok := decoded(c.Name, v); ok {
				words = append(words, plain)
			}
		}
	}
	return ListSpace("values of this data set", words)
}

func measureIdentifiers(ctx context.Context, s *study) (Result, error) {
	var r Result
	cols := s.With(Subject, Identifier, Quasi, Sensitive, Mode, Item)
	g := Grid{Title: "How columns behave", Head: []string{"column", "role", "same for a subject", "its own", "behaves as", "form of most values"}}
	own := sync.OnceValue(s.plainSpace)
	for _, c := range cols {
		h := uncover(c)
		t := s.Trait(c)
		if c.Role != Item && c.Role != Subject {
			behaves := "no identifier"
			if t.Stable() {
				behaves = "stable identifier"
				a := Attack{ID: "identifier/" + c.Name, Name: "Knowing a subject again by " + c.Name, Rate: Wilson(t.Own*float64(t.Subjects), t.Subjects), Of: "subjects"}
				r.Attacks = append(r.Attacks, a)
			}
			g.Rows = append(g.Rows, []string{c.Name, string(c.Role), percent(t.Constant) + " %", percent(t.Own) + " %", behaves, string(commonShape(c))})
		}
		if err := s.reveal(ctx, h, own, &r); err != nil {
			return Result{}, err
		}
	}
	r.Grids = append([]Grid{g}, r.Grids...)
	return r, nil
}

// commonShape returns the kind of more than half of the values, or "".
func commonShape(c *Column) personal.Kind {
	n := make(map[personal.Kind]int)
	for _, v := range c.Values {
		n[Shape(c.Name, v)]++
	}
	for kind, count := range n {
		if kind != "" && 2*count > len(c.Values) {
			return kind
		}
	}
	return ""
}

// reveal undoes encodings, and tries dictionaries on digests.
func (s *study) reveal(ctx context.Context, h hidden, own func() Space, r *Result) error {
	forms := make([]string, 0, len(h.encoded))
	for form := range h.encoded {
		forms = append(forms, form)
	}
	slices.Sort(forms)
	for _, form := range forms {
		list := h.encoded[form]
		r.Attacks = append(r.Attacks, Attack{
			ID: "encoded/" + h.column.Name, Name: fmt.Sprintf("Undoing %s in %s, without any key,", form, h.column.Name),
			Rate: Wilson(float64(len(list)), h.values), Of: "values",
		})
		r.Examples = append(r.Examples, list[0])
	}
	for kind := range digests {
		rev := h.digests[kind]
		if rev == nil {
			continue
		}
		for _, space := range append([]Space{own()}, s.Spaces...) {
			if err := s.reverse(ctx, h.column, rev, space, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// reverse tries one dictionary on the digests of a column, and tells how fast
// it went.
func (s *study) reverse(ctx context.Context, c *Column, rev *reversal, space Space, r *Result) error {
	start := s.Clock()
	found, err := rev.try(ctx, space, s.Guesses, s.Workers)
	if err != nil {
		return err
	}
	seconds := float64(s.Clock()-start) / 1e9
	name := digests[rev.kind].name
	r.Attacks = append(r.Attacks, Attack{
		ID: "reversed/" + c.Name + "/" + space.Name, Name: fmt.Sprintf("Reversing %s in %s by the dictionary “%s”", name, c.Name, space.Name),
		Rate: Wilson(float64(len(found)), rev.count), Of: "values",
	})
	tried := min(s.Guesses, space.Size)
	if seconds > 0 {
		rate := float64(tried) / seconds
		r.Figures = append(r.Figures, Figure{
			ID: "rate/" + c.Name + "/" + space.Name, Name: fmt.Sprintf("Guesses at %s in %s by “%s”", name, c.Name, space.Name), Value: Number(rate), Unit: "per second",
			Note: fmt.Sprintf("%d of %d tried in %.1f s; all would take %.3g s here", tried, space.Size, seconds, float64(space.Size)/rate),
		})
	}
	if len(found) > 0 {
		first := ^uint32(0)
		for code := range found {
			first = min(first, code)
		}
		r.Examples = append(r.Examples, Example{c.Name, name, audit.NewSecret(space.at(found[first], nil))})
	}
	return nil
}
