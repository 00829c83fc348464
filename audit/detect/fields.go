package detect

import (
	_ "embed"
	"strings"

	"telltale/audit"
	"telltale/personal"
)

//go:embed fields.txt
var fieldsText string

// fields are the names that say what their value is.
type fields map[string]field

// A field is one record of fields.txt.
type field struct {
	kind   personal.Kind
	value  string // that it must have, "*": any
	source string
}

func loadFields() fields {
	table := make(fields)
	for line := range strings.Lines(fieldsText) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 4 && !strings.HasPrefix(line, "#") {
			table[f[0]] = field{personal.Kind(f[1]), f[2], f[3]}
		}
	}
	return table
}

// maxField is the length up to which a value is one of a field.
const maxField = 256

// hint returns a finding if the last step of the value's trail is a known name.
func (fs fields) hint(v audit.Value) (audit.Finding, bool) {
	step := v.Trail[len(v.Trail)-1]
	if !isField(step) || v.Data.Len() == 0 || v.Data.Len() > maxField {
		return audit.Finding{}, false
	}
	name := fieldName(step)
	f, ok := fs[name]
	if !ok || (f.value != "*" && f.value != string(v.Data.Reveal())) {
		return audit.Finding{}, false
	}
	return audit.Finding{
		Kind: f.kind, Form: "field", Trail: v.Trail, Spans: v.Spans, Span: audit.Span{End: v.Data.Len()},
		Confidence: audit.Hint, Value: shown(v.Data, audit.Span{}), Says: "by the name of the field " + name + " (" + f.source + ")",
	}, true
}

// pointerEscapes are those of a JSON pointer (RFC 6901).
var pointerEscapes = strings.NewReplacer("~1", "/", "~0", "~")

// fieldName returns the name that a step ends with: of json:/0/lib/$model it is
// $model.
func fieldName(step string) string {
	name := step[strings.IndexByte(step, ':')+1:]
	if strings.HasPrefix(step, "json:") {
		name = name[strings.LastIndexByte(name, '/')+1:]
		name = pointerEscapes.Replace(name)
	}
	return name
}
