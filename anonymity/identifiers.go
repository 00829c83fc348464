package anonymity

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

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
	trait := Trait{Column: c.Name}
	subject := t.One(Subject)
	if subject == nil {
		for _, n := range t.tuples(Key{Column: c, Need: true}) {
			trait.Subjects += n
			if n == 1 {
				trait.Own++
			}
		}
		if trait.Subjects > 0 {
			trait.Constant = 1
			trait.Own /= float64(trait.Subjects)
		}
		return trait
	}
	h := holdings{values: make([]byte, c.distinct())}
	for tuple, n := range t.tuples(Key{Column: subject, Need: true}, Key{Column: c, Need: true}) {
		h.add(tuple[0], tuple[1], n)
	}
	h.close()
	if trait.Subjects = h.subjects; trait.Subjects == 0 {
		return trait
	}
	trait.Constant = h.constant / float64(h.subjects)
	for _, state := range h.values {
		if state == heldOnce|mostFrequent {
			trait.Own++
		}
	}
	trait.Own /= float64(trait.Subjects)
	return trait
}

// What is known of a value while subjects are gone through.
const (
	heldOnce     = 1 << iota // by one subject
	heldMore                 // by several
	mostFrequent             // it is a subject's most frequent one
)

// holdings go through the values of one subject after the other.
type holdings struct {
	values   []byte
	subjects int
	constant float64 // sum of the shares of the most frequent values

	who        int64
	rows, most int // of the subject, and with its most frequent value
	best       int64
}

func (h *holdings) add(who, value int64, n int) {
	if who != h.who {
		h.close()
		h.who = who
	}
	if h.values[value]&(heldOnce|heldMore) == 0 {
		h.values[value] |= heldOnce
	} else {
		h.values[value] = h.values[value]&^heldOnce | heldMore
	}
	h.rows += n
	if n > h.most {
		h.best, h.most = value, n
	}
}

func (h *holdings) close() {
	if h.rows == 0 {
		return
	}
	h.values[h.best] |= mostFrequent
	h.constant += float64(h.most) / float64(h.rows)
	h.subjects++
	h.rows, h.most = 0, 0
}

// hidden is what a column hides its values by.
type hidden struct {
	column  *Column
	encoded map[string]uncovered // by encoding and kind
	digests map[int]*reversal
	values  int // distinct, not missing
}

// An uncovered is how many values an encoding hid, and the first of them.
type uncovered struct {
	n     int
	first Example
}

// uncover looks at each distinct value of a column.
func uncover(c *Column) hidden {
	h := hidden{column: c, encoded: make(map[string]uncovered), digests: make(map[int]*reversal)}
	code := uint32(0)
	for v := range c.each() {
		code++
		if Missing(v) {
			continue
		}
		h.values++
		if Shape(c.Name, v) == "" {
			if plain, encoding, ok := decoded(c.Name, v); ok {
				form := encoding + " of what has the form of " + string(Shape(c.Name, plain))
				u := h.encoded[form]
				if u.n++; u.n == 1 {
					u.first = Example{c.Name, encoding, audit.NewSecret([]byte(plain))}
				}
				h.encoded[form] = u
				continue
			}
		}
		if sum, kind, ok := digestOf(v); ok {
			if h.digests[kind] == nil {
				h.digests[kind] = newReversal(kind)
			}
			h.digests[kind].add(sum, code-1)
		}
	}
	return h
}

// partWords is how many words of a dictionary are tried together.
const partWords = 1 << 18

// plain yields the dictionary of all values that the data set shows in clear,
// with what encodings hide, in lower case too, part by part.
func (s *study) plain() iter.Seq[Space] {
	return func(yield func(Space) bool) {
		var words []string
		flush := func() bool {
			part := ListSpace("", words)
			words = nil
			return yield(part)
		}
		for _, c := range s.Columns {
			for v := range c.each() {
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
				if len(words) >= partWords && !flush() {
					return
				}
			}
		}
		if len(words) > 0 {
			flush()
		}
	}
}

