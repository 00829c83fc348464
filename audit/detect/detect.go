// Package detect says which values give away what.
//
// It looks for four things. Seeds: values that the lab planted, in plain
// form or as a digest, in any layer of an exhibit; a hit is certain, because
// the value exists nowhere else. Identifiers: values that behave like one over
// the arms, runs and restarts of the experiment; the shape of a UUID is not
// enough. Fields: places in wire formats that have a name (formats.txt), values
// with a checksum or a structure of their own (package personal), and names that
// say what their value is (fields.txt), which alone are hints. And lengths: what
// cannot be read may still grow with the addresses that were visited (probe.go).
//
// Decoding is passed in: detect sees layers and does not know how they came
// about. The result depends on the exhibits and their order alone.
package detect

import (
	"fmt"
	"iter"
	"slices"

	"telltale/audit"
	"telltale/claims"
	"telltale/personal"
)

// A Peeler yields the layers of an exhibit, the raw bytes first. An error is
// about one layer; the rest goes on.
type Peeler func(audit.Exhibit) iter.Seq2[audit.Value, error]

// An Experiment is what detection has to know of how the exhibits came about.
type Experiment struct {
	Arms  []audit.Arm
	Runs  int
	Seeds []audit.Seed // with values
	// Answers are what servers sent, in the order of the exhibits, each with the
	// event that it belongs to: what first came from a server was given by it.
	// Nil if none are known.
	Answers iter.Seq2[audit.Exhibit, error]
	// Visits are those of the length probe that were made, in any order.
	Visits []audit.Visit
	// Again, if it is set, is called once all exhibits were seen. It returns
	// how to peel those that may now give more, because what opens them was
	// found elsewhere, and which these are; a nil Peeler if there are none.
	Again func() (peel Peeler, of func(audit.Exhibit) bool)
}

// A Result is what was detected.
type Result struct {
	Findings []audit.Finding
	Problems []audit.Problem
	Opaque   []string      // exhibits with a layer that nothing could read, without the sites that the plan visits
	Sealed   []audit.Value // these layers, a few of each exhibit, without their bytes
}

// Detect looks through exhibits, workers of them at a time; the result is the
// same for any number. An exhibit that comes with an error is a problem, and
// the rest goes on; the error of Detect itself is about the seeds.
//
// exhibits are drawn in a goroutine of their own, which has ended when Detect
// returns. They are drawn twice if the experiment says that some have to be
// looked at again.
func Detect(exhibits iter.Seq2[audit.Exhibit, error], x Experiment, peel Peeler, workers int) (Result, error) {
	seeds, err := NewSeeds(x.Seeds)
	if err != nil {
		return Result{}, err
	}
	formats, err := loadFormats(formatsText)
	if err != nil {
		return Result{}, err
	}
	d := newDetector(x, seeds)
	l := looker{seeds, loadFields(), formats, d.identifiers.arms, peel}
	inOrder(exhibits, max(1, workers), l.worker, d.add)
	if x.Again != nil {
		if again, of := x.Again(); again != nil {
			l.peel = again
			inOrder(exhibits, max(1, workers), func() func(audit.Exhibit, error) scene { return lookAt(of, l.worker()) }, d.replace)
		}
	}
	d.observe()
	d.identify(x.Answers, peel, max(1, workers))
	return d.result(x.Seeds), nil
}

// lookAt returns look for the exhibits that are asked for; the scene of any other
// has no exhibit.
func lookAt(of func(audit.Exhibit) bool, look func(audit.Exhibit, error) scene) func(audit.Exhibit, error) scene {
	return func(ex audit.Exhibit, err error) scene {
		if ex.ID == "" || !of(ex) {
			return scene{}
		}
		return look(ex, err)
	}
}

// A looker looks at exhibits, each by itself. It is safe for concurrent use.
type looker struct {
	seeds   *Seeds
	fields  fields
	formats *formats
	arms    map[string]audit.Arm // by name
	peel    Peeler
}

// worker returns what one worker looks with.
func (l looker) worker() func(audit.Exhibit, error) scene {
	n := l.notebook()
	return func(ex audit.Exhibit, err error) scene {
		s := scene{exhibit: ex}
		s.exhibit.Data = audit.Secret{}
		if err != nil {
			s.problem(nil, err)
		}
		if ex.ID != "" {
			v := newView(n, ex, &s)
			v.read()
			v.conclude()
		}
		return s
	}
}

// A scene is what one exhibit gave away by itself.
type scene struct {
	exhibit  audit.Exhibit // without its data
	found    []audit.Finding
	tokens   []audit.Value // that may be identifiers
	problems []audit.Problem
	pieces   *strands        // of a message that may go on in the next one
	over     []audit.Finding // over several messages, of which this is the last
	sealed   []audit.Value
	// What other exhibits of the same request may explain, and help to.
	digests saltRecord
	salts   []salt
}

// maxSealed is how many opaque layers of an exhibit are listed.
const maxSealed = 8

// seal notes an opaque layer.
func (s *scene) seal(v audit.Value) {
	if v.Opaque && len(s.sealed) < maxSealed {
		v.Data = audit.Secret{}
		s.sealed = append(s.sealed, v.Clone())
	}
}

