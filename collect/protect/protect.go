// Package protect is the third gate of the collector: it takes out of an event
// what nobody needs to know, and makes the [Event] that may be stored.
//
// Identifiers become pseudonyms that change with each period. Kinds of data
// that a claims file calls aggregated go to a [Counter] in memory and never
// become part of a record. Texts that look like personal data are refused. What a
// [Policy] says about a kind holds for every event, with no exception in code.
//
// What this trusts: the memory of the process, and the people who operate it,
// while an event passes. Nothing that only memory had can be read from a disk.
package protect

import (
	"encoding/binary"
	"sync"
	"time"

	"telltale/claims"
	"telltale/collect"
	"telltale/collect/consent"
	"telltale/personal"
)

// An Event may be stored. Its fields cannot be set from outside: only
// [Pass.Protect] makes one that has data, and [Journal.Open] brings back one
// that was sealed after that.
type Event struct {
	project, name string
	time          int64 // seconds, rounded
	subject       Subject
	period        int64
	region        string
	browser       string
	version       int64
	props         string
	stamp         uint64
}

// Project returns the project that the event belongs to.
func (e Event) Project() string { return e.project }

// Name returns the name of the event, "" for the zero Event.
func (e Event) Name() string { return e.name }

// Time returns the rounded time of the event, in UTC.
func (e Event) Time() time.Time { return time.Unix(e.time, 0).UTC() }

// Subject returns the pseudonym of this period; 0 if there is none.
func (e Event) Subject() Subject { return e.subject }

// Period returns the number of the period that the pseudonym is valid in.
func (e Event) Period() int64 { return e.period }

// Region returns the region that the event came from, "" if it is not known.
func (e Event) Region() string { return e.region }

// Browser returns the family and the major version of the browser, "" and 0 if
// it was none or none that is known.
func (e Event) Browser() (family string, version int64) { return e.browser, e.version }

// Properties returns the properties as a JSON object, names in order.
func (e Event) Properties() string { return e.props }

// Stamp returns a keyed hash of what copies of an event share, 0 if it cannot
// be told from others.
func (e Event) Stamp() uint64 { return e.stamp }

// A Reason is why an event, or a part of it, was taken out; the reasons are
// names of metrics.
type Reason string

// The reasons of this gate.
const (
	Never      Reason = "never"       // the claims file says so
	Unlinked   Reason = "unlinked"    // must not stand in one record with others
	Personal   Reason = "personal"    // a text or number that looks like personal data
	Rare       Reason = "rare"        // too few share the value
	Counted    Reason = "counted"     // it went to the counter and into no record
	NotCounted Reason = "not-counted" // the counter is full, or the user has had its share
)

// A Protector makes events that may be stored. It is safe for concurrent use.
type Protector struct {
	Policy   *Policy
	Subjects *Subjects
	Stamps   *Stamps
	Counter  *Counter
	// Region tells the region of an address, nil if nobody can.
	Region func(collect.Client) string
	// Tag is a key for telling users apart in memory; it must never be kept.
	Tag [32]byte

	once  sync.Once
	crowd *crowd
}

// A Pass takes the events of one request through the gate. SDKs send events of
// one user together: what is computed of the user is computed once. It is not
// safe for concurrent use, and must not outlive the request.
type Pass struct {
	p       *Protector
	project string
	subject string
	period  int64
	month   string
	tag     uint64
	alias   Subject // the pseudonym, if it was needed
}

// Pass begins a request.
func (p *Protector) Pass() *Pass {
	p.once.Do(func() { p.crowd = newCrowd(p.Policy.K) })
	return &Pass{p: p}
}

// of returns the tag of the event's user.
func (s *Pass) of(e *collect.Event) uint64 {
	if e.Subject == "" {
		return 0
	}
	period, month := s.p.Policy.period(e.Received), monthOf(e.Received)
	if e.Project != s.project || e.Subject != s.subject || period != s.period || month != s.month {
		*s = Pass{p: s.p, project: e.Project, subject: e.Subject, period: period, month: month, tag: s.p.tag(e)}
	}
	return s.tag
}

