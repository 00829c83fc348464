package detect

import (
	"slices"

	"telltale/audit"
)

// A view is the work on one exhibit: what its layers show, one after the other.
type view struct {
	*notebook
	ex      audit.Exhibit
	scene   *scene
	met     meetings
	hints   []audit.Finding
	digests saltRecord
	pieces  *strands
	named   reading
	shaped  shapes
	seeded  map[string]bool // trails with a seed at their end or below
}

func newView(n *notebook, ex audit.Exhibit, s *scene) *view {
	v := &view{notebook: n, ex: ex, scene: s, digests: make(saltRecord), pieces: n.strands, named: reading{formats: n.formats}}
	if ex.Part == "message.out" { // it may go on in the next one, and is kept until then
		v.pieces = newStrands(n.seeds.longest)
		s.pieces = v.pieces
	}
	v.pieces.reset()
	return v
}

// read takes all layers in.
func (w *view) read() {
	for v, err := range w.peel(w.ex) {
		if err != nil {
			w.scene.problem(v.Trail, err)
			continue
		}
		of := w.step(v.Trail[len(v.Trail)-1])
		notes := w.value(v, of)
		w.meet(v, notes)
		w.pieces.add(v)
		if !w.ex.Stage {
			w.observe(v, of, notes)
		}
	}
}

// meet takes in the seeds in a layer, or what may be digests of them.
func (w *view) meet(v audit.Value, notes *valueNotes) {
	if len(notes.matches) == 0 {
		w.digests.add(v, notes.digests)
		return
	}
	for _, m := range notes.matches {
		// A host that the seed is meant for learns it without any leak.
		if !w.seeds.seeds[m.Seed].AtHome(w.ex.Host) {
			w.met.add(meeting{Match: m, value: v})
		}
	}
	for n := range v.Trail {
		w.seeded = noted(w.seeded, v.Trail[:n+1].String())
	}
}

// observe takes in what a layer says by its field and its form.
func (w *view) observe(v audit.Value, of *stepNotes, notes *valueNotes) {
	w.scene.seal(v)
	if notes.isToken {
		w.scene.tokens = append(w.scene.tokens, v.Clone())
	}
	w.named.observe(v, of.places)
	w.shaped.observe(v, of, notes)
	if f, ok := of.hint(v); ok && w.fits(f, w.ex) {
		f.Trail, f.Spans = slices.Clone(f.Trail), slices.Clone(f.Spans)
		w.hints = append(w.hints, f)
	}
}

// conclude says what the exhibit gave away.
func (w *view) conclude() {
	s, seeds := w.scene, w.seeds
	// What holds a seed, be it encoded, says what the seed says and no more.
	holds := func(t audit.Trail) bool { return len(w.seeded) > 0 && w.seeded[t.String()] }
	s.tokens = slices.DeleteFunc(s.tokens, func(v audit.Value) bool { return holds(v.Trail) })
	w.explain()
	w.met.dropJoined()
	seeds.joinParts(&w.met)
	split := w.pieces.meet(w.notebook, func(v audit.Value) (audit.Secret, bool) { return w.layer(w.ex, v) })
	w.met.addSplit(slices.DeleteFunc(split, func(m meeting) bool { return seeds.seeds[m.Seed].AtHome(w.ex.Host) }))
	told := slices.Concat(w.named.findings(w.ex), w.shaped.findings(), w.hints)
	told = slices.DeleteFunc(told, func(f audit.Finding) bool { return holds(f.Trail) })
	planted := seeds.findings(w.met.list)
	s.found = append(planted, once(withoutPieces(told, planted), planted)...)
}

// explain adds the digests that the salts in the exhibit explain, and keeps both
// for the other exhibits of the request.
func (w *view) explain() {
	if len(w.seeds.salted) == 0 {
		return
	}
	s := w.scene
	salts := w.saltsOf(w.pieces.values, len(w.digests) > 0 && len(w.seeds.salted) <= maxTexts)
	for _, m := range w.digests.meet(salts, w.seeds.salted, &w.salts) {
		if !w.seeds.seeds[m.Seed].AtHome(s.exhibit.Host) {
			w.met.append(m)
		}
	}
	if s.exhibit.Event > 0 {
		s.digests, s.salts = w.digests.keep(), upTo(namedSalt, salts)
	}
}
