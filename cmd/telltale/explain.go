package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"telltale/audit"
	"telltale/audit/evidence"
)

const explainHelp = `explain replays the way from the captured bytes to a finding, layer by layer.

For each layer it shows the step that leads there, its size, and the bytes around
the range that the next layer is taken from; in the last layer this is the match.
The range is marked with colour on a terminal and with [[ ]] elsewhere. What was
captured is masked, except a planted seed in a case that was made offline.

The name of a finding stands in facts.jsonl and in the report of the case.
Keys that the report was made with have to be given here too.` + keyHelp

func newExplain(e *env) *cobra.Command {
	var reveal bool
	var keys []string
	c := &cobra.Command{
		Use:     "explain CASE FINDING",
		Short:   "replay the way from the captured bytes to a finding",
		Long:    explainHelp,
		Example: "  telltale explain cases/2026-11-21-090000-mint-2020 f3",
		Args:    cobra.ExactArgs(2),
		RunE:    func(_ *cobra.Command, args []string) error { return explainFinding(e, args, reveal, keys) },
	}
	c.Flags().BoolVar(&reveal, "reveal", false, "show captured values in clear")
	keyFlag(c, &keys)
	return c
}

func explainFinding(e *env, args []string, reveal bool, keys []string) error {
	dir, id := args[0], args[1]
	r, err := evidence.Open(dir)
	if err != nil {
		return usageError{err}
	}
	c, err := derive(r, keys...)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(c.Findings, func(f audit.Finding) bool { return f.ID == id })
	if i < 0 {
		return usagef("the case has no finding %q; it has %d, named f1, f2 …", id, len(c.Findings))
	}
	f := c.Findings[i]
	layers, err := c.Explain(f)
	if err != nil {
		return err
	}
	w := wayWriter{w: e.stdout, reveal: reveal, seed: !c.Case.Online && f.Seed != "", open: "[[", end: "]]"}
	if terminalWidth(e.stdout) > 0 && e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb" {
		w.open, w.end = "\x1b[7m", "\x1b[0m"
	}
	return w.write(byID(c.Exhibits)[f.Exhibit], f, layers)
}

// A wayWriter shows the way to a finding.
type wayWriter struct {
	w         io.Writer
	reveal    bool
	seed      bool   // the match is a seed, and may be shown
	open, end string // of the mark
}

func (w wayWriter) write(ex audit.Exhibit, f audit.Finding, layers []audit.Layer) error {
	var b strings.Builder
	met := string(f.Kind)
	if f.Seed != "" {
		met += ", seed " + f.Seed
	}
	fmt.Fprintf(&b, "%s  %s, %s, %s\n", f.ID, onOneLine(met), onOneLine(f.Form), f.Confidence)
	fmt.Fprintf(&b, "%s  %s %s, arm %s, run %d\n", ex.ID, onOneLine(ex.Method), onOneLine(ex.Host), ex.Arm, ex.Run)
	for i, l := range layers {
		last := i == len(layers)-1
		to := "the match"
		if !last {
			to = "the next layer"
		}
		fmt.Fprintf(&b, "\n%d  %s: %d bytes, %s at %d to %d\n", i+1, onOneLine(l.Step), l.Data.Len(), to, l.Span.Start, l.Span.End)
		fmt.Fprintf(&b, "   %s\n", w.excerpt(l, last && w.seed))
	}
	_, err := io.WriteString(w.w, b.String())
	return err
}

// Bounds of an excerpt, in bytes.
const (
	around  = 60  // the mark, on each side
	maxMark = 160 // of the mark itself
)

// excerpt shows a layer around its range. clear shows the range unmasked.
func (w wayWriter) excerpt(l audit.Layer, clear bool) string {
	data := string(l.Data.Reveal())
	start, end := l.Span.Start, l.Span.End
	before, mark, after := data[max(0, start-around):start], data[start:end], data[end:min(len(data), end+around)]
	var b strings.Builder
	if start > around {
		b.WriteString("…")
	}
	b.WriteString(w.show(before, false) + w.open)
	if len(mark) > maxMark {
		b.WriteString(w.show(mark[:maxMark/2], clear) + " … " + w.show(mark[len(mark)-maxMark/2:], clear))
	} else {
		b.WriteString(w.show(mark, clear))
	}
	b.WriteString(w.end + w.show(after, false))
	if len(data) > end+around {
		b.WriteString("…")
	}
	return b.String()
}

// show writes captured bytes, in clear or with dots in place of words.
func (w wayWriter) show(data string, clear bool) string {
	if w.reveal || clear {
		return onOneLine(data)
	}
	var b strings.Builder
	run := 0
	for _, r := range data {
		if strings.ContainsRune(` {}[]":,=&?;/\<>%+`, r) {
			b.WriteRune(r)
			run = 0
			continue
		}
		if run++; run <= maxDots {
			b.WriteRune('•')
		}
	}
	return b.String()
}

// maxDots is the length of a masked word; longer words look no longer.
const maxDots = 8