// pseudonym returns that of the event's user, after of was called.
func (s *Pass) pseudonym(e *collect.Event) (alias Subject, err error) {
	if s.alias == 0 {
		s.alias, err = s.p.Subjects.pseudonym(e.Project, e.Subject, e.Received, s.p.Policy.Rotation)
	}
	return s.alias, err
}

// Protect is [Pass.Protect] for one event alone.
func (p *Protector) Protect(in consent.Permitted) (out Event, reasons []Reason, keep bool, err error) {
	return p.Pass().Protect(in)
}

// Protect takes out of an event what must not be stored. keep is false if
// nothing is left that may be; the reasons say what was taken out, in any case.
// An error means that a key could not be made, and that the event was not handled.
func (s *Pass) Protect(in consent.Permitted) (out Event, reasons []Reason, keep bool, err error) {
	p := s.p
	e := in.Event()
	if e.Name == "" { // the zero Permitted compiles, too
		return Event{}, []Reason{Never}, false, nil
	}
	rules := p.Policy.rules(e.Mode, in.Consent())
	fate := rules.event(e.Kind)
	if fate == drop {
		return Event{}, []Reason{Never}, false, nil
	}
	who := s.of(&e)
	period := p.Policy.period(e.Received)
	kept, reasons := p.properties(&e, rules, sighting{who, period})
	if fate == count {
		return Event{}, append(reasons, p.count(&e, e.Kind, e.Name, who)), false, nil
	}
	out = Event{
		project: e.Project, name: e.Name, time: e.Time.Truncate(p.Policy.Rounding).Unix(),
		period: period, props: object(kept), stamp: p.Stamps.of(&e),
	}
	out.browser, out.version = agent(e.Client.UserAgent)
	if p.Region != nil {
		out.region = p.Region(e.Client)
	}
	if e.Subject != "" && rules.identified(e.Kind) {
		out.subject, err = s.pseudonym(&e)
	}
	return out, reasons, err == nil, err
}

// tag tells users apart in memory. It is not the pseudonym of any record.
func (p *Protector) tag(e *collect.Event) uint64 {
	sum := mac(p.Tag[:], e.Project, e.Subject)
	return binary.BigEndian.Uint64(sum[:8])
}

// properties returns those that become part of the record.
func (p *Protector) properties(e *collect.Event, rules *ruleset, s sighting) (kept []collect.Property, reasons []Reason) {
	for _, prop := range e.Props {
		fate := rules.property(prop.Kind)
		if fate != drop && rules.unlinks(e.Kind, prop.Kind) {
			reasons = append(reasons, Unlinked)
			continue
		}
		switch fate {
		case drop:
			reasons = append(reasons, Never)
		case count:
			for _, text := range texts(prop.Value) {
				reasons = append(reasons, p.count(e, prop.Kind, text, s.who))
			}
		default:
			switch {
			case looksPersonal(prop) || names(prop, e):
				reasons = append(reasons, Personal)
			case fate == share && !p.crowd.shared(e.Project, prop, s):
				reasons = append(reasons, Rare)
			default:
				kept = append(kept, prop)
			}
		}
	}
	return kept, reasons
}

// count gives a value to the counter.
func (p *Protector) count(e *collect.Event, kind personal.Kind, text string, who uint64) Reason {
	if who != 0 && p.Counter.Add(e.Project, kind, text, who) {
		return Counted
	}
	return NotCounted
}

// texts returns what of a value is counted.
func texts(v collect.Value) []string {
	switch v.Type {
	case claims.StringsType:
		return v.List
	case claims.BoolType:
		if v.True {
			return []string{"true"}
		}
		return []string{"false"}
	default:
		return []string{v.Text}
	}
}
