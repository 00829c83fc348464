package audit_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
)

var update = flag.Bool("update", false, "write docs/facts.schema.json anew")

// docs/facts.schema.json says of every fact what the Go types say: names,
// types, what may be left out, the values of enumerations and the comments.
// With -update it is written anew.
func TestSchema(t *testing.T) {
	s := schemas{source: parseSource(t), defs: map[string]any{}}
	facts := s.object(reflect.TypeFor[audit.Fact]())
	delete(facts, "required")
	facts["minProperties"], facts["maxProperties"] = 1, 1
	facts["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	facts["title"] = "telltale fact stream, " + audit.FactFormat
	facts["description"] = "One line of facts.jsonl: an object with exactly one key. " + facts["description"].(string)
	facts["$defs"] = s.defs
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(facts); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "docs", "facts.schema.json")
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	had, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(had), b.String()); diff != "" {
		t.Errorf("docs/facts.schema.json is not what the types say; go test ./audit -run Schema -update writes it: -file +types\n%s", diff)
	}
}

// schemas makes JSON Schemas (draft 2020-12) of Go types.
type schemas struct {
	source source
	defs   map[string]any
}

// of returns the schema of a type. nullable says that nil is written as null.
func (s *schemas) of(t reflect.Type, nullable bool) map[string]any {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[audit.Secret]():
		return map[string]any{"type": "string"}
	case t == reflect.TypeFor[audit.Span]():
		number := map[string]any{"type": "integer", "minimum": 0}
		return map[string]any{"type": "array", "items": number, "minItems": 2, "maxItems": 2}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem(), false)
	case reflect.Struct:
		if s.defs[t.Name()] == nil {
			s.defs[t.Name()] = true // it may lead to itself
			s.defs[t.Name()] = s.object(t)
		}
		return map[string]any{"$ref": "#/$defs/" + t.Name()}
	case reflect.Slice:
		m := map[string]any{"type": "array", "items": s.of(t.Elem(), false)}
		if nullable {
			m["type"] = []string{"array", "null"}
		}
		return m
	case reflect.String:
		m := map[string]any{"type": "string"}
		if values := s.source.enums[t.Name()]; values != nil && t.PkgPath() == "telltale/audit" {
			m["enum"] = values
		}
		return m
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	}
	panic("no schema for " + t.String())
}

// object is the schema of a struct.
func (s *schemas) object(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "-" || !f.IsExported() {
			continue
		}
		optional := strings.Contains(options, "omit")
		p := s.of(f.Type, !optional)
		owner := t
		if len(f.Index) > 1 {
			owner = t.FieldByIndex(f.Index[:len(f.Index)-1]).Type
		}
		if text := s.source.comments[owner.Name()+"."+f.Name]; text != "" {
			p["description"] = text
		}
		properties[name] = p
		if !optional {
			required = append(required, name)
		}
	}
	slices.Sort(required)
	return map[string]any{
		"type": "object", "description": s.source.comments[t.Name()], "additionalProperties": false,
		"properties": properties, "required": required,
	}
}

// A source is what only the source of the types says.
type source struct {
	comments map[string]string   // of "Type" and "Type.Field"
	enums    map[string][]string // the constants of a type, in order
}

func parseSource(t *testing.T) source {
	s := source{map[string]string{}, map[string][]string{}}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				s.declared(g)
			}
		}
	}
	return s
}

func (s *source) declared(g *ast.GenDecl) {
	for _, spec := range g.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			s.comments[spec.Name.Name] = words(g.Doc)
			if st, ok := spec.Type.(*ast.StructType); ok {
				for _, f := range st.Fields.List {
					for _, name := range f.Names {
						s.comments[spec.Name.Name+"."+name.Name] = strings.TrimSpace(words(f.Doc) + " " + words(f.Comment))
					}
				}
			}
		case *ast.ValueSpec:
			if kind, ok := spec.Type.(*ast.Ident); ok && g.Tok == token.CONST {
				if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
					if value, err := strconv.Unquote(lit.Value); err == nil {
						s.enums[kind.Name] = append(s.enums[kind.Name], value)
					}
				}
			}
		}
	}
}

func words(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }
