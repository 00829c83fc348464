package detect

import (
	_ "embed"
	"slices"
	"strings"

	"telltale/audit"
	"telltale/personal"
)

//go:embed fields.txt
var fieldsText string

// fields are the names that say what their value is.
type fields map[string][]field

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
			table[f[0]] = append(table[f[0]], field{personal.Kind(f[1]), f[2], f[3]})
		}
	}
	return table
}

// ByField is the form of a finding that was told by where the value stands: by
// the name of its field, or by its place in a format that has a name.
const ByField = "field"

// maxField is the length up to which a value is one of a field.
const maxField = 256

// hint returns a finding if the last step of the value's trail is a known name.
func (of *stepNotes) hint(v audit.Value) (audit.Finding, bool) {
	list := of.hints
	if len(list) == 0 || v.Data.Len() == 0 || v.Data.Len() > maxField {
		return audit.Finding{}, false
	}
	i := slices.IndexFunc(list, func(f field) bool { return f.value == "*" || f.value == string(v.Data.Reveal()) })
	if i < 0 || !says(v.Data.Reveal()) {
		return audit.Finding{}, false
	}
	f := list[i]
	return audit.Finding{
		Kind: f.kind, Form: ByField, Trail: v.Trail, Spans: v.Spans, Span: audit.Span{End: v.Data.Len()},
		Confidence: audit.Hint, Value: shown(v.Data, audit.Span{}), Says: "by the name of the field " + of.name + " (" + f.source + ")",
	}, true
}

// pointerEscapes are those of a JSON pointer (RFC 6901).
var pointerEscapes = strings.NewReplacer("~1", "/", "~0", "~")

// isField reports whether a step takes a named thing out of its container.
func isField(step string) bool {
	name, rest, ok := strings.Cut(step, ":")
	if !ok || rest == "" {
		return false
	}
	switch name {
	case "form", "query", "cookie", "header", "path", "part", "protobuf", "sensors-id", "pairs", "list", "properties", "sse", "mqtt", "java", "tars":
		return true
	}
	return isPointer(step)
}

// isPointer reports whether a step names a place in a tree, such as
// json:/0/lib/$model.
func isPointer(step string) bool {
	name, _, _ := strings.Cut(step, ":")
	switch name {
	case "json", "jsonl", "xml", "plist", "cbor", "msgpack", "bson", "avro", "thrift", "php":
		return true
	}
	return false
}

// fieldName returns the name that a step ends with: of json:/0/lib/$model it is
// $model.
func fieldName(step string) string {
	name := step[strings.IndexByte(step, ':')+1:]
	if isPointer(step) {
		name = name[strings.LastIndexByte(name, '/')+1:]
		if strings.IndexByte(name, '~') >= 0 {
			name = pointerEscapes.Replace(name)
		}
	}
	return name
}
