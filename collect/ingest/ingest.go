// Package ingest is the first gate of the collector: it speaks the protocol of
// the Sensors Analytics SDKs and lets pass what has its form, fits its limits
// and has a place in the tracking plan.
//
// [Gate.Read] turns one request into events and says of each record that did
// not become one why. [Server] is the HTTP side: paths, answers, CORS, the
// remote configuration. Cookies and Referer are never looked at: they carry an
// identity and an address past every filter of bodies.
package ingest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"telltale/claims"
	"telltale/collect"
	"telltale/sensors"
)

// A Gate turns requests into events.
type Gate struct {
	Plan   *collect.Plan
	Limits sensors.Limits
	Keys   sensors.Keys
	// Projects are those that are served, and the token of each; "" asks for
	// none. No projects: any.
	Projects map[string]string
	// MaxAge and MaxAhead bound the time of an event. What is older counts as
	// too old, unless the record says time_free; 0: no bound.
	MaxAge, MaxAhead time.Duration
}

// A Drop says why a record, or a part of it, was not taken.
type Drop struct {
	Record  int // its place in the request, from 0
	Reason  Reason
	Problem sensors.Problem // for those who debug: field, rule, type of the value
	Name    string          // of an event or property that the plan does not have
	Who     string          // who sent it; for telling users apart in memory
}

// A Reason is why something was dropped; the reasons are names of metrics.
type Reason string

// The reasons of this gate.
const (
	Malformed       Reason = "malformed"        // breaks a rule of the protocol
	UnknownEvent    Reason = "unknown-event"    // the plan does not have it
	UnknownProperty Reason = "unknown-property" // the plan does not have it: the rest of the record goes on
	WrongType       Reason = "wrong-type"       // the plan has another type: the rest of the record goes on
	TooOld          Reason = "too-old"
	TooEarly        Reason = "from-the-future"
	WrongToken      Reason = "wrong-token" // of the record, or an unknown project
)

// A Message is what a request says that is not in its body.
type Message struct {
	Query    string
	Client   collect.Client
	Received time.Time
}

// A Batch is what became of a request.
type Batch struct {
	Events  []collect.Event
	Drops   []Drop
	Records int
	SDK     sensors.SDK // of the first record
	Project string
}

// Errors of [Gate.Read]; others say that the request could not be read.
var (
	ErrProject = errors.New("unknown project")
	ErrToken   = errors.New("wrong token")
)

// Read takes a request apart. An error means that the request as a whole
// cannot be taken: it wraps [sensors.ErrLimit], [sensors.ErrNoKey] or
// [sensors.ErrSealed], is [ErrProject] or [ErrToken], or says what could not be read.
func (g *Gate) Read(m Message, body []byte) (Batch, error) {
	req, err := sensors.Read(m.Query, body, g.Limits)
	if err != nil {
		return Batch{}, err
	}
	b := Batch{Project: req.Project}
	if b.Project == "" {
		b.Project = "default"
	}
	if !sensors.IsName(b.Project) {
		return b, fmt.Errorf("%w: %s is no name of a project", ErrProject, quoteLength(b.Project))
	}
	if err := g.admit(b.Project, req.Token); err != nil {
		return b, err
	}
	left := g.Limits
	for _, p := range req.Payloads {
		values, err := p.Open(g.Keys, left)
		if err != nil {
			return b, fmt.Errorf("opening a payload: %w", err)
		}
		left.Events -= len(values)
		for _, v := range values {
			g.record(&b, m, v, p.Field)
		}
	}
	return b, nil
}

// quoteLength names a text without showing it.
func quoteLength(s string) string { return fmt.Sprintf("a text of %d bytes", len(s)) }

func (g *Gate) admit(project, token string) error {
	if len(g.Projects) == 0 {
		return nil
	}
	want, ok := g.Projects[project]
	switch {
	case !ok:
		return fmt.Errorf("%w; see the list of projects in the configuration", ErrProject)
	case want != "" && want != token:
		return ErrToken
	}
	return nil
}

// record takes one record into the batch, as an event or as a drop.
func (g *Gate) record(b *Batch, m Message, v sensors.Value, field string) {
	at := b.Records
	b.Records++
	r, problems := sensors.NewRecord(v)
	if at == 0 {
		b.SDK = sensors.SDKOf(r.Lib.Name, field)
	}
	problems = append(problems, r.Check()...)
	if len(problems) > 0 {
		for _, p := range problems {
			b.Drops = append(b.Drops, Drop{Record: at, Reason: Malformed, Problem: p})
		}
		return
	}
	e, drop := g.event(b.Project, m, r)
	if drop != nil {
		drop.Record = at
		b.Drops = append(b.Drops, *drop)
		return
	}
	for name, value := range r.Properties.Members() {
		if drop := g.property(&e, name, value); drop != nil {
			drop.Record, drop.Who = at, e.Subject
			b.Drops = append(b.Drops, *drop)
		}
	}
	b.Events = append(b.Events, e)
}

