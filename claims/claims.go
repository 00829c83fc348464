// Package claims holds what a vendor says about its telemetry, as statements
// that can be tested, and reads the file that they stand in.
//
// The file format is claims/v1: YAML, strict. A [Statement] quotes the vendor
// and asserts things; each [Assertion] is one rule with the condition under
// which it is said to hold. The collector enforces the same rules that the
// instrument tests.
package claims

import "strings"

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

// String says what is asserted, and when.
func (a Assertion) String() string {
	if when := a.When.String(); when != "" {
		return a.Rule.String() + ", " + when
	}
	return a.Rule.String()
}

// A Condition limits an assertion; a zero field means any.
type Condition struct {
	Mode    Mode
	Consent Consent
}

// String says the condition in words, "" for the zero condition.
func (c Condition) String() string {
	var words []string
	if c.Mode != "" {
		words = append(words, "in "+string(c.Mode)+" mode")
	}
	switch c.Consent {
	case None:
		words = append(words, "without consent")
	case Given:
		words = append(words, "with consent")
	case Withdrawn:
		words = append(words, "after consent was withdrawn")
	}
	return strings.Join(words, " ")
}

// Holds reports whether the condition covers a mode and a state of consent.
func (c Condition) Holds(m Mode, s Consent) bool {
	return (c.Mode == "" || c.Mode == m) && (c.Consent == "" || c.Consent == s)
}