func (s *scene) problem(t audit.Trail, err error) {
	s.problems = append(s.problems, audit.Problem{Exhibit: s.exhibit.ID, Trail: t, Message: err.Error()})
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
	identities  []*identity
	connections connections
	request     request // of the last exhibits
	visits      []audit.Visit
	scenes      []*scene
	looked      int // up to where scenes were replaced
	salts       saltCache
}

func newDetector(x Experiment, seeds *Seeds) *detector {
	return &detector{
		identifiers: newIdentifiers(x), connections: connections{seeds, make(map[connection]tail)}, visits: x.Visits,
	}
}

func (d *detector) add(s scene) {
	if s.pieces != nil {
		s.over = d.connections.seeds.findings(d.connections.meet(s.exhibit, s.pieces))
		s.pieces = nil
	}
	if !d.request.takes(s.exhibit) {
		d.request.meet(d.connections.seeds, &d.salts)
		d.request.place, d.request.event = s.exhibit.Place, s.exhibit.Event
	}
	d.scenes = append(d.scenes, &s)
	d.request.scenes = append(d.request.scenes, &s)
}

// replace puts a second look in the place of the first. Both come in the order
// of the exhibits.
func (d *detector) replace(s scene) {
	if s.exhibit.ID == "" {
		return
	}
	for d.looked < len(d.scenes) && d.scenes[d.looked].exhibit.ID != s.exhibit.ID {
		d.looked++
	}
	if d.looked < len(d.scenes) { // it is not if the exhibits are others now
		s.over, s.pieces, s.digests, s.salts = d.scenes[d.looked].over, nil, nil, nil
		d.scenes[d.looked] = &s
	}
}

// observe shows the tokens of all exhibits to those who tell identifiers.
func (d *detector) observe() {
	d.request.meet(d.connections.seeds, &d.salts)
	for _, s := range d.scenes {
		d.identifiers.observe(s.exhibit, s.tokens)
		s.tokens = nil
	}
}

// identify tells the identifiers, which takes all exhibits.
func (d *detector) identify(answers iter.Seq2[audit.Exhibit, error], peel Peeler, workers int) {
	d.identities = d.identifiers.identities()
	if answers != nil && len(d.identities) > 0 {
		assign(d.identities, answers, peel, workers)
	}
}

func (d *detector) result(seeds []audit.Seed) Result {
	var r Result
	persistent, lengths := d.identifiers.findings(d.identities), lengthFindings(d.scenes, d.visits)
	exhibits := make(map[string]audit.Exhibit, len(d.scenes))
	for _, s := range d.scenes {
		r.Problems = append(r.Problems, s.problems...)
		if s.exhibit.ID == "" {
			continue
		}
		if len(s.sealed) > 0 {
			r.Opaque = append(r.Opaque, s.exhibit.ID)
			r.Sealed = append(r.Sealed, s.sealed...)
		}
		exhibits[s.exhibit.ID] = s.exhibit
		found := merge(append(s.found, s.over...), persistent[s.exhibit.ID])
		for _, f := range append(found, lengths[s.exhibit.ID]...) {
			f.ID, f.Exhibit = fmt.Sprintf("f%d", len(r.Findings)+1), s.exhibit.ID
			r.Findings = append(r.Findings, f)
		}
	}
	label(r.Findings, d.identities)
	joined{exhibits, d.identifiers.arms, seeds}.say(r.Findings)
	return r
}

// merge adds the identifiers of an exhibit to what was found in it. What is
// told by its field and by its behaviour as well is one finding.
func merge(found, persistent []audit.Finding) []audit.Finding {
	at := make(map[string]int, len(persistent))
	for i, f := range persistent {
		at[string(f.Kind)+" "+f.Trail.String()] = i
	}
	persistent = slices.Clone(persistent)
	found = slices.DeleteFunc(found, func(f audit.Finding) bool {
		i, twice := at[string(f.Kind)+" "+f.Trail.String()]
		if twice = twice && f.Seed == ""; twice {
			persistent[i].Says += "; " + f.Says
		}
		return twice
	})
	return append(found, persistent...)
}

// withoutPieces leaves out what a piece of a seed looks like.
func withoutPieces(told, planted []audit.Finding) []audit.Finding {
	split := make(map[personal.Kind]bool)
	for _, f := range planted {
		split[f.Kind] = split[f.Kind] || f.Form == splitForm
	}
	return slices.DeleteFunc(told, func(f audit.Finding) bool { return split[f.Kind] })
}

// once keeps one finding for each kind and place, the first, and one hint of
// each kind that nothing better was found of.
func once(found, planted []audit.Finding) []audit.Finding {
	kinds, places := make(map[personal.Kind]bool), make(map[string]bool)
	for _, f := range slices.Concat(planted, found) {
		kinds[f.Kind] = kinds[f.Kind] || f.Confidence != audit.Hint
	}
	return slices.DeleteFunc(found, func(f audit.Finding) bool {
		if f.Confidence == audit.Hint {
			had := kinds[f.Kind]
			kinds[f.Kind] = true
			return had
		}
		at := string(f.Kind) + " " + f.Trail.String()
		had := places[at]
		places[at] = true
		return had
	})
}
