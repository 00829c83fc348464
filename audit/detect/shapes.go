package detect

import (
	"slices"
	"strings"

	"telltale/audit"
	"telltale/personal"
)

// ByShape is the form of a finding that was told by how the value is written:
// by a checksum or a structure, and maybe the name of its field as well.
const ByShape = "shape"

// shapes are the values of one exhibit that look like personal data.
type shapes struct {
	found []audit.Finding
	had   map[string]bool // kind and value
	// A latitude is a place only with a longitude beside it.
	halves map[string][]audit.Finding // by what they stand in
}

// observe looks at a value that stands alone in a field, be it encoded.
func (s *shapes) observe(v audit.Value, of *stepNotes, notes *valueNotes) {
	if len(s.had) >= maxCandidates {
		return
	}
	if of.isField {
		if notes.shaped {
			s.tell(v, notes.shape)
		}
		return
	}
	if step := fieldOf(v.Trail); step != "" && v.Data.Len() <= maxField {
		if m, ok := personal.Recognise(fieldName(step), string(v.Data.Reveal())); ok {
			s.tell(v, m)
		}
	}
}

// tell takes in what a value was recognised as.
func (s *shapes) tell(v audit.Value, m personal.Match) {
	confidence := audit.Hint
	if m.Likely() {
		confidence = audit.Likely
	}
	f := audit.Finding{
		Kind: m.Form.Kind, Form: ByShape, Trail: v.Trail, Spans: v.Spans, Span: audit.Span{End: v.Data.Len()},
		Confidence: confidence, Value: shown(v.Data, audit.Span{}), Says: m.Says(),
	}
	switch m.Form.Name {
	case "latitude", "longitude":
		s.half(m.Form.Name, f)
	default:
		s.add(f)
	}
}

// fieldOf returns the step of the field that a value is the whole content of:
// behind it, only encodings were taken off. It is empty if there is none.
func fieldOf(t audit.Trail) string {
	for _, step := range slices.Backward(t) {
		if isField(step) {
			return step
		}
		if strings.Contains(step, ":") {
			return ""
		}
	}
	return ""
}

// add takes a finding in, one of each kind and value.
func (s *shapes) add(f audit.Finding) {
	key := string(f.Kind) + " " + string(f.Value.Reveal())
	if !s.had[key] {
		s.had = noted(s.had, key)
		s.found = append(s.found, f)
	}
}

// half takes in a latitude or a longitude, when the other one is there too.
func (s *shapes) half(name string, f audit.Finding) {
	last := len(f.Trail) - 1
	around := f.Trail[:last].String() + " " + strings.TrimSuffix(f.Trail[last], fieldName(f.Trail[last]))
	other := "latitude"
	if name == other {
		other = "longitude"
	}
	if s.halves == nil {
		s.halves = make(map[string][]audit.Finding)
	}
	if len(s.halves) < maxCandidates {
		s.halves[name+around] = append(s.halves[name+around], f)
	}
	if len(s.halves[other+around]) == 0 {
		return
	}
	for _, half := range append(s.halves[other+around], s.halves[name+around]...) {
		s.add(half)
	}
}

// findings returns what was recognised, in the order of the exhibit.
func (s *shapes) findings() []audit.Finding { return s.found }
