package detect

import (
	"strings"

	"telltale/audit"
	"telltale/personal"
)

// A notebook keeps what was made of short values, and of the names they have.
// Requests of one program say the same again and again; only what is new needs
// a search. Each worker has one of its own.
type notebook struct {
	looker
	steps   map[string]*stepNotes
	dull    map[string]bool // strands in which no seed goes on
	size    int             // bytes of all of it, about
	salts   saltCache
	strands *strands // that are not in use
}

// The bounds of what is noted: the bytes of a value, of a strand, and of a
// notebook.
const (
	maxNoted  = 4 << 10
	maxStrand = 2 << 10
	maxNotes  = 16 << 20
	noteSize  = 256 // of one note without its text, about
)

// stepNotes say what the last step of a trail is.
type stepNotes struct {
	isField bool
	name    string // of the field
	salt    int    // the order as a salt
	places  []place
	hints   []field
	values  map[string]*valueNotes
}

// valueNotes say what a value under a step is.
type valueNotes struct {
	leaf    bool
	matches []Match
	digests []unexplained // without their value
	isToken bool
	shape   personal.Match // if shaped
	shaped  bool
}

func (l looker) notebook() *notebook {
	return &notebook{looker: l, steps: make(map[string]*stepNotes), dull: make(map[string]bool), strands: newStrands(l.seeds.longest)}
}

// step returns the notes of a step.
func (n *notebook) step(step string) *stepNotes {
	notes := n.steps[step]
	if notes == nil {
		n.grow(len(step))
		notes = &stepNotes{isField: isField(step), salt: saltOrder(step), values: make(map[string]*valueNotes)}
		if notes.isField {
			notes.name = fieldName(step)
			notes.places, notes.hints = n.formats.places[notes.name], n.fields[notes.name]
		}
		n.steps[strings.Clone(step)] = notes
	}
	return notes
}

// grow makes room for a note of a text of so many bytes.
func (n *notebook) grow(size int) {
	if n.size += noteSize + size; n.size > maxNotes {
		clear(n.steps)
		clear(n.dull)
		n.size = 0
	}
}

// value returns the notes of a value, whose last step has notes.
func (n *notebook) value(v audit.Value, of *stepNotes) *valueNotes {
	data := v.Data.Reveal()
	if len(data) > maxNoted {
		return n.look(v, of)
	}
	notes := of.values[string(data)]
	if notes == nil || notes.leaf != v.Leaf {
		n.grow(len(data))
		notes = n.look(v, of)
		of.values[string(data)] = notes
	}
	return notes
}

// look makes the notes of a value.
func (n *notebook) look(v audit.Value, of *stepNotes) *valueNotes {
	notes := &valueNotes{leaf: v.Leaf, matches: n.seeds.Find(v), isToken: of.isField && isToken(v)}
	if len(notes.matches) == 0 {
		notes.digests = unexplainedIn(v)
	}
	if of.isField && v.Data.Len() <= maxField {
		notes.shape, notes.shaped = personal.Recognise(of.name, string(v.Data.Reveal()))
	}
	return notes
}
