package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"telltale/anonymity"
	"telltale/anonymity/read"
	"telltale/anonymity/report"
	"telltale/audit"
	"telltale/audit/evidence"
	auditreport "telltale/audit/report"
	"telltale/personal"
)

// Columns of a case that are no kinds of personal data.
const (
	caseSubject = "profile" // a run of a target has a profile of its own: one person's
	caseTime    = "time"
	caseMode    = "mode"
	caseHost    = "recipient"
)

// caseRoles says what the kinds that findings have are to an attacker, the
// first row that a kind is under.
var caseRoles = []struct {
	kind personal.Kind
	role anonymity.Role
}{
	{"behaviour/navigation/url", anonymity.Item},
	{"behaviour", anonymity.Sensitive},
	{"id", anonymity.Identifier},
	{"contact", anonymity.Identifier},
	{"place", anonymity.Sensitive},
}

// loadCase makes a table out of what was found in a case. Each event in which
// something was found is a row, and each kind of finding a column. Who is behind
// a row is known: the run of the target that sent it.
func (s *survey) loadCase(path string) (*dataset, error) {
	folder, err := evidence.Open(path)
	if err != nil {
		return nil, usageError{err}
	}
	c, err := derive(folder)
	if err != nil {
		return nil, err
	}
	d := &dataset{claims: &c.Claims, files: []report.File{{Name: path, SHA256: digest([]byte(c.Case.ID))}}}
	columns := caseColumns(c.Findings)
	for _, col := range columns {
		d.columns = append(d.columns, report.Column{Name: col.Name, Role: col.Role})
	}
	if d.table, err = caseTable(c, columns, s.place()); err != nil {
		return nil, fmt.Errorf("the case %s: %w: nothing was found in it", path, err)
	}
	return d, nil
}

// caseTable makes a table of the findings of a case.
func caseTable(c *auditreport.Case, columns []anonymity.Column, at read.Place) (*anonymity.Table, error) {
	b := anonymity.NewBuilder(columns)
	b.Memory, b.Spill = at.Memory, at.Spill
	for _, row := range caseRows(c, columns) {
		if err := b.Add(row); err != nil {
			return nil, err
		}
	}
	return b.Table()
}

// caseColumns lists the columns of a case: the fixed ones and the kinds, in
// order.
func caseColumns(findings []audit.Finding) []anonymity.Column {
	columns := []anonymity.Column{
		{Name: caseSubject, Role: anonymity.Subject},
		{Name: caseTime, Role: anonymity.Time},
		{Name: caseMode, Role: anonymity.Mode},
		{Name: caseHost, Role: anonymity.Quasi},
	}
	var kinds []string
	for _, f := range findings {
		if f.Confidence != audit.Hint {
			kinds = insert(kinds, string(f.Kind))
		}
	}
	for _, kind := range kinds {
		role := anonymity.Quasi
		for _, r := range caseRoles {
			if personal.Kind(kind).Under(r.kind) {
				role = r.role
				break
			}
		}
		columns = append(columns, anonymity.Column{Name: kind, Role: role})
	}
	return columns
}

// caseRows makes a row of each event with findings. Of several findings of a
// kind in one event the first one counts.
func caseRows(c *auditreport.Case, columns []anonymity.Column) [][]string {
	exhibits := byID(c.Exhibits)
	arms := make(map[string]audit.Arm)
	for _, arm := range c.Case.Arms {
		arms[arm.Name] = arm
	}
	rows := make(map[int][]string)
	for _, f := range c.Findings {
		ex := exhibits[f.Exhibit]
		arm, ours := arms[ex.Arm]
		if !ours || ex.Stage || f.Confidence == audit.Hint {
			continue
		}
		row := rows[ex.Event]
		if row == nil {
			row = make([]string, len(columns))
			row[0] = fmt.Sprintf("%s, run %d", arm.Target(), ex.Run)
			row[1], row[2], row[3] = ex.Time.UTC().Format(time.RFC3339Nano), string(arm.Mode), ex.Host
			rows[ex.Event] = row
		}
		i := slices.IndexFunc(columns, func(col anonymity.Column) bool { return col.Name == string(f.Kind) })
		row[i] = cmp.Or(row[i], matched(f))
	}
	events := make([]int, 0, len(rows))
	for event := range rows {
		events = append(events, event)
	}
	slices.Sort(events)
	list := make([][]string, len(events))
	for i, event := range events {
		list[i] = rows[event]
	}
	return list
}

// matched returns the bytes that a finding marks.
func matched(f audit.Finding) string {
	data := f.Value.Reveal()
	if f.Span.End <= len(data) && f.Span.Start < f.Span.End {
		data = data[f.Span.Start:f.Span.End]
	}
	return string(data)
}
