package report

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"telltale/anonymity"
)

// Text writes the report for people at a terminal.
func Text(w io.Writer, r Report) error {
	var b bytes.Buffer
	for _, f := range r.Files {
		fmt.Fprintf(&b, "%s  sha256 %s\n", clean(f.Name), f.SHA256)
	}
	fmt.Fprintf(&b, "%s; random seed %d\n", r.Data(), r.Seed)
	writeRoles(&b, r)
	if len(r.Verdicts) > 0 {
		b.WriteString("\nClaims\n")
		for _, v := range r.Verdicts {
			fmt.Fprintf(&b, "  %s: %s\n    %s\n    %s\n", clean(v.Assertion), v.Result, clean(v.Words), clean(v.Says))
		}
	}
	b.WriteString("\nIn short\n")
	for _, s := range r.Summary() {
		fmt.Fprintf(&b, "  %s\n", clean(s))
	}
	if len(r.Summary()) == 0 {
		b.WriteString("  None of the attacks that could be tried does better than guessing. Other attacks may.\n")
	}
	for _, result := range r.Results {
		r.writeResult(&b, result)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func writeRoles(b *bytes.Buffer, r Report) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, c := range r.Columns {
		guessed := ""
		if c.Guessed {
			guessed = "guessed"
		}
		_, _ = fmt.Fprintf(t, "  %s\t%s\t%s\n", clean(c.Name), c.Role, guessed)
	}
	_ = t.Flush() // a buffer does not fail
	if r.Guessed() {
		b.WriteString("Roles were guessed. Confirm them with --roles or by flags: they decide what is measured.\n")
	}
}

func (r Report) writeResult(b *bytes.Buffer, result anonymity.Result) {
	fmt.Fprintf(b, "\n%s  (%s)\n%s\n", result.Measure.Title, result.Measure.ID, result.Measure.Asks)
	if result.Skipped != "" {
		fmt.Fprintf(b, "  not measured: %s\n", clean(result.Skipped))
		return
	}
	for _, a := range result.Attacks {
		fmt.Fprintf(b, "  %s\n", clean(a.String()))
	}
	for _, f := range result.Figures {
		fmt.Fprintf(b, "  %s\n", clean(figure(f)))
	}
	for _, x := range result.Examples {
		fmt.Fprintf(b, "  %s, %s: such as %s\n", clean(x.Column), x.Form, clean(r.value(x.Value)))
	}
	for _, g := range result.Grids {
		writeGrid(b, g)
	}
	for _, n := range result.Notes {
		fmt.Fprintf(b, "  Note: %s\n", clean(n))
	}
}

// figure writes a number in a line.
func figure(f anonymity.Figure) string {
	s := f.Name + ": " + f.Value.String()
	if f.Unit != "" {
		s += " " + f.Unit
	}
	if f.Note != "" {
		s += " (" + f.Note + ")"
	}
	return s
}

func writeGrid(b *bytes.Buffer, g anonymity.Grid) {
	fmt.Fprintf(b, "  %s\n", clean(g.Title))
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{g.Head}, g.Rows...) {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = clean(c)
		}
		_, _ = fmt.Fprintf(t, "    %s\n", strings.Join(cells, "\t"))
	}
	_ = t.Flush() // a buffer does not fail
}

// clean writes out what would not show or would change the text around it:
// names of columns are the sender's.
func clean(s string) string {
	var b strings.Builder
	for _, c := range s {
		if strconv.IsPrint(c) {
			b.WriteRune(c)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(c), "'"))
		}
	}
	return b.String()
}
