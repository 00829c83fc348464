package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"telltale/audit"
)

// JUnit XML as build servers read it; it has no standard. A target is a suite,
// a claim a test case. What could not be read is an error, as it is for the
// command's exit code: it must not look like a pass.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Timestamp  string          `xml:"timestamp,attr,omitempty"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Failure *junitOutcome `xml:"failure"`
		Error   *junitOutcome `xml:"error"`
		Skipped *junitOutcome `xml:"skipped"`
		Out     string        `xml:"system-out,omitempty"`
	}
	junitOutcome struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",cdata"`
	}
)

// writeJUnit writes the verdicts for build servers.
func writeJUnit(w io.Writer, x *index) error {
	all := junitSuites{Name: flat("telltale: " + x.subjectName())}
	list := x.rulings()
	for _, t := range x.targets {
		s := x.junitSuite(t, list)
		all.Tests, all.Failures, all.Errors, all.Skipped = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors, all.Skipped+s.Skipped
		all.Suites = append(all.Suites, s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (x *index) junitSuite(t target, list []ruling) junitSuite {
	s := junitSuite{
		Name: flat(t.Role() + ": " + t.Name),
		Properties: []junitProperty{
			{"case", flat(x.Case.Case.ID)}, {"claims-sha256", flat(x.Case.Case.Claims)}, {"not-complete", flat(x.Partial)},
		},
	}
	if !x.Case.Case.Started.IsZero() {
		s.Timestamp = x.Case.Case.Started.UTC().Format(time.DateTime[:10] + "T" + time.TimeOnly)
	}
	for _, r := range list {
		if r.Target.Name != t.Name {
			continue
		}
		c := x.junitCase(r)
		s.Tests++
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
		s.Cases = append(s.Cases, c)
	}
	return s
}

func (x *index) junitCase(r ruling) junitCase {
	says := flat(r.Says)
	c := junitCase{Class: flat(r.Statement.ID), Name: flat(r.Assertion + ": " + r.Claim)}
	switch r.Result {
	case audit.Refuted:
		c.Failure = &junitOutcome{Message: says, Type: string(r.Result), Text: x.junitFindings(r.Verdict)}
	case audit.NotTested:
		c.Skipped = &junitOutcome{Message: says}
	case audit.Supported:
		c.Out = says
	default:
		c.Error = &junitOutcome{Message: says, Type: flat(string(r.Result))}
	}
	return c
}

// junitFindings lists the findings of a verdict, those that show the most first.
func (x *index) junitFindings(v audit.Verdict) string {
	shown, more := first(spread(x.ranked(v.Findings), x.group), maxOthers)
	var b strings.Builder
	for _, f := range shown {
		e := x.exhibits[f.Exhibit]
		fmt.Fprintf(&b, "\n%s", flat(fmt.Sprintf("%s in %s: %s to %s, %s: %s", f.ID, f.Exhibit, f.Kind.Short(), x.recipient(e.Host), x.place(e.Place), x.mask.trail(f.Trail))))
	}
	if more > 0 {
		fmt.Fprintf(&b, "\nand %s more in facts.jsonl", count(more, "finding", "findings"))
	}
	return b.String() + "\n"
}
