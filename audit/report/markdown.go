package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"telltale/audit"
)

// writeMarkdown writes a summary that can stand under a pull request: what is
// claimed with the verdicts, what was refuted with one exhibit each, and how
// much could be read.
func writeMarkdown(w io.Writer, x *index) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n", mark(x.lang.say("title", x.subjectName())))
	if x.Partial != "" {
		fmt.Fprintf(&b, "> %s\n\n", markRich(x.lang.words()["banner"], x.lang.word(x.Partial)))
	}
	if x.Changed != "" {
		fmt.Fprintf(&b, "> %s\n\n", markRich(x.lang.words()["banner.changed"], x.lang.word(x.Changed)))
	}
	for _, t := range x.targets {
		fmt.Fprintf(&b, "- %s **%s**: %s\n", mark(capital(x.lang.say("role."+t.Role()))), mark(t.Name), mark(x.tally(t)))
	}
	x.markdownTable(&b)
	x.markdownEvidence(&b)
	fmt.Fprintf(&b, "\n%s\n\n", x.markdownReceived())
	sum := x.sum()
	fmt.Fprintf(&b, "%s\n\n", mark(x.lang.say("markdown.read", x.lang.say("n.requests", sum.Requests), sum.Connections, x.lang.bytes(sum.Bytes), x.unreadCount())))
	fmt.Fprintf(&b, "%s\n", mark(x.lang.say("markdown.foot", x.Case.Case.ID, x.started())))
	_, err := io.WriteString(w, b.String())
	return err
}

func (x *index) markdownTable(b *strings.Builder) {
	fmt.Fprintf(b, "\n| %s |", mark(x.lang.say("verdicts.claim")))
	for _, t := range x.targets {
		fmt.Fprintf(b, " %s |", mark(t.Name))
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(x.targets)) + "\n")
	for _, s := range x.statements() {
		for _, row := range s.Rows {
			fmt.Fprintf(b, "| %s (%s) |", mark(capital(row.Rule)), mark(row.ID))
			for _, r := range row.Results {
				words := r.Symbol + " " + x.resultName(r.resultWord)
				if r.Detail != "" {
					words = "**" + words + "** " + mark(r.Detail)
				}
				fmt.Fprintf(b, " %s |", words)
			}
			b.WriteString("\n")
		}
	}
}

// markdownEvidence says of each refuted claim what was seen, and names the
// exhibit that shows the most.
func (x *index) markdownEvidence(b *strings.Builder) {
	first := true
	for _, r := range x.rulings() {
		if r.Result != audit.Refuted {
			continue
		}
		if first {
			fmt.Fprintf(b, "\n### %s\n\n", mark(x.lang.say("markdown.evidence")))
			first = false
		}
		fmt.Fprintf(b, "- **%s** (%s): %s\n", mark(r.Assertion), mark(r.Target.Name), mark(x.lang.word(r.Says)))
		if fs := x.ranked(r.Findings); len(fs) > 0 {
			e := x.exhibits[fs[0].Exhibit]
			says := x.lang.say("markdown.exhibit", x.kindWord(fs[0].Kind), x.recipient(e.Host), e.ID, x.place(e.Place), "\x00")
			head, tail, _ := strings.Cut(says, "\x00")
			fmt.Fprintf(b, "  %s %s%s\n", mark(head), code(x.mask.trail(fs[0].Trail)), mark(tail))
		}
	}
}

// markdownReceived names those who received personal data from any target.
func (x *index) markdownReceived() string {
	var told []string
	for _, t := range x.targets {
		for _, r := range x.recipients(t) {
			if name := mark(x.recipient(r.Party.Host)); r.told() && !slices.Contains(told, name) {
				told = append(told, name)
			}
		}
	}
	told, more := first(told, maxOthers)
	names := strings.Join(told, ", ")
	if more > 0 {
		names += " " + mark(x.lang.say("more.recipients", more))
	}
	if names == "" {
		names = mark(x.lang.say("markdown.nobody"))
	}
	return x.lang.say("markdown.received", names)
}

// sum adds up what was read in all arms.
func (x *index) sum() audit.Coverage {
	var sum audit.Coverage
	for _, c := range x.Coverage {
		sum.Requests += c.Requests
		sum.Connections += c.Connections
		sum.Bytes += c.Bytes
	}
	return sum
}

// signs of Markdown, of HTML, and of what hosting sites turn into links or
// calls to people.
const markdownSigns = "\\`*_{}[]<>|#@!~&$"

// mark writes text so that it shows as it is: captured names must not become
// links, pictures, or calls to people.
func mark(s string) string {
	var b strings.Builder
	for _, r := range flat(s) {
		switch {
		case r == '@' || r == '#' || r == '<' || r == '&':
			fmt.Fprintf(&b, "&#%d;", r)
		case strings.ContainsRune(markdownSigns, r):
			b.WriteString("\\" + string(r))
		default:
			b.WriteRune(r)
		}
	}
	return strings.ReplaceAll(strings.ReplaceAll(b.String(), "://", ":&#47;&#47;"), "www.", "www&#46;")
}

// markRich writes our own words, which have marks in them, with one text put in.
func markRich(words, text string) string { return fill(words, []any{mark(text)}) }

// code writes text as code. A table's bar would end its cell even there.
func code(s string) string {
	return "`" + strings.NewReplacer("`", "'", "|", "¦").Replace(flat(s)) + "`"
}
