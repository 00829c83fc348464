package sensors

import (
	"fmt"
	"unicode/utf8"
)

// maxID is the length of an id in characters. The length of a string is that
// at which the Python SDK refuses and to which the Android SDK cuts (8191 and a
// mark); a stack trace may be twice as long.
const (
	maxID     = 255
	maxString = 8192
	maxTrace  = 2 * maxString
)

// Times have 10 to 13 digits.
const (
	minTime = 1_000_000_000
	maxTime = 9_999_999_999_999
)

// A recordType is what a type of record must have.
type recordType struct {
	event  string // the event's name; "*": any; "": none
	user   bool   // the id of a user
	joins  bool   // a second id, in original_id or identities
	item   bool   // type and id of an item
	schema bool   // is of schema 2.0 only
	value  func(Value) (rule string, ok bool)
}

// types are the types of records.
var types = map[string]recordType{
	"track":             {event: "*", user: true, value: anyValue},
	"track_signup":      {event: "$SignUp", user: true, joins: true, value: anyValue},
	"track_id_bind":     {event: "$BindID", user: true, joins: true, value: anyValue},
	"track_id_unbind":   {event: "$UnbindID", user: true, joins: true, value: anyValue},
	"profile_set":       {user: true, value: anyValue},
	"profile_set_once":  {user: true, value: anyValue},
	"profile_increment": {user: true, value: ofKind(Number)},
	"profile_append":    {user: true, value: stringList},
	"profile_unset":     {user: true, value: anyValue},
	"profile_delete":    {user: true, value: anyValue},
	"item_set":          {item: true, value: anyValue},
	"item_delete":       {item: true, value: anyValue},
	"detail_set":        {schema: true, value: anyValue},
	"detail_delete":     {schema: true, value: anyValue},
}

// Check returns the rules that r breaks, in the order of the rules, and for
// properties in the order of the text; none means that the vendor's server
// would take it. Where the SDKs differ, the rule is that of the widest.
func (r Record) Check() []Problem {
	c := &checker{}
	t, known := types[r.Type]
	if !known {
		return []Problem{{"type", "must be a type of record of the protocol", present(r.Type)}}
	}
	if r.twice != "" {
		c.add(r.twice, "must stand once", "it twice")
	}
	c.event(r, t)
	c.ids(r, t)
	c.target(r, t)
	if r.Time != 0 && (r.Time < minTime || r.Time > maxTime) {
		c.add("time", "must have 10 to 13 digits", "another number")
	}
	if r.Project != "" && !IsName(r.Project) {
		c.add("project", ruleName, present(r.Project))
	}
	if dup := twice("properties", r.Properties); dup != "" {
		c.add(dup, "must stand once", "it twice")
	}
	for i, m := range r.Properties.items {
		c.property(i, m, t)
	}
	return c.problems
}

const ruleName = "must be a name: 1 to 100 letters, digits, _ and $, no digit first, no reserved word"

type checker struct{ problems []Problem }

func (c *checker) add(field, rule, found string) {
	c.problems = append(c.problems, Problem{field, rule, found})
}

// event checks the name of the event. Profiles may have an empty one.
func (c *checker) event(r Record, t recordType) {
	switch {
	case t.event == "*" && !IsName(r.Event):
		c.add("event", ruleName, present(r.Event))
	case t.event != "*" && t.event != "" && r.Event != t.event:
		c.add("event", "must be "+t.event+" in a record of type "+r.Type, present(r.Event))
	}
}

