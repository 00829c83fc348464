package main

import (
	"fmt"
	"iter"
	"runtime"
	"strings"

	"telltale/audit"
	"telltale/audit/capture"
	"telltale/audit/detect"
	"telltale/audit/evidence"
	"telltale/audit/judge"
	"telltale/audit/report"
	"telltale/claims"
)

// exhibitLimit is how much of one body is looked at.
const exhibitLimit = 32 << 20

// answerLimit is how much of one answer is looked at: what a server gives out
// to be sent back stands in its header, or early in a small document.
const answerLimit = 1 << 20

// derive is [deriveBy] with the shipped tables of parties.
func derive(r *evidence.Reader, keys ...string) (*report.Case, error) {
	return deriveBy(new(library), r, keys...)
}

// deriveBy makes facts and verdicts out of a case: the stages after capture, one
// after the other. It depends on the folder, on the library and on the keys alone.
func deriveBy(book *library, r *evidence.Reader, keys ...string) (*report.Case, error) {
	l, err := newLocksmith(keys, r.Seeds, answered(r), defaultLimits)
	if err != nil {
		return nil, err
	}
	promises, err := claims.Read(evidence.ClaimsFile, strings.NewReader(string(r.Claims)))
	if err != nil {
		return nil, usagef("the case's claims: %w", err)
	}
	c := &report.Case{Case: r.Case, Claims: promises, Seeds: r.Seeds}
	log := course(r)
	c.Partial, c.Ended, c.Steps, c.Imported = log.partial, log.ended, log.steps, log.imported
	// A log that breaks off counts as far as it goes; ending has said so.
	c.Coverage, _ = capture.Coverage(r.Case.Arms, r.Events())
	c.Pictures = capture.Pictures(r.Case.ID, r.Events())
	opaque, err := detected(c, r, l)
	if err != nil {
		return nil, err
	}
	countUnread(c, opaque)
	c.Parties = parties(c, book, sinkholes(r), answered(r))
	c.Verdicts = judge.Judge(evidenceOf(c, r))
	c.Rules = ruleWords
	c.Log, c.Body = r.Events(), r.Body
	c.Changed = unplanned(c.Case)
	c.Explain = func(f audit.Finding) ([]audit.Layer, error) { return explain(r, l, f) }
	return c, nil
}

// evidenceOf is all that a case is judged by.
func evidenceOf(c *report.Case, r *evidence.Reader) judge.Input {
	return judge.Input{
		Case: c.Case, Claims: c.Claims, Seeds: c.Seeds, Planted: capture.Planted(r.Events()), Exhibits: byID(c.Exhibits),
		Findings: c.Findings, Parties: byHost(c.Parties), Coverage: c.Coverage,
	}
}

// detected fills exhibits, findings and problems, and returns the exhibits
// that could not be read.
func detected(c *report.Case, r *evidence.Reader, l *locksmith) ([]string, error) {
	exhibits := listed(c, caught(r))
	x := detect.Experiment{Arms: c.Case.Arms, Runs: c.Case.Runs, Seeds: c.Seeds, Answers: answered(r), Visits: capture.Visits(r.Case.Probe, r.Events()), Again: l.again}
	found, err := detect.Detect(exhibits, x, l.first(), runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, fmt.Errorf("the case's seeds: %w", err)
	}
	c.Findings, c.Problems, c.Sealed = found.Findings, found.Problems, found.Sealed
	return found.Opaque, nil
}

// listed yields exhibits and lists them in c as they pass, without their
// bytes, which stay where they are. The list is made anew each time.
func listed(c *report.Case, exhibits iter.Seq2[audit.Exhibit, error]) iter.Seq2[audit.Exhibit, error] {
	return func(yield func(audit.Exhibit, error) bool) {
		c.Exhibits = nil
		for ex, err := range exhibits {
			if ex.ID != "" {
				bare := ex
				bare.Data = audit.Secret{}
				c.Exhibits = append(c.Exhibits, bare)
			}
			if !yield(ex, err) {
				return
			}
		}
	}
}

// caught yields the exhibits of a case as far as its log goes.
func caught(r *evidence.Reader) iter.Seq2[audit.Exhibit, error] {
	return capture.Exhibits(r.Case.ID, whole(r.Events()), r.Body, exhibitLimit)
}

// answered yields what servers sent, as far as the log goes.
func answered(r *evidence.Reader) iter.Seq2[audit.Exhibit, error] {
	return capture.Answers(r.Case.ID, whole(r.Events()), r.Body, answerLimit)
}

// whole yields the events before the first error.
func whole(events iter.Seq2[audit.Event, error]) iter.Seq2[audit.Event, error] {
	return func(yield func(audit.Event, error) bool) {
		for e, err := range events {
			if err != nil || !yield(e, nil) {
				return
			}
		}
	}
}

// countUnread adds to the coverage of each arm the exhibits that could not be
// read, or not to their end.
func countUnread(c *report.Case, opaque []string) {
	unread := make(map[string]bool)
	for _, id := range opaque {
		unread[id] = true
	}
	for _, p := range c.Problems {
		unread[p.Exhibit] = true
	}
	for i := range c.Coverage {
		cov := &c.Coverage[i]
		for _, ex := range c.Exhibits {
			if (unread[ex.ID] || ex.Cut) && ex.Arm == cov.Arm && !ex.Stage {
				cov.Opaque++
				cov.Unread = insert(cov.Unread, ex.Host)
			}
		}
	}
}

// explain replays the way to a finding.
func explain(r *evidence.Reader, l *locksmith, f audit.Finding) ([]audit.Layer, error) {
	for ex, err := range caught(r) {
		if ex.ID == f.Exhibit {
			if err != nil {
				return nil, err
			}
			return l.options().Explain(ex, f)
		}
	}
	return nil, fmt.Errorf("finding %s: the case has no exhibit %s", f.ID, f.Exhibit)
}

// ruleWords says of a judging rule what refutes and what it cannot see.
func ruleWords(id string) (refutes, cannotSee string) {
	for _, r := range judge.Rules() {
		if r.ID == id {
			return r.Refutes, r.CannotSee
		}
	}
	return "", ""
}

// unplanned says what of the rules the plan of a case did not have, "" if it
// had them all, or named none.
func unplanned(c audit.Case) string {
	if c.Rules == "" || c.Rules == judge.Edition() {
		return ""
	}
	return fmt.Sprintf("The plan names the rules %s; these verdicts were made by the rules %s.", c.Rules, judge.Edition())
}