// event returns the event of a record, without its properties.
func (g *Gate) event(project string, m Message, r sensors.Record) (collect.Event, *Drop) {
	name := nameOf(r)
	if r.Project != "" && r.Project != project {
		if g.admit(r.Project, r.Token) != nil {
			return collect.Event{}, &Drop{Reason: WrongToken, Problem: sensors.Problem{Field: "project", Rule: "must be served here", Found: "another"}}
		}
		project = r.Project
	}
	planned, ok := g.Plan.Event(name)
	if !ok {
		return collect.Event{}, &Drop{Reason: UnknownEvent, Name: name, Who: r.DistinctID, Problem: sensors.Problem{Field: "event", Rule: "must be in the tracking plan", Found: "another"}}
	}
	e := collect.Event{
		Project: project, Type: r.Type, Name: name, Kind: planned.Kind, Purpose: planned.Purpose,
		Time: time.UnixMilli(r.TimeAt(m.Received.UnixMilli())).UTC(), Sent: r.Time,
		TrackID: r.TrackID, Tracked: r.Tracked, Client: m.Client, Received: m.Received, Mode: claims.Private,
	}
	if g.Plan.Private.Never {
		e.Mode = claims.Normal
	}
	if !collect.IsItem(r.Type) {
		e.Subject, e.Aliases = subject(r)
	} else {
		e.Mode = claims.Normal // it is about a thing, which has no mode
	}
	return e, g.age(&e, r)
}

// nameOf returns the name that the plan has for a record: that of the event,
// or the type of a record that is none.
func nameOf(r sensors.Record) string {
	if strings.HasPrefix(r.Type, "track") {
		return r.Event
	}
	return r.Type
}

// subject returns the id that a record is about, and the others.
func subject(r sensors.Record) (id string, aliases []string) {
	all := []string{r.DistinctID, r.Schema.UserID, r.LoginID, r.AnonymousID, r.OriginalID}
	for _, identity := range r.Identities {
		all = append(all, identity.Value)
	}
	if r.Schema.Version != "" && r.DistinctID == "" && r.Schema.UserID == "" {
		all = append(all, r.Schema.ID)
	}
	for _, s := range all {
		switch {
		case s == "" || s == id:
		case id == "":
			id = s
		default:
			aliases = append(aliases, s)
		}
	}
	return id, aliases
}

// age drops what is too old or too far ahead.
func (g *Gate) age(e *collect.Event, r sensors.Record) *Drop {
	age := e.Received.Sub(e.Time)
	switch {
	case r.TimeFree:
		return nil
	case g.MaxAge > 0 && age > g.MaxAge:
		return &Drop{Reason: TooOld, Problem: sensors.Problem{Field: "time", Rule: "must be of the last " + g.MaxAge.String(), Found: "an older one"}}
	case g.MaxAhead > 0 && -age > g.MaxAhead:
		return &Drop{Reason: TooEarly, Problem: sensors.Problem{Field: "time", Rule: "must not be ahead by more than " + g.MaxAhead.String(), Found: "a later one"}}
	}
	return nil
}

// property adds a property that the plan has. Mode and consent are read here
// and go no further.
func (g *Gate) property(e *collect.Event, name string, v sensors.Value) *Drop {
	switch name {
	case g.Plan.Private.Property:
		if v.Kind() == sensors.Bool && !v.Bool() {
			e.Mode = claims.Normal
		}
		return nil
	case g.Plan.Consent.Property:
		e.Carries = true
		e.Agreed = agreed(v)
		return nil
	}
	planned, ok := g.Plan.Property(e.Name, name)
	if !ok {
		return &Drop{Reason: UnknownProperty, Name: name, Problem: sensors.Problem{Field: "properties." + name, Rule: "must be in the tracking plan", Found: v.Kind().String()}}
	}
	value, rule := typed(planned, v)
	if rule != "" {
		return &Drop{Reason: WrongType, Problem: sensors.Problem{Field: "properties." + name, Rule: rule, Found: v.Kind().String()}}
	}
	e.Props = append(e.Props, collect.Property{
		Name: name, Kind: planned.Kind, Value: value,
		Free: len(planned.Values) == 0 && (planned.Type == claims.StringType || planned.Type == claims.StringsType),
	})
	return nil
}

// agreed reads purposes, as a list or as a text with commas.
func agreed(v sensors.Value) (purposes []string) {
	if v.Kind() == sensors.String {
		for p := range strings.SplitSeq(v.Text(), ",") {
			if p = strings.TrimSpace(p); p != "" {
				purposes = append(purposes, p)
			}
		}
		return purposes
	}
	for _, item := range v.Items() {
		purposes = append(purposes, item.Text())
	}
	return purposes
}

// StatusOf returns the answer to a request that could not be read as a whole.
// None of them is 403, 404 or 429: native SDKs keep and repeat at the first two
// and lose everything at the last.
func StatusOf(err error) int {
	switch {
	case errors.Is(err, sensors.ErrLimit):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, ErrToken):
		return http.StatusUnauthorized
	default:
		return http.StatusBadRequest
	}
}
