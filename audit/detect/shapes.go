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

func newShapes() *shapes {
	return &shapes{had: make(map[string]bool), halves: make(map[string][]audit.Finding)}
}

// observe looks at a value that stands alone in a field, be it encoded.
func (s *shapes) observe(v audit.Value) {
	step := fieldOf(v.Trail)
	if step == "" || v.Data.Len() == 0 || v.Data.Len() > maxField || len(s.had) >= maxCandidates {
		return
	}
	value := string(v.Data.Reveal())
	m, ok := personal.Recognise(fieldName(step), value)
	if !ok {
		return
	}
	confidence := audit.Hint
	if m.Likely() {
		confidence = audit.Likely
	}
	f := audit.Finding{
		Kind: m.Form.Kind, Form: ByShape, Trail: v.Trail, Spans: v.Spans, Span: audit.Span{End: len(value)},
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
		s.had[key] = true
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
