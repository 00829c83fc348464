// Package collect has the words of the collector: the [Event] that its first
// gate makes, and the [Plan] that says which events there may be.
//
// The way of the data is one of three gates, a package and a type each:
//
//	ingest   form, size, rate, allow-list    -> collect.Event
//	consent  may we use it, in this mode?    -> consent.Permitted
//	protect  take out what is not needed     -> protect.Event
//	store    keeps protect.Event and nothing else
//
// A gate takes only what the one before it made, so that storing an event that
// skipped a gate does not compile.
package collect

import (
	"net/netip"
	"strings"
	"time"

	"telltale/claims"
	"telltale/personal"
)

// An Event is one record that an SDK sent and that has the form of the
// protocol and a place in the plan. It still holds what the sender said about
// its user: it lives in memory for the time of one request.
type Event struct {
	Project string
	Type    string // track, profile_set, …
	Name    string // of the event; of a record that is none, its type
	Kind    personal.Kind
	Purpose string

	Time     time.Time // by the server's clock, see [telltale/sensors.Record.TimeAt]
	Sent     int64     // the time as the client wrote it, which a copy has, too
	TrackID  int64     // random, of the client; 63 bits, may be negative
	Tracked  bool      // there is a TrackID, so that copies can be told
	Subject  string    // the id that the record is about; "" for items
	Aliases  []string  // other ids of the same user in the record
	Mode     claims.Mode
	Agreed   []string // purposes that the record says were agreed to
	Carries  bool     // the record says what was agreed to, perhaps nothing
	Props    []Property
	Client   Client
	Received time.Time
}

// A Property is one that the plan has, with a value of its type.
type Property struct {
	Name  string
	Kind  personal.Kind
	Free  bool // a text that the plan does not limit to some values
	Value Value
}

// A Value is a property's value. The zero value is the empty string.
type Value struct {
	Type claims.PropertyType
	Text string // of strings, dates; of numbers, as they were written
	True bool
	List []string
}

// A Client is what a connection gives away about the sender. It is used in
// memory only.
type Client struct {
	Addr      netip.Addr
	UserAgent string
	OptOut    bool // Global Privacy Control or Do Not Track
}

// A Plan finds the events and properties that a schema allows.
type Plan struct {
	Private claims.PrivateMode
	Consent claims.ConsentRule
	events  map[string]planned
}

type planned struct {
	event claims.Event
	props map[string]claims.Property
}

// NewPlan returns the plan of a schema.
func NewPlan(s claims.Schema) *Plan {
	p := &Plan{Private: s.Private, Consent: s.Consent, events: make(map[string]planned)}
	for _, e := range s.Events {
		props := make(map[string]claims.Property)
		for _, list := range [][]claims.Property{s.Properties, e.Properties} {
			for _, prop := range list {
				props[prop.Name] = prop
			}
		}
		p.events[e.Name] = planned{e, props}
	}
	return p
}

// Event returns the event of that name, and whether the plan has it.
func (p *Plan) Event(name string) (claims.Event, bool) {
	e, ok := p.events[name]
	return e.event, ok
}

// Property returns a property that an event may have, and whether the plan has it.
func (p *Plan) Property(event, name string) (claims.Property, bool) {
	prop, ok := p.events[event].props[name]
	return prop, ok
}

// Events returns how many events the plan has.
func (p *Plan) Events() int { return len(p.events) }

// IsItem reports whether a type of record is about a thing, not a person.
func IsItem(recordType string) bool { return strings.HasPrefix(recordType, "item_") }
