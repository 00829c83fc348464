package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"telltale/audit"
)

// TextOptions say how a summary is laid out.
type TextOptions struct {
	Width int  // of the screen in columns; 0: 80
	Color bool // with ANSI colours
}

// Bounds of a summary's layout.
const (
	screenWidth  = 80
	leastWidth   = 40
	screenHeight = 23 // a line is left for where the report is
)

// Text writes a summary that fits one screen: a line for each claim with the
// results, and what was seen under it while there is room.
func Text(w io.Writer, c Case, opt TextOptions) error {
	if opt.Width == 0 {
		opt.Width = screenWidth
	}
	opt.Width = max(opt.Width, leastWidth)
	s := summary{index: newIndex(c), opt: opt}
	s.head()
	s.claims()
	s.tail()
	if _, err := w.Write(s.out.Bytes()); err != nil {
		return fmt.Errorf("writing the summary of case %s: %w", c.Case.ID, err)
	}
	return nil
}

type summary struct {
	*index
	opt TextOptions
	out bytes.Buffer
}

// line writes text cut to the width. Colour codes are not counted: they are
// only in what [summary.paint] adds.
func (s *summary) line(text string) {
	s.out.WriteString(strings.TrimRight(cut(flat(text), s.opt.Width), " ") + "\n")
}

// flat makes text safe for a terminal: one line, and no control characters.
func flat(text string) string {
	return strings.Join(strings.Fields(printable([]byte(strings.ReplaceAll(text, "\t", " ")))), " ")
}

// cut shortens text to n characters.
func cut(text string, n int) string {
	r := []rune(text)
	switch {
	case len(r) <= n:
		return text
	case n < 1:
		return ""
	default:
		return string(r[:n-1]) + "…"
	}
}

func (s *summary) head() {
	s.line(subjectName(s.subject()))
	where := "offline"
	if s.Case.Case.Online {
		where = "online"
	}
	s.line(fmt.Sprintf("case %s, %s, %s × %s, %s", s.Case.Case.ID, stamp(s.Case.Case.Started),
		count(len(s.Case.Case.Arms), "arm", "arms"), count(s.runs(), "run", "runs"), where))
	if s.Partial != "" {
		s.out.WriteString(s.paint("1;31", cut(flat("NOT COMPLETE: "+s.Partial), s.opt.Width)) + "\n")
	}
	if s.Changed != "" {
		s.out.WriteString(s.paint("1;31", cut(flat("CHANGED SINCE THE PLAN: "+s.Changed), s.opt.Width)) + "\n")
	}
	names := make([]string, len(s.targets))
	for i, t := range s.targets {
		names[i] = t.Role() + ": " + t.Name
		if specimen(t) != "" {
			names[i] += " (a rebuild, not the product)"
		}
	}
	if len(s.targets) > 0 {
		s.line(strings.Join(names, "; "))
		s.line(s.tally(s.targets[0]))
	}
	s.out.WriteString("\n")
}

// A textRow is one claim of the summary.
type textRow struct {
	id      string
	results []audit.Verdict // one for each target
}

// bad reports whether the claim is refuted for any target.
func (r textRow) bad() bool {
	return slices.ContainsFunc(r.results, func(v audit.Verdict) bool { return v.Result == audit.Refuted })
}

// says returns what was seen: what refutes the claim, or else what is said of
// the first target.
func (r textRow) says() string {
	for _, v := range r.results {
		if v.Result == audit.Refuted {
			return v.Says
		}
	}
	if len(r.results) == 0 {
		return ""
	}
	return r.results[0].Says
}

func (s *summary) claims() {
	var rows []textRow
	idWidth := len(firstColumn)
	for _, st := range s.statements() {
		for _, a := range st.Rows {
			r := textRow{id: flat(a.ID)}
			for _, t := range s.targets {
				r.results = append(r.results, s.verdicts[[2]string{a.ID, t.Name}])
			}
			rows = append(rows, r)
			idWidth = max(idWidth, len([]rune(r.id)))
		}
	}
	idWidth = min(idWidth, s.opt.Width/4)
	s.columns(idWidth)
	under := s.layout(rows)
	for _, r := range rows {
		s.row(r, idWidth, under(r))
	}
}

