package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"telltale/anonymity"
	"telltale/anonymity/read"
	"telltale/anonymity/report"
	"telltale/audit"
	"telltale/audit/evidence"
	"telltale/audit/judge"
	auditreport "telltale/audit/report"
	"telltale/claims"
)

const testHelp = `test judges cases by one claims file, side by side.

Cases are those of several browsers, of several versions of one, or of one on
several dates. Each is derived from its folder again; nothing is written into it.
A row in which the cases differ is marked with ≠. The controls of the cases are
shown with --controls.

The claims need not be those that a case was planned with. If they are not, that
is said: claims that are chosen after the capture may be chosen for their result.

Behind a refutation stands the exact 95% interval of its rate per run, behind a
support the upper bound that no hit allows; below the table stands the bound for
all supported claims together, and how the arms of each case differ: for each
kind of data in how many runs it was sent from the one and the other, with the p
of McNemar's exact test, corrected for being one of several (Holm).

With --measures the assertions aggregated and unlinked are also held against the
measures of telltale anonymity, taken on what was found in each case: these need
no planted value, and can refute, but support nothing.

The exit code is 3 if a claim is refuted in any case, and 1 if none is but some
case is not complete or could not all be read.` + keyHelp + partyHelp

// A trying is what the command line of claims test asks for.
type trying struct {
	claims   string
	cases    []string
	format   string
	controls bool
	measures bool
	keys     []string
	shelf    shelf
}

func newClaimsTest(e *env) *cobra.Command {
	var t trying
	c := &cobra.Command{
		Use:   "test FILE CASE...",
		Short: "judge cases by one claims file, side by side",
		Long:  testHelp,
		Example: `  telltale claims test browser-baseline cases/chromium cases/firefox
  telltale claims test vendor.yaml cases/v1 cases/v2 --format json`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			t.claims, t.cases = args[0], args[1:]
			return t.run(c.Context(), e)
		},
	}
	formatFlag(c, &t.format)
	c.Flags().BoolVar(&t.controls, "controls", false, "show the controls of the cases too")
	c.Flags().BoolVar(&t.measures, "measures", false, "also hold aggregated and unlinked against measures of anonymity")
	keyFlag(c, &t.keys)
	partyFlags(c, &t.shelf)
	return c
}

// A tested is the outcome for one target of one case: a column of the table.
type tested struct {
	Case        string             `json:"case"` // path as it was given
	ID          string             `json:"id"`
	Started     time.Time          `json:"started"`
	Online      bool               `json:"online"`
	Subject     string             `json:"subject"`
	Target      string             `json:"target"`
	Control     bool               `json:"control,omitempty"`
	Planned     bool               `json:"planned"` // the case was planned with these claims
	Changed     string             `json:"changed,omitempty"`
	Partial     string             `json:"partial,omitempty"`
	Verdicts    []audit.Verdict    `json:"verdicts"`
	Comparisons []judge.Comparison `json:"comparisons,omitempty"`
	Measured    []report.Verdict   `json:"measured,omitempty"` // by the measures of anonymity
}

// verdict returns the verdict on an assertion.
func (t tested) verdict(assertion string) audit.Verdict {
	i := slices.IndexFunc(t.Verdicts, func(v audit.Verdict) bool { return v.Assertion == assertion })
	if i < 0 {
		return audit.Verdict{}
	}
	return t.Verdicts[i]
}

// run does the work. It returns errFinding if a claim is refuted.
func (t trying) run(ctx context.Context, e *env) error {
	if err := checkFormat(t.format); err != nil {
		return err
	}
	file, text, err := readClaims(t.claims)
	if err != nil {
		return err
	}
	book, err := t.shelf.open(e.now)
	if err != nil {
		return err
	}
	var columns []tested
	for _, path := range t.cases {
		of, err := t.judge(ctx, book, path, promised{file, digest(text)})
		if err != nil {
			return err
		}
		columns = append(columns, of...)
	}
	side := sideBySide{Claims: t.claims, Subject: subjectWords(file.Subject), Rules: judge.Edition(), Columns: columns}
	side.together(file)
	if t.format == "json" {
		err = writeJSON(e.stdout, side)
	} else {
		err = side.write(e.stdout, file)
	}
	if err != nil {
		return err
	}
	return side.outcome()
}

// A promised is a claims file with its digest.
type promised struct {
	file   claims.File
	digest string
}

