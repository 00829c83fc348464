// Package claims holds what a vendor says about its telemetry, as statements
// that can be tested, and reads the file that they stand in.
//
// The file format is claims/v1: YAML, strict. A [Statement] quotes the vendor
// and asserts things; each [Assertion] is one rule with the condition under
// which it is said to hold. The collector enforces the same rules that the
// instrument tests.
package claims

import (
	"fmt"
	"strings"
	"time"

	"telltale/personal"
)

// Version is the value of the key "telltale" in a claims file.
const Version = "claims/v1"

// A Mode is the privacy mode in which software runs.
type Mode string

// The modes.
const (
	Normal  Mode = "normal"
	Private Mode = "private"
)

// A Consent is what the user has agreed to.
type Consent string

// The states of consent.
const (
	None      Consent = "none"
	Given     Consent = "given"
	Withdrawn Consent = "withdrawn"
)

// A File is the content of a claims file.
type File struct {
	Subject    Subject
	Statements []Statement
	Schema     *Schema // the tracking plan, nil if there is none
}

// A Subject is the software that the claims are about.
type Subject struct {
	Name, Version, Publisher string
}

// A Statement is what the vendor said, where and when, and what follows from it.
type Statement struct {
	ID      string
	Quote   string
	Source  Source
	Asserts []Assertion
}

// A Source says where a statement was published.
type Source struct {
	URL  string
	Date string // YYYY-MM-DD
}

// An Assertion is one rule that a statement implies.
type Assertion struct {
	ID   string // statement's id, "/", number from 1
	When Condition
	Rule Rule
}

// A Condition limits an assertion; a zero field means any.
type Condition struct {
	Mode    Mode
	Consent Consent
}

// Holds reports whether the condition covers a mode and a state of consent.
func (c Condition) Holds(m Mode, s Consent) bool {
	return (c.Mode == "" || c.Mode == m) && (c.Consent == "" || c.Consent == s)
}

// A Rule is one of [Never], [Unlinked], [Aggregated], [Confidential],
// [OnlyTo], [Rotates], [Retained].
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
// encoding is no encryption. No kinds means all.
type Confidential struct{ Kinds []personal.Kind }

// OnlyTo asserts that personal data goes to nobody else. An empty list means any.
type OnlyTo struct{ Organisations, Countries []string }

// Rotates asserts that an identifier of the kind is replaced within a time.
type Rotates struct {
	Kind   personal.Kind
	Within time.Duration
}

// Retained asserts that data is kept no longer than a time.
type Retained struct{ AtMost time.Duration }

func (Never) rule()        {}
func (Unlinked) rule()     {}
func (Aggregated) rule()   {}
func (Confidential) rule() {}
func (OnlyTo) rule()       {}
func (Rotates) rule()      {}
func (Retained) rule()     {}

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
	if len(r.Kinds) == 0 {
		return "nobody without a secret can read what is sent"
	}
	return fmt.Sprintf("nobody without a secret can read %s", kinds(r.Kinds, "or"))
}

// String implements [Rule].
func (r OnlyTo) String() string {
	s := "personal data goes only to "
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
