package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"telltale/audit"
	"telltale/audit/report"
)

// maxCell is the length up to which a captured value is shown in a table.
const maxCell = 60

// table writes the findings of a case for people.
func table(w io.Writer, c *report.Case) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(c.Findings) > 0 {
		_, _ = fmt.Fprintln(t, strings.Join([]string{"finding", "exhibit", "to", "kind", "seed", "form", "how sure", "where", "value"}, "\t"))
	}
	exhibits := byID(c.Exhibits)
	for _, f := range c.Findings {
		ex := exhibits[f.Exhibit]
		row := []string{
			f.ID, f.Exhibit, cmp.Or(ex.Host, ex.Case), string(f.Kind), cmp.Or(f.Seed, f.Label, "-"), f.Form,
			string(f.Confidence), f.Trail.String(), cell(f, c.Reveal),
		}
		for i, s := range row {
			row[i] = onOneLine(s)
		}
		_, _ = fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, p := range c.Problems {
		if _, err := fmt.Fprintf(w, "error: %s\n", onOneLine(strings.TrimSpace(p.Exhibit+" "+p.Message))); err != nil {
			return err
		}
	}
	opaque := 0
	for _, cov := range c.Coverage {
		opaque += cov.Opaque
	}
	_, err := fmt.Fprintf(w, "%d findings in %d exhibits; %d errors, %d exhibits could not be read\n",
		len(c.Findings), len(c.Exhibits), len(c.Problems), opaque)
	return err
}

// cell returns what a finding's value shows in a table: what was met.
func cell(f audit.Finding, reveal bool) string {
	if !reveal {
		return f.Value.String()
	}
	data := f.Value.Reveal()
	if f.Span.End <= len(data) {
		data = data[f.Span.Start:f.Span.End]
	}
	return clip(string(data), maxCell)
}

// onOneLine writes out what would not show, or would change how the text around
// it shows: the sender chooses names and values.
func onOneLine(s string) string {
	var b strings.Builder
	for i, r := range s {
		if strconv.IsPrint(r) && (r != '\ufffd' || strings.HasPrefix(s[i:], "\ufffd")) {
			b.WriteRune(r)
			continue
		}
		if r == '\ufffd' {
			fmt.Fprintf(&b, `\x%02x`, s[i])
			continue
		}
		b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
	}
	return b.String()
}
