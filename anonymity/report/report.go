// Package report shows what package anonymity measured: as text, as JSON and
// as a page that can be printed and read without anything else.
//
// Captured values are dots in all of them unless the report is told to reveal
// them. Column names are shown; they are the sender's own words.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"telltale/anonymity"
	"telltale/audit"
)

// A Report is all that is shown of one data set.
type Report struct {
	Tool     string             `json:"tool"`
	Files    []File             `json:"files"`
	Rows     int                `json:"rows"`
	Subjects int                `json:"subjects"`
	Untimed  int                `json:"untimed,omitempty"` // rows whose time could not be read
	Nobody   int                `json:"nobody,omitempty"`  // rows without a subject
	Unknown  int                `json:"unknown,omitempty"` // values under names that the first lines do not have; left out
	Columns  []Column           `json:"columns"`
	Seed     uint64             `json:"randomSeed"`
	K        int                `json:"k"`
	Results  []anonymity.Result `json:"results"`
	Verdicts []Verdict          `json:"verdicts,omitempty"`
	Reveal   bool               `json:"-"`
}

// A File is one that was read.
type File struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// A Column is one with the role it was given.
type Column struct {
	Name    string         `json:"name"`
	Role    anonymity.Role `json:"role"`
	Guessed bool           `json:"guessed,omitempty"` // nobody confirmed the role
}

// A Verdict is an assertion of a claims file, judged by the measures.
type Verdict struct {
	Assertion string       `json:"assertion"`
	Words     string       `json:"words"`
	Result    audit.Result `json:"verdict"`
	Says      string       `json:"says"`
}

// Summary returns one sentence for each attack whose success is above
// guessing, most successful first as the measures go.
func (r Report) Summary() []string {
	var list []string
	for _, result := range r.Results {
		if a, ok := strongest(result); ok {
			list = append(list, a.String())
		}
	}
	return list
}

// strongest returns the attack of a result that has the highest lower end.
func strongest(r anonymity.Result) (anonymity.Attack, bool) {
	best, found := anonymity.Attack{}, false
	low := func(a anonymity.Attack) float64 {
		if a.Gain != nil {
			return a.Gain.Low
		}
		return a.Rate.Low
	}
	for _, a := range r.Attacks {
		if a.Succeeds() && (!found || low(a) > low(best)) {
			best, found = a, true
		}
	}
	return best, found
}

// Guessed reports whether a role is a guess that nobody confirmed.
func (r Report) Guessed() bool {
	for _, c := range r.Columns {
		if c.Guessed {
			return true
		}
	}
	return false
}

// Data says in a line how much there is.
func (r Report) Data() string {
	s := fmt.Sprintf("%d rows, %d subjects, %d columns", r.Rows, r.Subjects, len(r.Columns))
	if r.Untimed > 0 {
		s += fmt.Sprintf("; %d rows whose time could not be read", r.Untimed)
	}
	if r.Nobody > 0 {
		s += fmt.Sprintf("; %d rows without a subject", r.Nobody)
	}
	if r.Unknown > 0 {
		s += fmt.Sprintf("; %d values left out whose names come after the first lines", r.Unknown)
	}
	return s
}

// JSON writes the report for programs: one object.
func JSON(w io.Writer, r Report) error {
	type example struct {
		Measure string `json:"measure"`
		Column  string `json:"column"`
		Form    string `json:"form"`
		Value   string `json:"value"`
	}
	view := struct {
		Report
		Examples []example `json:"examples,omitempty"`
	}{Report: r}
	for _, result := range r.Results {
		for _, x := range result.Examples {
			view.Examples = append(view.Examples, example{result.Measure.ID, x.Column, x.Form, r.value(x.Value)})
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(view)
}

// value shows a value to those who may see it.
func (r Report) value(s audit.Secret) string {
	if r.Reveal {
		return strings.ToValidUTF8(string(s.Reveal()), "\ufffd")
	}
	return s.String()
}
