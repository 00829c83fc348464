// Package judge holds findings against claims.
//
// A claim is refuted by findings and by nothing else. It is supported when its
// experiment was done, everything could be read and nothing stood against it;
// the verdict then says what zero hits in so many runs allow. Where something
// could not be read, it cannot tell; what the experiment cannot show, it has
// not tested. There is no "clean".
//
// The rules are rules.txt: what each looks at, why, and what it cannot see.
// rules.go binds them to their code. Judge is a function of its input.
package judge

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"telltale/audit"
	"telltale/claims"
	"telltale/personal"
)

// An Input is all that is judged.
type Input struct {
	Case     audit.Case
	Claims   claims.File
	Seeds    []audit.Seed
	Planted  map[string]bool          // names of the seeds that the steps which were done used
	Exhibits map[string]audit.Exhibit // by id; without data
	Findings []audit.Finding
	Parties  map[string]audit.Party // by host
	Coverage []audit.Coverage
}

// Judge returns a verdict on each assertion, in the order of the file, for each
// target: the subject first, then its control.
func Judge(in Input) []audit.Verdict {
	var verdicts []audit.Verdict
	for _, target := range targets(in.Case.Arms) {
		t := newTarget(in, target)
		for _, s := range in.Claims.Statements {
			for _, a := range s.Asserts {
				verdicts = append(verdicts, t.judge(a))
			}
		}
	}
	return verdicts
}

// targets lists what the arms test, the control last.
func targets(arms []audit.Arm) []string {
	var names []string
	for _, control := range []bool{false, true} {
		for _, arm := range arms {
			if name := arm.Target(); arm.Control == control && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// A target is one piece of software with everything that was seen of it.
type target struct {
	name     string
	arms     map[string]audit.Arm
	coverage map[string]audit.Coverage
	parties  map[string]audit.Party
	seeds    map[string]audit.Seed
	done     map[string]bool // seeds that were used
	findings []observation
	span     time.Duration // the longest that one profile was in use
}

// An observation is a finding with where it stood and the condition that it
// says something about.
type observation struct {
	audit.Finding
	exhibit audit.Exhibit
	arm     audit.Arm // see condition
	run     int
}

// record names what was sent in one piece: address, header and body of a
// request are exhibits of one event.
func (o observation) record() string {
	if o.exhibit.Event > 0 {
		return fmt.Sprint("event ", o.exhibit.Event)
	}
	return o.Exhibit
}

func newTarget(in Input, name string) *target {
	t := &target{
		name: name, arms: make(map[string]audit.Arm), coverage: make(map[string]audit.Coverage),
		parties: in.Parties, seeds: make(map[string]audit.Seed), done: in.Planted,
	}
	for _, arm := range in.Case.Arms {
		if arm.Target() == name {
			t.arms[arm.Name] = arm
		}
	}
	for _, c := range in.Coverage {
		if _, ours := t.arms[c.Arm]; ours {
			t.coverage[c.Arm] = c
		}
	}
	for _, s := range in.Seeds {
		t.seeds[s.Name] = s
	}
	t.observe(in)
	return t
}

// observe collects the target's findings, by exhibit and id, so that their
// order in the input does not matter.
func (t *target) observe(in Input) {
	t.span = longest(in.Exhibits, t.arms)
	for _, f := range in.Findings {
		if ex := in.Exhibits[f.Exhibit]; t.arms[ex.Arm].Name != "" {
			arm, run := t.condition(f, ex)
			t.findings = append(t.findings, observation{f, ex, arm, run})
		}
	}
	slices.SortFunc(t.findings, func(a, b observation) int { return natural(a.ID, b.ID) })
}

// longest returns how long the profile that was used longest was in use; each
// run has one.
func longest(exhibits map[string]audit.Exhibit, arms map[string]audit.Arm) time.Duration {
	first, last := make(map[int]time.Time), make(map[int]time.Time)
	for _, ex := range exhibits {
		if _, ours := arms[ex.Arm]; !ours {
			continue
		}
		if t, seen := first[ex.Run]; !seen || ex.Time.Before(t) {
			first[ex.Run] = ex.Time
		}
		if ex.Time.After(last[ex.Run]) {
			last[ex.Run] = ex.Time
		}
	}
	var span time.Duration
	for run, t := range first {
		span = max(span, last[run].Sub(t))
	}
	return span
}

// condition returns the arm and run that a finding says something about: those
// that its seed was planted in, because what was visited in private mode is
// private whenever it is sent; else those of the exhibit.
func (t *target) condition(f audit.Finding, ex audit.Exhibit) (audit.Arm, int) {
	if s, ok := t.seeds[f.Seed]; ok && s.Arm != "" {
		if arm, ok := t.arms[s.Arm]; ok {
			return arm, s.Run
		}
	}
	return t.arms[ex.Arm], ex.Run
}

// about returns the findings of any of the kinds under a condition, at hosts
// that are no part of the lab. No kinds means all.
func (t *target) about(kinds []personal.Kind, when claims.Condition) []observation {
	var found []observation
	for _, o := range t.findings {
		if under(o.Kind, kinds) && when.Holds(o.arm.Mode, o.arm.Consent) && t.parties[o.exhibit.Host].Role != "lab" {
			found = append(found, o)
		}
	}
	return found
}

// under reports whether kind is below one of kinds; no kinds means all.
func under(kind personal.Kind, kinds []personal.Kind) bool {
	return len(kinds) == 0 || slices.ContainsFunc(kinds, kind.Under)
}

// solid leaves out hints: a name or a form alone convicts nobody. A kind that
// is named to the end is meant as it is, hint or not; a length that grows with
// the addresses at a rate that nothing explains convicts nobody either way.
func solid(found []observation, kinds []personal.Kind) []observation {
	return slices.DeleteFunc(found, func(o observation) bool {
		return o.Confidence == audit.Hint && (o.Kind == "id/session" || o.Slope != nil || !slices.Contains(kinds, o.Kind))
	})
}

// read leaves out what was told by length alone: of that nothing was read, and
// it is about many records and not about one.
func read(found []observation) []observation {
	return slices.DeleteFunc(found, func(o observation) bool { return o.Slope != nil })
}

// statistical reports whether all of the findings were told by length alone.
func statistical(found []observation) bool {
	return len(found) > 0 && !slices.ContainsFunc(found, func(o observation) bool { return o.Slope == nil })
}

// judge applies the rule of an assertion.
func (t *target) judge(a claims.Assertion) audit.Verdict {
	b := bindingOf(a)
	v := b.judge(t, a)
	v.Assertion, v.Target, v.Rule = a.ID, t.name, b.id
	return v
}

// natural orders ids of letters and a number by the number.
func natural(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return cmp.Compare(a, b)
}
