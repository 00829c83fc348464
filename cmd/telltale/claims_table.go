package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"telltale/audit"
	"telltale/audit/judge"
	"telltale/claims"
)

// cells are the results in a table.
var cells = map[audit.Result]string{
	audit.Refuted: "×", audit.Supported: "○", audit.NotTested: "–", audit.CannotTell: "?",
}

// write writes the table, and below it what belongs to the figures in it.
func (s *sideBySide) write(w io.Writer, file claims.File) error {
	var b strings.Builder
	fmt.Fprintf(&b, "claims: %s, %s\nrules: %s\n\n", s.Subject, onOneLine(s.Claims), s.Rules)
	for i, col := range s.Columns {
		where := "offline"
		if col.Online {
			where = "online"
		}
		target := onOneLine(col.Target)
		if col.Control {
			target = "control: " + target
		}
		fmt.Fprintf(&b, "%s  %s: %s; %s, %s, %s\n", letter(i), onOneLine(col.Case), col.Subject, target, col.Started.UTC().Format("2006-01-02"), where)
		for _, remark := range col.remarks() {
			paragraph(&b, 3, "!", remark)
		}
	}
	b.WriteString("\n")
	s.rows(&b, file)
	s.measured(&b)
	s.statistics(&b)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	return nil
}

// remarks says what is to be known of a case before its verdicts are read.
func (t tested) remarks() (says []string) {
	if t.Partial != "" {
		says = append(says, "NOT COMPLETE: "+t.Partial)
	}
	if !t.Planned {
		says = append(says, "these are not the claims that the case was planned with")
	}
	if t.Changed != "" {
		says = append(says, t.Changed)
	}
	return says
}

// letter names a column: A to Z, then AA and on.
func letter(i int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if i < len(letters) {
		return letters[i : i+1]
	}
	return letter(i/len(letters)-1) + letter(i%len(letters))
}

// rows writes a line for each assertion.
func (s *sideBySide) rows(b *strings.Builder, file claims.File) {
	lines := [][]string{{"claim"}}
	for i := range s.Columns {
		lines[0] = append(lines[0], letter(i))
	}
	for _, st := range file.Statements {
		for _, a := range st.Asserts {
			row := []string{a.ID}
			for _, col := range s.Columns {
				row = append(row, resultCell(col.verdict(a.ID)))
			}
			if slices.Contains(s.Differ, a.ID) {
				row = append(row, "≠")
			}
			lines = append(lines, row)
		}
	}
	aligned(b, "", lines)
	b.WriteString("\n× refuted, with runs and the 95% interval of their share; ○ supported, with the\nhighest share that no hit allows; – not tested; ? cannot tell; ≠ the cases differ\n")
}

// resultCell says a verdict in a few characters.
func resultCell(v audit.Verdict) string {
	switch v.Result {
	case audit.Refuted:
		return fmt.Sprintf("× %d/%d %s", v.Hits, v.Runs, share(v.Low, v.High))
	case audit.Supported:
		return fmt.Sprintf("○ ≤%.0f%%", 100*v.Bound)
	case "":
		return ""
	default:
		return cells[v.Result] + " " + string(v.Result)
	}
}

func share(low, high float64) string { return fmt.Sprintf("%.0f–%.0f%%", 100*low, 100*high) }

// measured writes what the measures of anonymity say.
func (s *sideBySide) measured(b *strings.Builder) {
	first := true
	for i, col := range s.Columns {
		for _, v := range col.Measured {
			if first {
				b.WriteString("\nby measures of anonymity, which refute and support nothing:\n")
				first = false
			}
			paragraph(b, 2, letter(i)+" "+v.Assertion, string(v.Result)+": "+v.Says)
		}
	}
}

// statistics writes what holds of several figures at once.
func (s *sideBySide) statistics(b *strings.Builder) {
	if s.Supported > 1 {
		var words []string
		for _, j := range s.Joint {
			words = append(words, fmt.Sprintf("%.0f%% of runs where there were %d", 100*j.Bound, j.Runs))
		}
		b.WriteString("\n")
		paragraph(b, 0, "together", fmt.Sprintf("that all %d bounds hold at once is as sure if each is raised to %s", s.Supported, strings.Join(words, ", ")))
	}
	lines := [][]string{{"case", "kind of data", "arms", "runs that sent it", "p", "corrected"}}
	for i, col := range s.Columns {
		for _, c := range col.Comparisons {
			lines = append(lines, []string{
				letter(i), c.Kind.Short(), c.A + " : " + c.B,
				fmt.Sprintf("%d : %d of %d", c.Both+c.OnlyA, c.Both+c.OnlyB, c.Runs()), decimal(c.P), decimal(c.Corrected) + mark(c),
			})
		}
	}
	if len(lines) > 1 {
		b.WriteString("\narms, compared run by run:\n")
		aligned(b, "  ", lines)
	}
}

func mark(c judge.Comparison) string {
	if c.Significant() {
		return " *"
	}
	return ""
}

// decimal writes a p as far as it means something.
func decimal(p float64) string {
	if p < 0.001 {
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", p)
}

// aligned writes rows of cells in columns.
func aligned(b *strings.Builder, indent string, rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len([]rune(onOneLine(cell))))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		line.WriteString(indent)
		for i, cell := range row {
			fmt.Fprintf(&line, "%-*s  ", widths[i], onOneLine(cell))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}
