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
	var diffs []Difference
	for id, group := range byAssertion(was) {
		diffs = append(diffs, became(id, group, is))
	}
	for id, group := range byAssertion(is) {
		diffs = append(diffs, appeared(id, group, was, diffs)...)
	}
	return append(diffs, reworded(before, after)...)
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
func became(id string, group, is []piece) Difference {
	d := Difference{Change: Kept, Old: []string{id}}
	kept, gained := 0, 0
	for _, old := range group {
		equal := slices.IndexFunc(is, func(p piece) bool { return p.implies(old.promise) && old.implies(p.promise) })
		if equal >= 0 {
			kept++
			d.New = once(d.New, is[equal].id)
			continue
		}
		stronger := slices.IndexFunc(is, func(p piece) bool { return p.implies(old.promise) })
		if stronger >= 0 {
			gained++
			d.New = once(d.New, is[stronger].id)
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

// appeared says what of a new assertion no old one implied, and what an old
// one grew into is left to that one.
func appeared(id string, group, was []piece, diffs []Difference) []Difference {
	var gained []string
	for _, p := range group {
		related := slices.ContainsFunc(was, func(old piece) bool { return old.implies(p.promise) || p.implies(old.promise) })
		if !related {
			gained = append(gained, p.String())
		}
	}
	if len(gained) == 0 {
		return nil
	}
	for i := range diffs {
		d := &diffs[i]
		if len(gained) == len(group) || !slices.Contains(d.New, id) {
			continue
		}
		d.Gained = append(d.Gained, gained...)
		switch d.Change {
		case Kept:
			d.Change = Strengthened
		case Weakened:
			d.Change = Shifted
		}
		return nil
	}
	return []Difference{{Change: Added, New: []string{id}, Gained: gained}}
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
