package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"telltale/audit"
	"telltale/audit/evidence"
	"telltale/audit/evidence/custody"
	"telltale/audit/judge"
	"telltale/audit/report"
)

const reportHelp = `report derives facts and verdicts from a case again and shows them.

It needs nothing but the case folder. facts.jsonl and report.html in it are
written anew; the capture is only read. A case that was cut off is shown as far
as it goes, and says that it is partial. In a sealed case nothing is written
that was not sealed, and the journal says that a report was made.

With --format one report is written to the standard output, or to the file that
-o names, and nothing into the case. The formats:
`

const reportExample = `  telltale report cases/2026-11-21-090000-mint-2020
  telltale report CASE --format pdf --lang zh -o report.pdf
  telltale report CASE --format sarif -o results.sarif       # for code scanning in CI
  telltale report CASE --format markdown >>"$GITHUB_STEP_SUMMARY"`

// reportOptions are the flags of report.
type reportOptions struct {
	format, lang, out string
	reveal            bool
	keys              []string
	shelf             shelf
}

func newReport(e *env) *cobra.Command {
	var o reportOptions
	c := &cobra.Command{
		Use:     "report CASE",
		Short:   "show the verdicts of a case",
		Long:    reportHelp + formatHelp() + keyHelp + partyHelp,
		Example: reportExample,
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return o.run(c.Context(), e, args[0]) },
	}
	f := c.Flags()
	f.StringVar(&o.format, "format", "", "write this report and no other: "+strings.Join(formatNames(), ", "))
	f.StringVarP(&o.out, "output", "o", "", "write it into `FILE`")
	f.StringVar(&o.lang, "lang", report.Languages()[0], "language of reports for people: "+strings.Join(report.Languages(), ", "))
	f.BoolVar(&o.reveal, "reveal", false, "write captured values in clear into facts and report")
	keyFlag(c, &o.keys)
	partyFlags(c, &o.shelf)
	return c
}

func formatNames() []string {
	var names []string
	for _, f := range report.Formats() {
		names = append(names, f.Name)
	}
	return names
}

// formatHelp lists the formats, a line each.
func formatHelp() string {
	var b strings.Builder
	for _, f := range report.Formats() {
		fmt.Fprintf(&b, "  %-9s %s\n", f.Name, f.Means)
	}
	return b.String()
}

func (o reportOptions) run(ctx context.Context, e *env, dir string) error {
	if !slices.Contains(report.Languages(), o.lang) {
		return usagef("--lang %s: there are %s", o.lang, strings.Join(report.Languages(), ", "))
	}
	if o.format == "" {
		if o.out != "" {
			return usagef("--output needs --format: which report is to be written into %s?", o.out)
		}
		return show(e, dir, showing{o.reveal, o.lang}, o.shelf, o.keys...)
	}
	format, err := report.FormatNamed(o.format)
	if err != nil {
		return usagef("--format: %w", err)
	}
	if format.Binary && o.out == "" && terminalWidth(e.stdout) > 0 {
		return usagef("--format %s is nothing for a terminal; name a file with -o", o.format)
	}
	book, err := o.shelf.open(e.now)
	if err != nil {
		return err
	}
	r, err := evidence.Open(dir)
	if err != nil {
		return usageError{err}
	}
	c, err := deriveBy(book, r, o.keys...)
	if err != nil {
		return err
	}
	c.Reveal, c.Lang = o.reveal, o.lang
	c.Print = func(page []byte) ([]byte, error) { return printPage(ctx, page) }
	if err := o.write(e, format, c); err != nil {
		return err
	}
	return outcome(c)
}

// write writes the report to where it was asked for. A file is there whole or
// not at all.
func (o reportOptions) write(e *env, format report.Format, c *report.Case) error {
	if format.Name == "text" && o.out == "" {
		return text(e, *c)
	}
	var b bytes.Buffer
	if err := format.Write(&b, *c); err != nil {
		return err
	}
	if o.out == "" {
		_, err := e.stdout.Write(b.Bytes())
		return err
	}
	return evidence.WriteFile(o.out, b.Bytes())
}

