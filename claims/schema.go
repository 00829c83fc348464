package claims

import (
	"regexp"

	"github.com/goccy/go-yaml/ast"

	"telltale/personal"
)

// A Schema is the tracking plan of a product: the events and properties that a
// collector may take, what each gives away, and how the software says which
// mode it runs in and what the user agreed to. It stands in a claims file under
// the key schema. The instrument does not need it.
type Schema struct {
	Purposes   []string
	Private    PrivateMode
	Consent    ConsentRule
	Properties []Property // allowed in every event
	Events     []Event
}

// A PrivateMode says how private mode is told.
type PrivateMode struct {
	Property string // true in private mode, false in normal mode; without it an event counts as private
	Never    bool   // the software has no private mode
	Purpose  string // what a user must have agreed to for events in private mode; "": they are refused
}

// A ConsentRule says how consent is told.
type ConsentRule struct {
	Property string  // purposes that the user agreed to, in each event; "": only the consent API says it
	Default  Consent // of those who said nothing: none (the default) or given
}

// An Event is one that the plan allows.
type Event struct {
	Name       string
	Kind       personal.Kind // what the event itself gives away; the default is behaviour
	Purpose    string
	Properties []Property
}

// A Property is one that the plan allows.
type Property struct {
	Name   string
	Type   PropertyType
	Kind   personal.Kind // "": none that is known
	Values []string      // all that a string may be; none: any
}

// A PropertyType is the type of a property's values.
type PropertyType string

// The types of properties.
const (
	StringType  PropertyType = "string"
	NumberType  PropertyType = "number"
	BoolType    PropertyType = "bool"
	DateType    PropertyType = "date"    // YYYY-MM-DD, or with a time
	StringsType PropertyType = "strings" // a list of strings
)

// Limits of a plan.
const (
	maxNameLength = 100
	maxPurposes   = 32
)

var validPurpose = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// schema reads the plan; without one it is nil.
func (r *reader) schema(n ast.Node) *Schema {
	if n == nil {
		return nil
	}
	m := r.mapping(n, "schema", "purposes", "private", "consent", "properties", "events")
	s := &Schema{}
	for _, n := range r.list(m.must("purposes"), "purposes") {
		p := r.text(n)
		if p != "" && !validPurpose.MatchString(p) {
			r.fail(position(n), "use small letters, digits and hyphens", "bad purpose %q", p)
		}
		s.Purposes = append(s.Purposes, p)
	}
	if len(s.Purposes) > maxPurposes {
		r.fail(position(m.get("purposes")), "join some", "more than %d purposes", maxPurposes)
	}
	s.Private = r.privateMode(m.must("private"), s.Purposes)
	s.Consent = r.consentRule(m.get("consent"))
	common := make(map[string]bool)
	s.Properties = r.properties(m.get("properties"), common)
	seen := make(map[string]bool)
	for _, n := range r.list(m.must("events"), "events") {
		s.Events = append(s.Events, r.event(n, s.Purposes, seen, common))
	}
	return s
}

func (r *reader) privateMode(n ast.Node, purposes []string) (p PrivateMode) {
	m := r.mapping(n, "private", "property", "never", "purpose")
	p.Property = r.name(m.get("property"), "property")
	p.Never = r.word(m.get("never"), "value", "true", "false") == "true"
	if m.has("purpose") {
		p.Purpose = r.purpose(m.get("purpose"), purposes)
	}
	if m.values != nil && !m.odd && p.Never == (p.Property != "") {
		r.fail(m.at, "write property, or never: true", "private says not how the mode is told, or says it twice")
	}
	return p
}

func (r *reader) consentRule(n ast.Node) (c ConsentRule) {
	m := r.mapping(n, "consent", "property", "default")
	c.Property = r.name(m.get("property"), "property")
	c.Default = Consent(r.word(m.get("default"), "default", string(None), string(Given)))
	if c.Default == "" {
		c.Default = None
	}
	return c
}

func (r *reader) event(n ast.Node, purposes []string, seen, common map[string]bool) (e Event) {
	m := r.mapping(n, "an event", "name", "kind", "purpose", "properties")
	name := m.must("name")
	e.Name = r.name(name, "event")
	if seen[e.Name] && e.Name != "" {
		r.fail(position(name), "write it once", "a second event %q", e.Name)
	}
	seen[e.Name] = true
	if e.Kind = "behaviour"; m.has("kind") {
		e.Kind = r.kind(m.get("kind"))
	}
	e.Purpose = r.purpose(m.must("purpose"), purposes)
	own := make(map[string]bool)
	for name := range common {
		own[name] = true
	}
	e.Properties = r.properties(m.get("properties"), own)
	return e
}

func (r *reader) properties(n ast.Node, seen map[string]bool) (all []Property) {
	for _, n := range r.list(n, "properties") {
		m := r.mapping(n, "a property", "name", "type", "kind", "values")
		name := m.must("name")
		p := Property{Name: r.name(name, "property"), Type: StringType}
		if seen[p.Name] && p.Name != "" {
			r.fail(position(name), "write it once", "a second property %q", p.Name)
		}
		seen[p.Name] = true
		if m.has("type") {
			p.Type = PropertyType(r.word(m.get("type"), "type",
				string(StringType), string(NumberType), string(BoolType), string(DateType), string(StringsType)))
		}
		if m.has("kind") {
			p.Kind = r.kind(m.get("kind"))
		}
		for _, n := range r.list(m.get("values"), "values") {
			p.Values = append(p.Values, r.text(n))
		}
		all = append(all, p)
	}
	return all
}

var validName = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)

// name reads the name of an event or property; without a node it is empty.
func (r *reader) name(n ast.Node, what string) string {
	text := r.text(n)
	if text != "" && (len(text) > maxNameLength || !validName.MatchString(text)) {
		r.fail(position(n), "use up to 100 letters, digits, _ and $, no digit first", "bad name of %s %q", article(what), text)
		return ""
	}
	return text
}

func article(what string) string {
	if what[0] == 'e' {
		return "an " + what
	}
	return "a " + what
}

// purpose reads one of the purposes that the plan has.
func (r *reader) purpose(n ast.Node, purposes []string) string {
	if len(purposes) == 0 {
		return r.text(n)
	}
	return r.word(n, "purpose", purposes...)
}
