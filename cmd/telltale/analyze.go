package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"telltale/audit"
	"telltale/audit/detect"
	"telltale/audit/report"
)

const analyzeHelp = `analyze says what captured traffic gives away.

INPUT is a case folder, an HTTP archive (HAR), a file that holds the body of one
request, or a folder of these, which is walked in the order of its names. All of
it is taken apart down to the last layer, and in every layer the seeds are
looked for: as they stand, in other spellings, in pieces, cut short, and as
digests. The seeds of a case are looked for in any event; name others with
--seed and --seeds. Of digests with a salt or a key that stands in the same
exhibit, 65,536 are tried: enough for a hundred seeds with the salts that are
named so, not for ten thousand.

A seeds file is a list: [{"name": "mail", "value": "…", "kind": "contact/email"}].
Without a kind, a value with @ and no :// is contact/email, any other is
behaviour/navigation/url. A value has 8 bytes or more. A part of it, such as the
path of an address or its start, is told if it has more than 32 random bits and
no other seed has the same.

` + runsHelp + `

The result is the fact stream, one JSON object a line: config, exhibit, error,
value (a layer that could not be read, with its entropy), finding, party,
coverage. Values in it are dots without --reveal. It is the same for any number
of workers. The exit code is 3 if a finding is certain or likely, and 1 if there
is none and not everything could be read.` + keyHelp + partyHelp

// An analysis is what the command line of analyze asks for.
type analysis struct {
	inputs    []string
	seeds     []string // NAME=VALUE
	seedFiles []string
	runs      string // list of runs
	format    string
	mediaType string
	reveal    bool
	workers   int
	limits    limits
	keys      []string
	shelf     shelf
}

func newAnalyze(e *env) *cobra.Command {
	var a analysis
	c := &cobra.Command{
		Use:   "analyze INPUT...",
		Short: "say what captured traffic gives away",
		Long:  analyzeHelp,
		Example: `  telltale analyze --seed mail=k7f3q9w2@post.example --format text traffic.har
  telltale analyze --runs runs.json --format text
  telltale analyze --seeds seeds.json cases/2026-11-21-090000-mint-2020 >facts.jsonl`,
		Args: func(c *cobra.Command, args []string) error {
			if a.runs != "" {
				return nil // it names inputs too
			}
			return cobra.MinimumNArgs(1)(c, args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			a.inputs = args
			return a.run(e)
		},
	}
	f := c.Flags()
	f.StringArrayVar(&a.seeds, "seed", nil, "look for a value, given as `NAME=VALUE`; may be repeated")
	f.StringArrayVar(&a.seedFiles, "seeds", nil, "look for the values of a JSON `FILE`; may be repeated")
	f.StringVar(&a.runs, "runs", "", "analyze the archives that a JSON `FILE` lists as the runs of an experiment")
	f.StringVar(&a.format, "format", "jsonl", "jsonl, the fact stream, or text, a table")
	f.StringVar(&a.mediaType, "content-type", "", "media `TYPE` of the inputs that are bodies")
	f.BoolVar(&a.reveal, "reveal", false, "write captured values in clear")
	a.limits.flags(f)
	f.IntVar(&a.workers, "workers", runtime.GOMAXPROCS(0), "exhibits that are taken apart at the same time")
	keyFlag(c, &a.keys)
	partyFlags(c, &a.shelf)
	return c
}

// run does the work. It returns errFinding if something was found.
func (a analysis) run(e *env) error {
	if a.format != "jsonl" && a.format != "text" {
		return usagef("--format %q: there are jsonl and text", a.format)
	}
	if a.workers < 1 {
		return usagef("--workers %d: one worker is the least", a.workers)
	}
	if err := a.limits.check(); err != nil {
		return err
	}
	seeds, err := a.given()
	if err != nil {
		return err
	}
	var runs []runFile
	if a.runs != "" {
		if runs, err = readRuns(a.runs); err != nil {
			return usageError{err}
		}
	}
	in, err := openInputs(a.inputs, a.mediaType, runs)
	if err != nil {
		return err
	}
	c, err := a.analyze(in, seeds, e.now)
	if err != nil {
		return err
	}
	if err := a.write(e, c); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	if slices.ContainsFunc(c.Findings, func(f audit.Finding) bool { return f.Confidence != audit.Hint }) {
		return errFinding
	}
	if n := unread(c); n > 0 {
		return fmt.Errorf("nothing was found, and %d of %d exhibits could not be read, or not to their end", n, len(c.Exhibits))
	}
	if len(c.Problems) > 0 {
		return errors.New("nothing was found, and not every input could be read")
	}
	return nil
}

// unread counts the exhibits that could not be read.
func unread(c *report.Case) (n int) {
	for _, cov := range c.Coverage {
		n += cov.Opaque
	}
	return n
}

// analyze makes the facts.
func (a analysis) analyze(in *inputs, seeds []audit.Seed, now func() time.Time) (*report.Case, error) {
	book, err := a.shelf.open(now)
	if err != nil {
		return nil, err
	}
	c := &report.Case{Reveal: a.reveal, Seeds: append(in.seeds(), seeds...)}
	c.Case.Tools = []audit.Tool{{Name: "telltale", Version: version}}
	if len(in.list) == 1 && in.list[0].folder != nil {
		c.Case.ID = in.list[0].folder.Case.ID
		c.Partial, c.Ended = ending(in.list[0].folder)
	}
	l, err := newLocksmith(a.keys, c.Seeds, in.answers(), a.limits)
	if err != nil {
		return nil, err
	}
	exhibits := listed(c, in.exhibits())
	x := detect.Experiment{Arms: in.arms(), Runs: in.runs(), Seeds: c.Seeds, Answers: in.answers(), Visits: in.visits(), Again: l.again}
	found, err := detect.Detect(exhibits, x, l.first(), a.workers)
	if err != nil {
		return nil, usageError{err}
	}
	c.Findings, c.Problems, c.Sealed = found.Findings, found.Problems, found.Sealed
	c.Coverage = in.coverage(c.Exhibits)
	countUnread(c, found.Opaque)
	for i, cov := range c.Coverage { // a body in a file went to no host that is known
		c.Coverage[i].Unread = slices.DeleteFunc(cov.Unread, func(host string) bool { return host == "" })
	}
	c.Parties = slices.DeleteFunc(parties(c, book, sinkholes(in.folders()...), in.answers()), func(p audit.Party) bool { return p.Host == "" })
	return c, nil
}

func (a analysis) write(e *env, c *report.Case) error {
	if a.format == "text" {
		return table(e.stdout, c)
	}
	return emit(&audit.Writer{W: e.stdout, Reveal: a.reveal}, c, a.reveal)
}
