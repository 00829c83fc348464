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
	"fmt"
	"iter"

	"telltale/audit"
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

// Detect looks through exhibits in their order. An exhibit that comes with an
// error is a problem, and the rest goes on; the error of Detect itself is
// about the seeds.
func Detect(exhibits iter.Seq2[audit.Exhibit, error], x Experiment, peel Peeler) (Result, error) {
	seeds, err := NewSeeds(x.Seeds)
	if err != nil {
		return Result{}, err
	}
	d := &detector{seeds: seeds, identifiers: newIdentifiers(x), fields: loadFields()}
	for ex, err := range exhibits {
		if err != nil {
			d.problem(ex.ID, nil, err)
		}
		if ex.ID != "" {
			d.exhibit(ex, peel)
		}
	}
	return d.result(), nil
}

// A detector collects what is found, exhibit by exhibit. Identifiers show only
// when all exhibits were seen.
type detector struct {
	seeds       *Seeds
	identifiers *identifiers
	fields      fields
	exhibits    []scene
	problems    []audit.Problem
	opaque      []string
}

// A scene is what one exhibit gave away by itself.
type scene struct {
	id    string
	found []audit.Finding
}

func (d *detector) problem(exhibit string, t audit.Trail, err error) {
	d.problems = append(d.problems, audit.Problem{Exhibit: exhibit, Trail: t, Message: err.Error()})
}

func (d *detector) exhibit(ex audit.Exhibit, peel Peeler) {
	s := scene{id: ex.ID}
	var met []meeting
	var hints []audit.Finding
	opaque := false
	for v, err := range peel(ex) {
		if err != nil {
			d.problem(ex.ID, v.Trail, err)
			continue
		}
		matches := d.seeds.Find(v)
		met = d.seeds.keep(met, matches, v, ex.Host)
		if ex.Stage {
			continue
		}
		opaque = opaque || v.Opaque
		if len(matches) == 0 {
			d.identifiers.observe(ex, v)
		}
		if f, ok := d.fields.hint(v); ok {
			hints = append(hints, f)
		}
	}
	s.found = append(d.seeds.findings(met), firstOfKind(hints)...)
	d.exhibits = append(d.exhibits, s)
	if opaque {
		d.opaque = append(d.opaque, ex.ID)
	}
}

func (d *detector) result() Result {
	r := Result{Problems: d.problems, Opaque: d.opaque}
	persistent := d.identifiers.findings()
	for _, s := range d.exhibits {
		for _, f := range append(s.found, persistent[s.id]...) {
			f.ID, f.Exhibit = fmt.Sprintf("f%d", len(r.Findings)+1), s.id
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
