package claims

import (
	"fmt"
	"strings"
	"time"

	"telltale/personal"
)

// A Rule is one of [Never], [Unlinked], [Aggregated], [Confidential], [OnlyTo],
// [Rotates], [Retained], [Random], [Minimised], [OnePlace], [Deleted],
// [Untestable].
type Rule interface {
	// String says in one plain sentence what is asserted.
	String() string
	rule()
}

// Never asserts that nothing of these kinds is sent.
type Never struct{ Kinds []personal.Kind }

// Unlinked asserts that the kinds stand in no record with any kind of To, nor
// can be joined with it through an identifier.
type Unlinked struct{ Kinds, To []personal.Kind }

// Aggregated asserts that no record is about one event of these kinds; K is
// the least number of people that a record is about (0: not said).
type Aggregated struct {
	Kinds []personal.Kind
	K     int
}

// Confidential asserts that nobody can read what is sent without a secret. An
// encoding is no encryption. No kinds means all. With Transit it is meant of
// those on the line alone: the encryption of the line is enough.
type Confidential struct {
	Kinds   []personal.Kind
	Transit bool
}

// OnlyTo asserts that personal data goes to nobody else. An empty list means
// any; no kinds means all.
type OnlyTo struct {
	Organisations, Countries []string
	Kinds                    []personal.Kind
}

// Rotates asserts that an identifier of the kind is replaced within a time.
type Rotates struct {
	Kind   personal.Kind
	Within time.Duration
}

// Retained asserts that data is kept no longer than a time.
type Retained struct{ AtMost time.Duration }

// Random asserts that identifiers of the kinds are drawn at random: nothing
// about the device or its user can be computed from them.
type Random struct{ Kinds []personal.Kind }

// Minimised asserts that what is sent of the kinds is cut down: of an address no
// query and no fragment, and of a search no words.
type Minimised struct{ Kinds []personal.Kind }

// OnePlace asserts that one event of the kinds is sent to one host and to no
// second one.
type OnePlace struct{ Kinds []personal.Kind }

// Deleted asserts that what was recorded of the kinds before consent was
// withdrawn is not sent afterwards.
type Deleted struct{ Kinds []personal.Kind }

// Untestable is a promise that this program cannot test, and Why. It is part of
// a claims file so that nobody takes what was tested for the whole.
type Untestable struct{ Why string }

func (Never) rule()        {}
func (Unlinked) rule()     {}
func (Aggregated) rule()   {}
func (Confidential) rule() {}
func (OnlyTo) rule()       {}
func (Rotates) rule()      {}
func (Retained) rule()     {}
func (Random) rule()       {}
func (Minimised) rule()    {}
func (OnePlace) rule()     {}
func (Deleted) rule()      {}
func (Untestable) rule()   {}

// String implements [Rule].
func (r Never) String() string { return fmt.Sprintf("never sends %s", kinds(r.Kinds, "or")) }

// String implements [Rule].
func (r Unlinked) String() string {
	return fmt.Sprintf("%s cannot be linked to %s", kinds(r.Kinds, "and"), kinds(r.To, "or"))
}

// String implements [Rule].
func (r Aggregated) String() string {
	if r.K > 0 {
		return fmt.Sprintf("no record about fewer than %d people for %s", r.K, kinds(r.Kinds, "and"))
	}
	return fmt.Sprintf("no record about one event for %s", kinds(r.Kinds, "and"))
}

// String implements [Rule].
func (r Confidential) String() string {
	what := "what is sent"
	if len(r.Kinds) > 0 {
		what = kinds(r.Kinds, "or")
	}
	if r.Transit {
		return "nobody on the line can read " + what
	}
	return "nobody without a secret can read " + what
}

// String implements [Rule].
func (r OnlyTo) String() string {
	s := "personal data goes only to "
	if len(r.Kinds) > 0 {
		s = fmt.Sprintf("only these get %s: ", kinds(r.Kinds, "or"))
	}
	if len(r.Organisations) > 0 {
		s += list(r.Organisations, "or")
	} else {
		s += "anyone"
	}
	if len(r.Countries) > 0 {
		s += " in " + list(r.Countries, "or")
	}
	return s
}

// String implements [Rule].
func (r Rotates) String() string {
	return fmt.Sprintf("%s is replaced within %s", kinds([]personal.Kind{r.Kind}, ""), days(r.Within))
}

// String implements [Rule].
func (r Retained) String() string { return "data is kept for at most " + days(r.AtMost) }

// String implements [Rule].
func (r Random) String() string {
	return fmt.Sprintf("nothing about device or user can be computed from %s", kinds(r.Kinds, "or"))
}

// String implements [Rule].
func (r Minimised) String() string {
	return fmt.Sprintf("only what is needed is sent of %s: no query, no fragment, no search words", kinds(r.Kinds, "and"))
}

// String implements [Rule].
func (r OnePlace) String() string {
	return fmt.Sprintf("no second host gets the same %s", kinds(r.Kinds, "or"))
}

// String implements [Rule].
func (r Deleted) String() string {
	return fmt.Sprintf("what was recorded before consent was withdrawn is not sent after: %s", kinds(r.Kinds, "and"))
}

// String implements [Rule].
func (r Untestable) String() string { return "cannot be tested: " + r.Why }

// kinds names kinds in plain words; a parent kind has no words of its own and
// stands as its path.
func kinds(ks []personal.Kind, conj string) string {
	names := make([]string, len(ks))
	for i, k := range ks {
		names[i] = string(k)
		if m := k.Meaning(); m != "" {
			names[i] = m
		}
	}
	return list(names, conj)
}

func list(names []string, conj string) string {
	switch n := len(names); n {
	case 0:
		return "nothing"
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " " + conj + " " + names[n-1]
	}
}

func days(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	}
	return d.String()
}