// judge judges one case: a column for its subject, and one for each control.
func (t trying) judge(ctx context.Context, book *library, path string, by promised) ([]tested, error) {
	r, err := evidence.Open(path)
	if err != nil {
		return nil, usageError{err}
	}
	c, err := deriveBy(book, r, t.keys...)
	if err != nil {
		return nil, err
	}
	c.Claims = by.file
	in := evidenceOf(c, r)
	verdicts, comparisons := judge.Judge(in), judge.Compare(in)
	var columns []tested
	for _, arm := range c.Case.Arms {
		name := arm.Target()
		if arm.Control && !t.controls || slices.ContainsFunc(columns, func(x tested) bool { return x.Target == name }) {
			continue
		}
		col := tested{
			Case: path, ID: c.Case.ID, Started: c.Case.Started, Online: c.Case.Online, Subject: subjectWords(c.Case.Subject),
			Target: name, Control: arm.Control, Planned: c.Case.Claims == by.digest, Changed: c.Changed, Partial: c.Partial,
		}
		for _, v := range verdicts {
			if v.Target == name {
				col.Verdicts = append(col.Verdicts, v)
			}
		}
		for _, x := range comparisons {
			if x.Target == name {
				col.Comparisons = append(col.Comparisons, x)
			}
		}
		if t.measures {
			if col.Measured, err = measured(ctx, *c, name); err != nil {
				return nil, fmt.Errorf("the case %s: %w", path, err)
			}
		}
		columns = append(columns, col)
	}
	return columns, nil
}

// measuredMiB bounds the table that a case is measured in.
const measuredMiB = 1024

// measured holds the claims about sets of records against what was found of one
// target of a case. Without a finding there is nothing to measure.
func measured(ctx context.Context, c auditreport.Case, target string) ([]report.Verdict, error) {
	c.Case.Arms = slices.DeleteFunc(slices.Clone(c.Case.Arms), func(a audit.Arm) bool { return a.Target() != target })
	columns := caseColumns(c.Findings)
	if len(caseRows(&c, columns)) == 0 {
		return nil, nil
	}
	table, err := caseTable(&c, columns, read.Place{Memory: measuredMiB << 20})
	if err != nil {
		return nil, err
	}
	results, err := anonymity.Run(ctx, table, anonymity.Options{Seed: 1}, "linkage")
	if err != nil {
		return nil, err
	}
	return verdicts(c.Claims, table, results), nil
}

// A sideBySide is several cases judged by one claims file.
type sideBySide struct {
	Claims    string   `json:"claims"`
	Subject   string   `json:"subject"`
	Rules     string   `json:"rules"` // edition
	Columns   []tested `json:"columns"`
	Differ    []string `json:"differ,omitempty"` // assertions on which the columns differ
	Supported int      `json:"supported"`        // verdicts
	Joint     []joint  `json:"joint,omitempty"`  // what the supported ones allow together
}

// A joint is the bound of the rates of all supported claims at once, for those
// that were tested in so many runs.
type joint struct {
	Runs  int     `json:"runs"`
	Bound float64 `json:"bound"`
}

// together fills what is said of several verdicts at once.
func (s *sideBySide) together(file claims.File) {
	var runs []int
	for _, st := range file.Statements {
		for _, a := range st.Asserts {
			results := make(map[audit.Result]bool)
			for _, col := range s.Columns {
				v := col.verdict(a.ID)
				results[v.Result] = true
				if v.Result == audit.Supported {
					s.Supported++
					if !slices.Contains(runs, v.Runs) {
						runs = append(runs, v.Runs)
					}
				}
			}
			if len(results) > 1 {
				s.Differ = append(s.Differ, a.ID)
			}
		}
	}
	slices.Sort(runs)
	for _, n := range runs {
		s.Joint = append(s.Joint, joint{n, judge.UpperOf(n, s.Supported)})
	}
}

// outcome turns the verdicts into the command's end.
func (s *sideBySide) outcome() error {
	unread, partial := 0, []string(nil)
	for _, col := range s.Columns {
		for _, v := range col.Verdicts {
			switch v.Result {
			case audit.Refuted:
				return errFinding
			case audit.CannotTell:
				unread++
			}
		}
		if slices.ContainsFunc(col.Measured, func(v report.Verdict) bool { return v.Result == audit.Refuted }) {
			return errFinding
		}
		if col.Partial != "" && !slices.Contains(partial, col.Case) {
			partial = append(partial, col.Case)
		}
	}
	switch {
	case len(partial) > 0:
		return fmt.Errorf("not complete: %s; telltale report CASE says why", strings.Join(partial, ", "))
	case unread > 0:
		return fmt.Errorf("%d verdicts cannot tell: some of what was sent could not be read; telltale report CASE says what", unread)
	default:
		return nil
	}
}
