package sensors

import "fmt"

// A Record is one event, profile or item record with its fields. What is
// absent, or null, has the zero value.
type Record struct {
	Type  string // track, track_signup, profile_set, …; see [Record.Check]
	Event string

	DistinctID  string
	AnonymousID string
	LoginID     string
	OriginalID  string     // of track_signup: the anonymous id until now
	Identities  []Identity // in the order of the text
	TrackID     int64      // _track_id: random, of up to 63 bits, may be negative
	Tracked     bool       // there is a _track_id
	Time        int64      // of the event, by the client's clock; 10 to 13 digits, of real SDKs ms
	FlushTime   int64      // of sending, by the same clock, in ms; server SDKs send none
	TimeFree    bool       // history is imported: the age must not be checked
	Lib         Lib        // the SDK
	Properties  Value      // an object, or null
	Project     string     // of this record, instead of the request's
	Token       string     // of this record, instead of the request's
	HybridH5    bool       // a page spoke through the app around it
	Item        Item       // of item_set and item_delete
	Schema      SchemaID   // of schema 2.0
	Rest        []Member   // what the protocol does not name
	twice       string     // a name that stands twice, as a field
}

// An Identity is a member of identities: $identity_login_id and the like.
type Identity struct{ Name, Value string }

// A Lib is what an SDK says about itself. Detail may hold the path of a source
// file of the program that uses it.
type Lib struct{ Name, Version, Method, AppVersion, Detail string }

// An Item names an item of a catalogue.
type Item struct{ Type, ID string }

// A SchemaID is what records of schema 2.0 have, which the Java SDK sends:
// Version is "2.0", Name is events, users, items or a custom one.
type SchemaID struct{ Version, Name, ID, UserID string }

// A Problem is a rule of the protocol that a record breaks.
type Problem struct {
	Field string // such as "properties.price"; a member whose name is no name has its number
	Rule  string // what must be
	Found string // the type or the size of what is there, never the value
}

// Error implements error: "properties.price: must be a number, found a list".
func (p Problem) Error() string {
	return fmt.Sprintf("%s: %s, found %s", p.Field, p.Rule, p.Found)
}

// NewRecord takes a record apart. A field of a wrong type is a problem and
// counts as absent; the other fields are there. A server SDK's empty "event" of
// a profile is none.
func NewRecord(v Value) (Record, []Problem) {
	if v.Kind() != Object {
		return Record{}, []Problem{{"record", "must be an object", v.Kind().String()}}
	}
	r := Record{twice: twice("record", v)}
	var problems []Problem
	for i, m := range v.items {
		f, known := envelope[m.Name]
		switch {
		case !known:
			r.Rest = append(r.Rest, m)
		case m.Value.kind == Null:
		case m.Value.kind != f.kind:
			problems = append(problems, Problem{fieldOf("", m.Name, i), "must be " + f.kind.String(), m.Value.kind.String()})
		default:
			problems = append(problems, f.set(&r, m.Value)...)
		}
	}
	return r, problems
}

// A field is a member of the envelope: its type, and where it goes.
type field struct {
	kind Kind
	set  func(*Record, Value) []Problem
}

// envelope are the members that a record may have at the top.
var envelope = map[string]field{
	"type":         text(func(r *Record) *string { return &r.Type }),
	"event":        text(func(r *Record) *string { return &r.Event }),
	"distinct_id":  text(func(r *Record) *string { return &r.DistinctID }),
	"anonymous_id": text(func(r *Record) *string { return &r.AnonymousID }),
	"login_id":     text(func(r *Record) *string { return &r.LoginID }),
	"original_id":  text(func(r *Record) *string { return &r.OriginalID }),
	"project":      text(func(r *Record) *string { return &r.Project }),
	"token":        text(func(r *Record) *string { return &r.Token }),
	"item_type":    text(func(r *Record) *string { return &r.Item.Type }),
	"item_id":      text(func(r *Record) *string { return &r.Item.ID }),
	"version":      text(func(r *Record) *string { return &r.Schema.Version }),
	"schema":       text(func(r *Record) *string { return &r.Schema.Name }),
	"id":           text(func(r *Record) *string { return &r.Schema.ID }),
	"user_id":      text(func(r *Record) *string { return &r.Schema.UserID }),
	"time":         integer("time", func(r *Record) *int64 { return &r.Time }),
	"_flush_time":  integer("_flush_time", func(r *Record) *int64 { return &r.FlushTime }),
	"time_free":    truth(func(r *Record) *bool { return &r.TimeFree }),
	"_hybrid_h5":   truth(func(r *Record) *bool { return &r.HybridH5 }),
	"_track_id": {Number, func(r *Record, v Value) (problems []Problem) {
		if r.TrackID, r.Tracked = v.Int(); !r.Tracked {
			return []Problem{{"_track_id", "must be an integer of 64 bits", "another number"}}
		}
		return nil
	}},
	"identities": {Object, (*Record).setIdentities},
	"lib":        {Object, (*Record).setLib},
	"properties": {Object, func(r *Record, v Value) []Problem { r.Properties = v; return nil }},
}

func text(at func(*Record) *string) field {
	return field{String, func(r *Record, v Value) []Problem { *at(r) = v.text; return nil }}
}

func truth(at func(*Record) *bool) field {
	return field{Bool, func(r *Record, v Value) []Problem { *at(r) = v.Bool(); return nil }}
}

func integer(name string, at func(*Record) *int64) field {
	return field{Number, func(r *Record, v Value) []Problem {
		n, ok := v.Int()
		if !ok {
			return []Problem{{name, "must be an integer of 64 bits", "another number"}}
		}
		*at(r) = n
		return nil
	}}
}

func (r *Record) setIdentities(v Value) (problems []Problem) {
	r.Identities = make([]Identity, 0, len(v.items))
	for i, m := range v.items {
		if m.Value.kind != String {
			problems = append(problems, Problem{fieldOf("identities", m.Name, i), "must be a string", m.Value.kind.String()})
			continue
		}
		r.Identities = append(r.Identities, Identity{m.Name, m.Value.text})
	}
	return problems
}

func (r *Record) setLib(v Value) []Problem {
	for name, value := range v.Members() {
		switch name {
		case "$lib":
			r.Lib.Name = value.Text()
		case "$lib_version":
			r.Lib.Version = value.Text()
		case "$lib_method":
			r.Lib.Method = value.Text()
		case "$app_version":
			r.Lib.AppVersion = value.Text()
		case "$lib_detail":
			r.Lib.Detail = value.Text()
		}
	}
	return nil
}

// TimeAt returns the time of the record by the server's clock, in ms: what the
// client's clock was off when it sent is what it was off before. received is
// the time of arrival in ms. A record without _flush_time keeps its time, and
// one without a time has the time of arrival.
func (r Record) TimeAt(received int64) int64 {
	switch {
	case r.Time == 0:
		return received
	case r.FlushTime == 0:
		return r.Time
	default:
		return r.Time + (received - r.FlushTime)
	}
}

// A Key tells records apart: SDKs send a record again when an answer does not
// come in time, and to several servers.
type Key struct {
	DistinctID    string
	TrackID, Time int64
	Event         string
}

// Key returns what two copies of a record share, and whether it is enough: a
// record without _track_id cannot be told from another. The number alone is not
// enough; that of the JavaScript SDK is half clock.
func (r Record) Key() (Key, bool) {
	return Key{r.DistinctID, r.TrackID, r.Time, r.Event}, r.Tracked
}
