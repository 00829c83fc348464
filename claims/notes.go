package claims

import (
	"fmt"
	"slices"
)

// Notes says what a reader of a claims file would ask back, in the order of the
// file: statements without their words or source, and assertions that say
// nothing that others do not say. None of it makes the file wrong.
func (f File) Notes() (notes []string) {
	all := pieces(f)
	for _, s := range f.Statements {
		switch {
		case s.Quote == "":
			notes = append(notes, fmt.Sprintf("statement %s has no quote: nobody can see who said what", s.ID))
		case s.Source.URL == "":
			notes = append(notes, fmt.Sprintf("statement %s has no source: nobody can look it up", s.ID))
		case s.Source.Date == "":
			notes = append(notes, fmt.Sprintf("the source of statement %s has no date: the page may change", s.ID))
		}
		for _, a := range s.Asserts {
			if by := redundant(a.ID, all); by != "" {
				notes = append(notes, fmt.Sprintf("%s says nothing that %s does not say", a.ID, by))
			}
		}
	}
	return notes
}

// redundant names the assertions that together imply all that one says, "" if
// none do. Of two that say the same the first is not redundant.
func redundant(id string, all []piece) string {
	first := slices.IndexFunc(all, func(p piece) bool { return p.id == id })
	var by []string
	for _, mine := range all[first:] {
		if mine.id != id {
			break
		}
		i := slices.IndexFunc(all, func(p piece) bool { return p.id != id && p.implies(mine.promise) })
		if i < 0 || i > first && mine.implies(all[i].promise) {
			return ""
		}
		by = once(by, all[i].id)
	}
	return list(by, "and")
}