// A showing says how a case is shown.
type showing struct {
	reveal bool
	lang   string // empty: English
}

// show derives the facts of a case, writes them and the report into it, and
// prints the summary. It returns errFinding if a claim was refuted.
func show(e *env, dir string, how showing, files shelf, keys ...string) error {
	book, err := files.open(e.now)
	if err != nil {
		return err
	}
	r, err := evidence.Open(dir)
	if err != nil {
		return usageError{err}
	}
	c, err := deriveBy(book, r, keys...)
	if err != nil {
		return err
	}
	c.Reveal, c.Lang = how.reveal, how.lang
	if err := text(e, *c); err != nil {
		return err
	}
	if err := writeFacts(r, c, how.reveal); err != nil {
		return err
	}
	var html bytes.Buffer
	if err := report.HTML(&html, *c); err != nil {
		return fmt.Errorf("making the report: %w", err)
	}
	if err := put(r, evidence.ReportFile, html.Bytes()); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(e.stdout, "\nReport: %s\n", r.Path(evidence.ReportFile))
	if err := signJournal(e, dir, "", custody.Entry{Action: custody.Report}); err != nil {
		return err
	}
	return outcome(c)
}

// outcome turns verdicts into the command's end: only what was all captured
// and could all be read is clean.
func outcome(c *report.Case) error {
	unread := 0
	for _, v := range c.Verdicts {
		switch v.Result {
		case audit.Refuted:
			return errFinding
		case audit.CannotTell:
			unread++
		}
	}
	switch {
	case c.Partial != "":
		return fmt.Errorf("the case is not complete: %s", c.Partial)
	case unread > 0:
		return fmt.Errorf("%d verdicts cannot tell: some of what was sent could not be read; the report says what", unread)
	default:
		return nil
	}
}

// text prints the summary, in colour on a terminal unless NO_COLOR is set.
func text(e *env, c report.Case) error {
	opt := report.TextOptions{Width: 80}
	if width := terminalWidth(e.stdout); width > 0 {
		opt.Width = width
		opt.Color = e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb"
	}
	return report.Text(e.stdout, c, opt)
}

func writeFacts(r *evidence.Reader, c *report.Case, reveal bool) error {
	var b bytes.Buffer
	w := &audit.Writer{W: &b, Reveal: reveal}
	if err := emit(w, c, reveal); err != nil {
		return fmt.Errorf("writing facts: %w", err)
	}
	return put(r, evidence.FactsFile, b.Bytes())
}

// emit sends all facts of a case to a handler, in the stream's order.
func emit(h audit.Handler, c *report.Case, reveal bool) error {
	facts := []audit.Fact{{Config: &audit.Config{
		Format: audit.FactFormat, Tool: "telltale", Version: c.Case.Tools[0].Version, Case: c.Case.ID, Reveal: reveal, Partial: c.Partial,
		Rules: edition(c), Changed: c.Changed,
	}}}
	for i := range c.Exhibits {
		facts = append(facts, audit.Fact{Exhibit: &c.Exhibits[i]})
	}
	for i := range c.Pictures {
		facts = append(facts, audit.Fact{Exhibit: &c.Pictures[i]})
	}
	for i := range c.Problems {
		facts = append(facts, audit.Fact{Error: &c.Problems[i]})
	}
	for i := range c.Sealed {
		facts = append(facts, audit.Fact{Value: &c.Sealed[i]})
	}
	for i := range c.Findings {
		facts = append(facts, audit.Fact{Finding: &c.Findings[i]})
	}
	for i := range c.Parties {
		facts = append(facts, audit.Fact{Party: &c.Parties[i]})
	}
	for i := range c.Coverage {
		facts = append(facts, audit.Fact{Coverage: &c.Coverage[i]})
	}
	for i := range c.Verdicts {
		facts = append(facts, audit.Fact{Verdict: &c.Verdicts[i]})
	}
	for _, f := range facts {
		if err := h.Handle(f); err != nil {
			return err
		}
	}
	return nil
}

// edition names the rules of a case that was judged; analyze judges nothing.
func edition(c *report.Case) string {
	if len(c.Verdicts) == 0 {
		return ""
	}
	return judge.Edition()
}
