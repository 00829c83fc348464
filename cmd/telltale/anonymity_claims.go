package main

import (
	"fmt"
	"slices"

	"telltale/anonymity"
	"telltale/anonymity/report"
	"telltale/audit"
	"telltale/claims"
	"telltale/personal"
)

// verdicts judges the assertions that a data set can refute: aggregated and
// unlinked. A measure refutes or does not; that no attack succeeded supports
// nothing by itself, and the verdict is then "not tested".
func verdicts(file claims.File, t *anonymity.Table, results []anonymity.Result) []report.Verdict {
	var list []report.Verdict
	for _, statement := range file.Statements {
		for _, a := range statement.Asserts {
			v := report.Verdict{Assertion: a.ID, Words: a.Rule.String(), Result: audit.NotTested}
			switch rule := a.Rule.(type) {
			case claims.Aggregated:
				v.Result, v.Says = judgeGroups(rule, t)
			case claims.Unlinked:
				v.Result, v.Says = judgeLinks(rule, t, results)
			default:
				continue
			}
			list = append(list, v)
		}
	}
	return list
}

// about returns the columns that hold one of the kinds: by name in a case, else
// those with the role given.
func about(t *anonymity.Table, kinds []personal.Kind, role anonymity.Role) []*anonymity.Column {
	var cols []*anonymity.Column
	for _, c := range t.Columns {
		if slices.ContainsFunc(kinds, func(k personal.Kind) bool { return personal.Kind(c.Name).Under(k) }) {
			cols = append(cols, c)
		}
	}
	if len(cols) == 0 {
		return t.With(role)
	}
	return cols
}

// judgeGroups holds the groups of records with one value against k.
func judgeGroups(rule claims.Aggregated, t *anonymity.Table) (audit.Result, string) {
	k := max(2, rule.K)
	cols := about(t, rule.Kinds, anonymity.Item)
	if len(cols) == 0 || t.One(anonymity.Subject) == nil {
		return audit.NotTested, "The data has no subject, or no column of these kinds."
	}
	if people := t.CountSubjects(); people < k {
		return audit.NotTested, fmt.Sprintf("The data has %d subjects; groups of %d cannot show.", people, k)
	}
	u := t.Unique(cols[:1], k)
	if u.Below == 0 {
		return audit.NotTested, fmt.Sprintf("No record about fewer than %d subjects was found by %s; other columns may tell them.", k, cols[0].Name)
	}
	return audit.Refuted, fmt.Sprintf("By %s alone, %d of %d records are about fewer than %d subjects; the smallest group has %d.", cols[0].Name, u.Below, u.Records, k, u.K)
}

// judgeLinks looks for stable identifiers in records of the kinds, and for an
// attack that links profiles better than guessing.
func judgeLinks(rule claims.Unlinked, t *anonymity.Table, results []anonymity.Result) (audit.Result, string) {
	for _, id := range about(t, rule.To, anonymity.Identifier) {
		if trait := t.Trait(id); trait.Stable() {
			return audit.Refuted, fmt.Sprintf("%s stands in the records, the same for a subject in %.0f %% and its own for %.0f %% of %d subjects.",
				id.Name, 100*trait.Constant, 100*trait.Own, trait.Subjects)
		}
	}
	tried := false
	for _, r := range results {
		if r.Measure.ID != "linkage" {
			continue
		}
		for _, a := range r.Attacks {
			tried = true
			if a.Succeeds() {
				return audit.Refuted, "Without any identifier: " + a.String()
			}
		}
	}
	if !tried {
		return audit.NotTested, "Linkage was not measured, and no identifier is stable."
	}
	return audit.NotTested, "No identifier is stable, and linking profiles did no better than guessing; other attacks may."
}