// layout says which claims get a second line for what was seen: all, if they
// fit the screen; else those refuted; else none.
func (s *summary) layout(rows []textRow) func(textRow) bool {
	free := screenHeight - tailLines - bytes.Count(s.out.Bytes(), []byte("\n")) - len(rows)
	bad := 0
	for _, r := range rows {
		if r.bad() {
			bad++
		}
	}
	switch {
	case len(rows) <= free:
		return func(textRow) bool { return true }
	case bad <= free:
		return textRow.bad
	default:
		return func(textRow) bool { return false }
	}
}

const firstColumn = "claim"

// cellWidth holds a symbol and the longest result, with figures and a space.
const cellWidth = 15

// shown returns how many targets have room beside the claims' names.
func (s *summary) shown(idWidth int) int {
	return min(len(s.targets), (s.opt.Width-idWidth-2)/cellWidth)
}

// columns heads the results with the roles of the targets, or with their names
// where two have one role.
func (s *summary) columns(idWidth int) {
	heads := []string{fmt.Sprintf("%-*s  ", idWidth, firstColumn)}
	for i, t := range s.targets[:s.shown(idWidth)] {
		head := t.Role()
		if i > 0 && s.targets[i-1].Control == t.Control || i+1 < len(s.targets) && s.targets[i+1].Control == t.Control {
			head = flat(t.Name)
		}
		heads = append(heads, fmt.Sprintf("%-*s", cellWidth, cut(head, cellWidth-1)))
	}
	s.out.WriteString(strings.TrimRight(strings.Join(heads, ""), " ") + "\n")
}

// row writes a claim: its name, the results by target, and what was seen,
// beside them or under them.
func (s *summary) row(r textRow, idWidth int, under bool) {
	used := idWidth
	fmt.Fprintf(&s.out, "%-*s", idWidth, cut(r.id, idWidth))
	pad := "  "
	for _, v := range r.results[:s.shown(idWidth)] {
		w := wordOf(v.Result)
		cell := cut(w.Symbol+" "+string(w.Result)+ratio(v), cellWidth-1)
		s.out.WriteString(pad + s.paint(w.ansi, cell))
		used += len(pad) + len([]rune(cell))
		pad = strings.Repeat(" ", cellWidth-len([]rune(cell)))
	}
	says := flat(r.says())
	if room := s.opt.Width - used - len(pad); !under && says != "" && room > 0 {
		s.out.WriteString(pad + cut(says, room))
	}
	if under && says != "" {
		s.out.WriteString("\n  " + cut(says, s.opt.Width-2))
	}
	s.out.WriteString("\n")
}

// ratio is the number of runs in which a refutation showed.
func ratio(v audit.Verdict) string {
	if v.Result != audit.Refuted {
		return ""
	}
	return fmt.Sprintf(" %d/%d", v.Hits, v.Runs)
}

// tailLines is the most lines that tail writes.
const tailLines = 5

// tail says who received personal data and what could be read.
func (s *summary) tail() {
	s.out.WriteString("\n")
	var told []string
	var parties []audit.Party
	for _, t := range s.targets {
		for _, r := range s.recipients(t) {
			if name := s.recipient(r.Party.Host); r.told() && !slices.Contains(told, name) {
				told, parties = append(told, name), append(parties, r.Party)
			}
		}
	}
	if len(told) == 0 {
		told = []string{"nobody, in what was read"}
	}
	lines := wrap(flat("received personal data: "+strings.Join(told, ", ")), s.opt.Width)
	if len(lines) > 2 {
		lines = []string{lines[0], cut(lines[1]+" "+lines[2], s.opt.Width)}
	}
	s.out.WriteString(strings.Join(lines, "\n") + "\n")
	if words := whereabouts(parties); words != "" {
		s.line(words)
	}
	var sum audit.Coverage
	for _, c := range s.Coverage {
		sum.Requests += c.Requests
		sum.Connections += c.Connections
		sum.Bytes += c.Bytes
	}
	s.line(fmt.Sprintf("read: %s on %s, %s; could not be read: %s",
		count(sum.Requests, "request", "requests"), count(sum.Connections, "connection", "connections"),
		bytesWords(sum.Bytes), thousands(s.unreadCount())))
}

func (s *summary) paint(code, text string) string {
	if !s.opt.Color || code == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// bytesWords writes a size as a person would say it.
func bytesWords(n int64) string {
	switch {
	case n < 10_000:
		return count(n, "byte", "bytes")
	case n < 10_000_000:
		return thousands(n/1000) + " kB"
	default:
		return thousands(n/1_000_000) + " MB"
	}
}
