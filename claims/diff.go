package claims

import (
	"fmt"
	"slices"
)

// A Change says what became of a promise.
type Change string

// The changes. One promise is stronger than another if whoever keeps it keeps
// the other as well.
const (
	Kept         Change = "kept"
	Added        Change = "added"
	Dropped      Change = "dropped"
	Strengthened Change = "strengthened" // all of it is still promised, and more
	Weakened     Change = "weakened"     // part of it is no longer promised
	Shifted      Change = "shifted"      // part of it is no longer promised, and something else is
	Reworded     Change = "reworded"     // the statement says it in other words
)

// Less reports whether a change takes something away.
func (c Change) Less() bool { return c == Dropped || c == Weakened || c == Shifted }

// A Difference is one change between two claims files. Of a reworded statement
// Old and New are its id, of any other change ids of assertions.
type Difference struct {
	Change Change   `json:"change"`
	Old    []string `json:"old,omitempty"`
	New    []string `json:"new,omitempty"`
	Lost   []string `json:"lost,omitempty"`   // what is no longer promised, in words
	Left   []string `json:"left,omitempty"`   // what is left of that, in words
	Gained []string `json:"gained,omitempty"` // what was not promised before, in words
}

// A piece is a promise with the assertion that it is part of.
type piece struct {
	promise
	id string
}

func pieces(f File) (all []piece) {
	for _, s := range f.Statements {
		for _, a := range s.Asserts {
			for _, p := range promises(a) {
				all = append(all, piece{p, a.ID})
			}
		}
	}
	return all
}

// String says what the piece promises.
func (p piece) String() string { return Assertion{When: p.when, Rule: p.rule}.String() }

// Diff compares what two versions of a claims file promise: first what became
// of each assertion of the old one, in its order, then what is new. Ids do not
// matter, but for statements whose words are others now: these come last.
func Diff(before, after File) []Difference {
	was, is := pieces(before), pieces(after)
	var olds []*fate
	for id, group := range byAssertion(was) {
		olds = append(olds, became(id, group, is))
	}
	var added []Difference
	for id, group := range byAssertion(is) {
		if gained := news(group, was); len(gained) > 0 && (len(gained) == len(group) || !grow(olds, id, gained)) {
			added = append(added, Difference{Change: Added, New: []string{id}, Gained: gained})
		}
	}
	var diffs []Difference
	for _, f := range olds {
		diffs = append(diffs, f.Difference)
	}
	return append(append(diffs, added...), reworded(before, after)...)
}

// A fate is what became of an old assertion, with the new ones that promise
// as much as some part of it.
type fate struct {
	Difference
	heirs []string
}

// byAssertion yields the pieces of each assertion, in order.
func byAssertion(all []piece) func(yield func(string, []piece) bool) {
	return func(yield func(string, []piece) bool) {
		for len(all) > 0 {
			n := 1
			for n < len(all) && all[n].id == all[0].id {
				n++
			}
			if !yield(all[0].id, all[:n]) {
				return
			}
			all = all[n:]
		}
	}
}

// became says what became of the pieces of one old assertion.
func became(id string, group, is []piece) *fate {
	d := &fate{Difference: Difference{Change: Kept, Old: []string{id}}}
	gained := 0
	for _, old := range group {
		equal := slices.IndexFunc(is, func(p piece) bool { return p.implies(old.promise) && old.implies(p.promise) })
		if equal >= 0 {
			d.New, d.heirs = once(d.New, is[equal].id), once(d.heirs, is[equal].id)
			continue
		}
		stronger := slices.IndexFunc(is, func(p piece) bool { return p.implies(old.promise) })
		if stronger >= 0 {
			gained++
			d.New, d.heirs = once(d.New, is[stronger].id), once(d.heirs, is[stronger].id)
			d.Gained = once(d.Gained, is[stronger].String())
			continue
		}
		d.Lost = append(d.Lost, old.String())
		for _, p := range is { // what is left of it
			if old.implies(p.promise) {
				d.New, d.Left = once(d.New, p.id), once(d.Left, p.String())
			}
		}
	}
	switch {
	case len(d.Lost) > 0 && gained > 0:
		d.Change = Shifted
	case len(d.Lost) > 0 && len(d.New) > 0:
		d.Change = Weakened
	case len(d.Lost) > 0:
		d.Change = Dropped
	case gained > 0:
		d.Change = Strengthened
	}
	return d
}

// news says what of a new assertion has nothing to do with any old one.
func news(group, was []piece) (gained []string) {
	for _, p := range group {
		if !slices.ContainsFunc(was, func(old piece) bool { return old.implies(p.promise) || p.implies(old.promise) }) {
			gained = append(gained, p.String())
		}
	}
	return gained
}

// grow adds what a new assertion has gained to the first old one that it is an
// heir of, and reports whether there is one.
func grow(olds []*fate, id string, gained []string) bool {
	for _, f := range olds {
		if !slices.Contains(f.heirs, id) {
			continue
		}
		f.Gained = append(f.Gained, gained...)
		switch f.Change {
		case Kept:
			f.Change = Strengthened
		case Weakened:
			f.Change = Shifted
		}
		return true
	}
	return false
}

// reworded lists the statements whose quotes are others now.
func reworded(before, after File) (diffs []Difference) {
	for _, s := range after.Statements {
		i := slices.IndexFunc(before.Statements, func(old Statement) bool { return old.ID == s.ID })
		if i >= 0 && before.Statements[i].Quote != s.Quote {
			diffs = append(diffs, Difference{
				Change: Reworded, Old: []string{s.ID}, New: []string{s.ID},
				Lost: quoted(before.Statements[i].Quote), Gained: quoted(s.Quote),
			})
		}
	}
	return diffs
}

func quoted(quote string) []string {
	if quote == "" {
		return nil
	}
	return []string{fmt.Sprintf("“%s”", quote)}
}

func once(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