func measureIdentifiers(ctx context.Context, s *study) (Result, error) {
	var r Result
	cols := s.With(Subject, Identifier, Quasi, Sensitive, Mode, Item)
	g := Grid{Title: "How columns behave", Head: []string{"column", "role", "same for a subject", "its own", "behaves as", "form of most values"}}
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
		if err := s.reveal(ctx, h, &r); err != nil {
			return Result{}, err
		}
	}
	r.Grids = append([]Grid{g}, r.Grids...)
	return r, nil
}

// commonShape returns the kind of more than half of the values, or "".
func commonShape(c *Column) personal.Kind {
	n := make(map[personal.Kind]int)
	for v := range c.each() {
		n[Shape(c.Name, v)]++
	}
	for kind, count := range n {
		if kind != "" && 2*count > c.distinct() {
			return kind
		}
	}
	return ""
}

// reveal undoes encodings, and tries dictionaries on digests.
func (s *study) reveal(ctx context.Context, h hidden, r *Result) error {
	forms := make([]string, 0, len(h.encoded))
	for form := range h.encoded {
		forms = append(forms, form)
	}
	slices.Sort(forms)
	for _, form := range forms {
		u := h.encoded[form]
		r.Attacks = append(r.Attacks, Attack{
			ID: "encoded/" + h.column.Name, Name: fmt.Sprintf("Undoing %s in %s, without any key,", form, h.column.Name),
			Rate: Wilson(float64(u.n), h.values), Of: "values",
		})
		r.Examples = append(r.Examples, u.first)
	}
	for kind := range digests {
		rev := h.digests[kind]
		if rev == nil {
			continue
		}
		try := attempt{column: h.column, reversal: rev, name: "values of this data set"}
		if err := s.reverse(ctx, try, s.plain(), r); err != nil {
			return err
		}
		for _, space := range s.Spaces {
			try.name = space.Name
			if err := s.reverse(ctx, try, slices.Values([]Space{space}), r); err != nil {
				return err
			}
		}
	}
	return nil
}

// An attempt is what a dictionary is tried on.
type attempt struct {
	column   *Column
	reversal *reversal
	name     string // of the dictionary
}

// reverse tries one dictionary, part by part, on the digests of a column, and
// tells how fast it went.
func (s *study) reverse(ctx context.Context, a attempt, parts iter.Seq[Space], r *Result) error {
	start := s.Clock()
	met := make(map[uint32]bool)
	var tried, size uint64
	first, example := ^uint32(0), []byte(nil)
	for part := range parts {
		found, err := a.reversal.try(ctx, part, s.Guesses-tried, s.Workers)
		if err != nil {
			return err
		}
		for code, i := range found {
			if code < first {
				first, example = code, part.at(i, nil)
			}
			met[code] = true
		}
		tried += min(part.Size, s.Guesses-tried)
		size += part.Size
	}
	seconds := float64(s.Clock()-start) / 1e9
	name := digests[a.reversal.kind].name
	r.Attacks = append(r.Attacks, Attack{
		ID: "reversed/" + a.column.Name + "/" + a.name, Name: fmt.Sprintf("Reversing %s in %s by the dictionary “%s”", name, a.column.Name, a.name),
		Rate: Wilson(float64(len(met)), a.reversal.count), Of: "values",
	})
	if seconds > 0 {
		rate := float64(tried) / seconds
		r.Figures = append(r.Figures, Figure{
			ID: "rate/" + a.column.Name + "/" + a.name, Name: fmt.Sprintf("Guesses at %s in %s by “%s”", name, a.column.Name, a.name), Value: Number(rate), Unit: "per second",
			Note: fmt.Sprintf("%d of %d tried in %.1f s; all would take %.3g s here", tried, size, seconds, float64(size)/rate),
		})
	}
	if len(met) > 0 {
		r.Examples = append(r.Examples, Example{a.column.Name, name, audit.NewSecret(example)})
	}
	return nil
}