// ids checks who the record is about.
func (c *checker) ids(r Record, t recordType) {
	if t.user && r.DistinctID == "" && r.Schema.Version == "" {
		c.add("distinct_id", "must be there", "nothing")
	}
	if t.joins && r.OriginalID == "" && len(r.Identities) == 0 {
		c.add("original_id", "must be there, or identities", "nothing")
	}
	c.length("distinct_id", r.DistinctID, maxID)
	c.length("anonymous_id", r.AnonymousID, maxID)
	c.length("login_id", r.LoginID, maxID)
	c.length("original_id", r.OriginalID, maxID)
	c.length("item_id", r.Item.ID, maxID)
	c.length("id", r.Schema.ID, maxID)
	c.length("user_id", r.Schema.UserID, maxID)
	for i, id := range r.Identities {
		if len(id.Value) > maxID {
			c.length(fieldOf("identities", id.Name, i), id.Value, maxID)
		}
	}
}

func (c *checker) length(field, s string, most int) {
	if len(s) > most && utf8.RuneCountInString(s) > most {
		c.add(field, fmt.Sprintf("must have at most %d characters", most), present(s))
	}
}

// target checks what other things the record is about.
func (c *checker) target(r Record, t recordType) {
	if r.Schema.Version == "" {
		if t.schema {
			c.add("version", "must be there in a record of type "+r.Type, "nothing")
		}
		if t.item && !IsName(r.Item.Type) {
			c.add("item_type", ruleName, present(r.Item.Type))
		}
		if t.item && r.Item.ID == "" {
			c.add("item_id", "must be there", "nothing")
		}
		return
	}
	if r.Schema.Version != "2.0" {
		c.add("version", "must be 2.0", present(r.Schema.Version))
	}
	if !isIdentifier(r.Schema.Name) { // "events" and "users" are reserved, and meant here
		c.add("schema", "must be the name of a schema", present(r.Schema.Name))
	}
	if r.Schema.ID == "" && r.Schema.UserID == "" && r.DistinctID == "" && len(r.Identities) == 0 {
		c.add("id", "must be there, or user_id, distinct_id or identities", "nothing")
	}
}

func (c *checker) property(i int, m Member, t recordType) {
	if !IsName(m.Name) {
		c.add(fieldOf("properties", m.Name, i), "its name "+ruleName, fmt.Sprintf("a name of %d characters", utf8.RuneCountInString(m.Name)))
	}
	allowed := t.value
	if m.Name == "$is_login_id" { // server SDKs put it beside numbers to add, too
		allowed = anyValue
	}
	if rule, ok := allowed(m.Value); !ok {
		c.add(fieldOf("properties", m.Name, i), rule, m.Value.describe())
		return
	}
	most := maxString
	if m.Name == "app_crashed_reason" {
		most = maxTrace
	}
	if m.Value.longest() <= most { // in bytes; hardly any text is longer
		return
	}
	field := fieldOf("properties", m.Name, i)
	c.length(field, m.Value.text, most)
	for j, item := range m.Value.items {
		c.length(fmt.Sprintf("%s[%d]", field, j+1), item.Value.text, most)
	}
}

func anyValue(v Value) (string, bool) {
	const rule = "must be a string, a number, a boolean or a list of strings"
	switch v.kind {
	case String, Number, Bool:
		return "", true
	case List:
		_, ok := stringList(v)
		return rule, ok
	default:
		return rule, false
	}
}

func ofKind(k Kind) func(Value) (string, bool) {
	return func(v Value) (string, bool) { return "must be " + k.String(), v.kind == k }
}

func stringList(v Value) (string, bool) {
	for _, item := range v.items {
		if item.Value.kind != String {
			return "must be a list of strings", false
		}
	}
	return "must be a list of strings", v.kind == List
}

// describe names the type of v, and for a list also that of its items.
func (v Value) describe() string {
	if v.kind != List || len(v.items) == 0 {
		return v.kind.String()
	}
	for _, item := range v.items {
		if item.Value.kind != String {
			return "a list with " + item.Value.kind.String() + " in it"
		}
	}
	return "a list of strings"
}

// present says of a text that it is there, and how long it is.
func present(s string) string {
	if s == "" {
		return "nothing"
	}
	return fmt.Sprintf("a text of %d characters", utf8.RuneCountInString(s))
}
