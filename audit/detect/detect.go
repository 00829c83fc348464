// Package detect says which values give away what.
//
// It looks for three things. Seeds: values that the lab planted, in plain
// form or as a digest, in any layer of an exhibit; a hit is certain, because
// the value exists nowhere else. Identifiers: values that behave like one over
// the arms, runs and restarts of the experiment; their shape is not enough.
// Fields: names that say what their value is; those findings are hints.
//
// Decoding is passed in: detect sees layers and does not know how they came
// about. The result depends on the exhibits and their order alone.
package detect

import (
	"bytes"
	"fmt"
	"iter"
	"slices"

	"telltale/audit"
	"telltale/claims"
)

// A Peeler yields the layers of an exhibit, the raw bytes first. An error is
// about one layer; the rest goes on.
type Peeler func(audit.Exhibit) iter.Seq2[audit.Value, error]

// An Experiment is what detection has to know of how the exhibits came about.
type Experiment struct {
	Arms  []audit.Arm
	Runs  int
	Seeds []audit.Seed // with values
}

// A Result is what was detected.
type Result struct {
	Findings []audit.Finding
	Problems []audit.Problem
	Opaque   []string // exhibits with a layer that nothing could read, without the sites that the plan visits
}

// Detect looks through exhibits, workers of them at a time; the result is the
// same for any number. An exhibit that comes with an error is a problem, and
// the rest goes on; the error of Detect itself is about the seeds.
//
// exhibits are drawn in a goroutine of their own, which has ended when Detect
// returns.
func Detect(exhibits iter.Seq2[audit.Exhibit, error], x Experiment, peel Peeler, workers int) (Result, error) {
	seeds, err := NewSeeds(x.Seeds)
	if err != nil {
		return Result{}, err
	}
	d := &detector{identifiers: newIdentifiers(x)}
	l := looker{seeds, loadFields(), d.identifiers.arms, peel}
	inOrder(exhibits, max(1, workers), l.look, d.add)
	return d.result(), nil
}

// A looker looks at exhibits, each by itself. It is safe for concurrent use.
type looker struct {
	seeds  *Seeds
	fields fields
	arms   map[string]audit.Arm // by name
	peel   Peeler
}

// A scene is what one exhibit gave away by itself.
type scene struct {
	exhibit  audit.Exhibit // without its data
	found    []audit.Finding
	tokens   []audit.Value // that may be identifiers
	problems []audit.Problem
	opaque   bool
}

func (s *scene) problem(t audit.Trail, err error) {
	s.problems = append(s.problems, audit.Problem{Exhibit: s.exhibit.ID, Trail: t, Message: err.Error()})
}

// look returns the scene of an exhibit that came with err.
func (l looker) look(ex audit.Exhibit, err error) scene {
	s := scene{exhibit: ex}
	s.exhibit.Data = audit.Secret{}
	if err != nil {
		s.problem(nil, err)
	}
	if ex.ID == "" {
		return s
	}
	var met meetings
	var hints []audit.Finding
	seeded := make(map[string]bool) // trails with a seed at their end or below
	for v, err := range l.peel(ex) {
		if err != nil {
			s.problem(v.Trail, err)
			continue
		}
		matches := l.seeds.Find(v)
		for _, m := range matches {
			// A host that the seed is meant for learns it without any leak.
			if !l.seeds.seeds[m.Seed].AtHome(ex.Host) {
				met.add(meeting{m, v})
			}
		}
		if len(matches) > 0 {
			for n := range v.Trail {
				seeded[v.Trail[:n+1].String()] = true
			}
		}
		if ex.Stage {
			continue
		}
		s.opaque = s.opaque || v.Opaque
		if isToken(v) {
			v.Data = audit.NewSecret(bytes.Clone(v.Data.Reveal())) // so that the exhibit's bytes may go
			s.tokens = append(s.tokens, v)
		}
		if f, ok := l.fields.hint(v); ok && l.fits(f, ex) {
			hints = append(hints, f)
		}
	}
	// What holds a seed, be it encoded, says what the seed says and no more.
	s.tokens = slices.DeleteFunc(s.tokens, func(v audit.Value) bool { return seeded[v.Trail.String()] })
	s.found = append(l.seeds.findings(met), firstOfKind(hints)...)
	return s
}

// fits reports whether a hint can be true where it stands: in a normal window a
// field that would tell of private mode tells of something else.
func (l looker) fits(f audit.Finding, ex audit.Exhibit) bool {
	arm, known := l.arms[ex.Arm]
	return f.Kind != "behaviour/private-mode" || !known || arm.Mode == claims.Private
}

// A detector collects what is found, exhibit by exhibit. Identifiers show only
// when all exhibits were seen.
type detector struct {
	identifiers *identifiers
	scenes      []scene
	problems    []audit.Problem
	opaque      []string
}

func (d *detector) add(s scene) {
	d.problems = append(d.problems, s.problems...)
	for _, v := range s.tokens {
		d.identifiers.observe(s.exhibit, v)
	}
	if s.opaque {
		d.opaque = append(d.opaque, s.exhibit.ID)
	}
	if s.exhibit.ID != "" {
		s.tokens, s.problems = nil, nil
		d.scenes = append(d.scenes, s)
	}
}

func (d *detector) result() Result {
	r := Result{Problems: d.problems, Opaque: d.opaque}
	persistent := d.identifiers.findings()
	for _, s := range d.scenes {
		for _, f := range append(s.found, persistent[s.exhibit.ID]...) {
			f.ID, f.Exhibit = fmt.Sprintf("f%d", len(r.Findings)+1), s.exhibit.ID
			r.Findings = append(r.Findings, f)
		}
	}
	return r
}

// firstOfKind keeps one hint of each kind.
func firstOfKind(hints []audit.Finding) []audit.Finding {
	seen := make(map[string]bool)
	var kept []audit.Finding
	for _, f := range hints {
		if !seen[string(f.Kind)] {
			seen[string(f.Kind)] = true
			kept = append(kept, f)
		}
	}
	return kept
}
