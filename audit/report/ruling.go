package report

import (
	"slices"
	"strings"
	"unicode/utf8"

	"telltale/audit"
	"telltale/claims"
)

// A ruling is one verdict with what it is about, for formats that list verdicts.
type ruling struct {
	Statement claims.Statement
	Claim     string // what is asserted, in words
	Target    target
	audit.Verdict
}

// rulings lists the verdicts: by target, and then in the order of the claims.
func (x *index) rulings() []ruling {
	var list []ruling
	for _, t := range x.targets {
		for _, s := range x.statements() {
			for _, row := range s.Rows {
				if v, ok := x.verdicts[[2]string{row.ID, t.Name}]; ok {
					list = append(list, ruling{s.Statement, row.Rule, t, v})
				}
			}
		}
	}
	return list
}

// cited returns the findings of a verdict in their own order; ids that no
// finding has are passed over.
func (x *index) cited(v audit.Verdict) []audit.Finding {
	fs := make([]audit.Finding, 0, len(v.Findings))
	for _, id := range v.Findings {
		if f, ok := x.findings[id]; ok {
			fs = append(fs, f)
		}
	}
	return fs
}

// citedExhibits returns the exhibits that the findings of a verdict stand in,
// each once, in the order of the log.
func (x *index) citedExhibits(v audit.Verdict) []audit.Exhibit {
	var list []audit.Exhibit
	seen := make(map[string]bool)
	for _, f := range x.cited(v) {
		if e, ok := x.exhibits[f.Exhibit]; ok && !seen[e.ID] {
			seen[e.ID] = true
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b audit.Exhibit) int { return x.order[a.ID] - x.order[b.ID] })
	return list
}

// match returns what a finding met: dots unless the report reveals.
func (x *index) match(f audit.Finding) string {
	if !x.Reveal {
		return f.Value.String()
	}
	data := f.Value.Reveal()
	if f.Span.Start >= 0 && f.Span.Start < f.Span.End && f.Span.End <= len(data) {
		data = data[f.Span.Start:f.Span.End]
	}
	if !utf8.Valid(data) {
		return strings.ToValidUTF8(printable(data), "\ufffd")
	}
	return string(data)
}

// toolVersion is the version of the program that made the case.
func (x *index) toolVersion() string {
	for _, t := range x.Case.Case.Tools {
		if t.Name == "telltale" {
			return t.Version
		}
	}
	return ""
}
