package protect

import (
	"fmt"
	"slices"
	"time"

	"telltale/claims"
	"telltale/personal"
)

// A fate is what becomes of a kind of data, from the mildest to the strictest.
type fate uint8

const (
	keep  fate = iota // it may be part of a record
	share             // only if enough users share the value
	count             // it is counted and never part of a record
	drop              // it is taken out
)

// basic are the rules that hold without any claims file.
var basic = []kindRule{
	{"id", drop},
	{"contact", drop},
	{"money", drop},
	{"place", drop},
	{"network/ip", drop},
	{"behaviour/form", drop},
	{"behaviour/navigation", count},
	{"behaviour/search", count},
	{"behaviour/news", count},
	{"behaviour/download", count},
	{"behaviour/app", count},
	{"behaviour/folder", count},
	{"device/model", share},
	{"device/os-version", share},
	{"network/carrier", share},
}

type kindRule struct {
	kind personal.Kind
	fate fate
}

// A Policy is what the claims file asks of the gate.
type Policy struct {
	K         int           // users that a released value is at least about
	Rotation  time.Duration // after which pseudonyms change
	Retention time.Duration // after which records are deleted
	Rounding  time.Duration // of times of events

	sets map[claims.Condition]*ruleset
}

// A Setup is what the collector is, beside the claims file.
type Setup struct {
	TLS      bool   // nobody but the receiver reads what is sent
	Operator string // who operates it
	Country  string // where it and its data are, two capital letters
}

// A Refusal is an assertion that the collector cannot enforce.
type Refusal struct{ Assertion, Says, Why string }

// Error implements error.
func (r Refusal) Error() string {
	return fmt.Sprintf("cannot enforce %s (%s): %s", r.Assertion, r.Says, r.Why)
}

// The defaults, where a claims file says nothing.
const (
	DefaultK         = 20
	DefaultRotation  = 24 * time.Hour
	DefaultRetention = 25 * 30 * 24 * time.Hour
	DefaultRounding  = time.Minute
)

// NewPolicy returns the policy that enforces all assertions of a claims file,
// and those that it cannot enforce. With any of the latter the collector must not
// start.
func NewPolicy(f claims.File, s Setup) (*Policy, []Refusal) {
	p := &Policy{
		K: DefaultK, Rotation: DefaultRotation, Retention: DefaultRetention, Rounding: DefaultRounding,
		sets: make(map[claims.Condition]*ruleset),
	}
	for _, mode := range []claims.Mode{claims.Normal, claims.Private} {
		for _, state := range []claims.Consent{claims.None, claims.Given, claims.Withdrawn} {
			p.sets[claims.Condition{Mode: mode, Consent: state}] = &ruleset{kinds: slices.Clone(basic)}
		}
	}
	var refused []Refusal
	for _, statement := range f.Statements {
		for _, a := range statement.Asserts {
			if why := p.enforce(a, s); why != "" {
				refused = append(refused, Refusal{a.ID, a.Rule.String(), why})
			}
		}
	}
	return p, refused
}

// enforce makes one assertion hold, or says why it cannot.
func (p *Policy) enforce(a claims.Assertion, s Setup) (why string) {
	switch r := a.Rule.(type) {
	case claims.Never:
		p.each(a.When, func(set *ruleset) { set.add(r.Kinds, drop) })
	case claims.Aggregated:
		p.K = max(p.K, r.K)
		p.each(a.When, func(set *ruleset) { set.add(r.Kinds, count) })
	case claims.Unlinked:
		p.each(a.When, func(set *ruleset) { set.unlinked = append(set.unlinked, r) })
	case claims.Confidential:
		if !s.TLS {
			return "the collector listens without TLS; give a certificate, or say that a proxy before it has one"
		}
	case claims.OnlyTo:
		return s.recipients(r)
	case claims.Rotates:
		return p.rotate(r)
	case claims.Retained:
		if r.AtMost < 24*time.Hour {
			return "records are deleted by the day; promise a day or more"
		}
		p.Retention = min(p.Retention, r.AtMost)
	default:
		return "the collector does not know this kind of assertion"
	}
	return ""
}

func (s Setup) recipients(r claims.OnlyTo) (why string) {
	switch {
	case len(r.Organisations) > 0 && s.Operator == "":
		return "it is not said who operates the collector; give --operator"
	case len(r.Organisations) > 0 && !slices.Contains(r.Organisations, s.Operator):
		return fmt.Sprintf("the operator is %q", s.Operator)
	case len(r.Countries) > 0 && s.Country == "":
		return "it is not said where the collector is; give --country"
	case len(r.Countries) > 0 && !slices.Contains(r.Countries, s.Country):
		return fmt.Sprintf("the collector is in %s", s.Country)
	}
	return ""
}

// rotate makes pseudonyms change in time. All that is kept of an id is a
// pseudonym, so that one period serves for all kinds of them.
func (p *Policy) rotate(r claims.Rotates) (why string) {
	switch {
	case !r.Kind.Under("id"):
		return "only identifiers are replaced"
	case r.Within < time.Hour:
		return "pseudonyms change after an hour at the earliest; promise that or more"
	}
	p.Rotation = min(p.Rotation, r.Within)
	return ""
}

// each calls f for the rules of all situations that a condition covers.
func (p *Policy) each(c claims.Condition, f func(*ruleset)) {
	for situation, set := range p.sets {
		if c.Holds(situation.Mode, situation.Consent) {
			f(set)
		}
	}
}

// rules returns what holds in a mode and a state of consent. What is not known
// has the strictest: private mode, nothing said.
func (p *Policy) rules(m claims.Mode, s claims.Consent) *ruleset {
	if set, ok := p.sets[claims.Condition{Mode: m, Consent: s}]; ok {
		return set
	}
	return p.sets[claims.Condition{Mode: claims.Private, Consent: claims.None}]
}

// period returns the number of the period that a time is in.
func (p *Policy) period(t time.Time) int64 { return periodOf(t, p.Rotation) }

func periodOf(t time.Time, rotation time.Duration) int64 {
	return t.Unix() / int64(rotation/time.Second)
}

// A ruleset is what holds in one situation.
type ruleset struct {
	kinds    []kindRule
	unlinked []claims.Unlinked
}

func (s *ruleset) add(kinds []personal.Kind, f fate) {
	for _, k := range kinds {
		s.kinds = append(s.kinds, kindRule{k, f})
	}
}

// event returns the fate of an event by what it gives away itself. The basic
// rules are about properties: that a page was seen may be kept, which one may not.
func (s *ruleset) event(kind personal.Kind) (f fate) {
	for _, r := range s.kinds[len(basic):] {
		if kind.Under(r.kind) {
			f = max(f, r.fate)
		}
	}
	return f
}

// property returns the fate of a property. A kind that is less fine than that
// of a rule may be what the rule is about, and has its fate.
func (s *ruleset) property(kind personal.Kind) (f fate) {
	if kind == "" {
		return keep
	}
	for _, r := range s.kinds {
		if related(kind, r.kind) {
			f = max(f, r.fate)
		}
	}
	if f < count && slices.ContainsFunc(s.unlinked, func(u claims.Unlinked) bool { return anyRelated(kind, u.Kinds) }) {
		f = count // what is in no record is linked to nothing
	}
	return f
}

// unlinks reports whether a property must not stand in a record of an event.
func (s *ruleset) unlinks(event, prop personal.Kind) bool {
	return prop != "" && slices.ContainsFunc(s.unlinked, func(u claims.Unlinked) bool {
		return anyUnder(event, u.Kinds) && anyRelated(prop, u.To)
	})
}

// identified reports whether a record of an event may have a pseudonym.
func (s *ruleset) identified(event personal.Kind) bool {
	for _, r := range s.kinds[len(basic):] {
		// A pseudonym is an id of an installation, for the time of a period.
		if r.fate == drop && personal.Kind("id/install").Under(r.kind) {
			return false
		}
	}
	return !slices.ContainsFunc(s.unlinked, func(u claims.Unlinked) bool {
		return anyUnder(event, u.Kinds) && slices.ContainsFunc(u.To, func(k personal.Kind) bool { return k.Under("id") })
	})
}

func related(a, b personal.Kind) bool { return a.Under(b) || b.Under(a) }

func anyRelated(k personal.Kind, kinds []personal.Kind) bool {
	return slices.ContainsFunc(kinds, func(other personal.Kind) bool { return related(k, other) })
}

func anyUnder(k personal.Kind, kinds []personal.Kind) bool {
	return slices.ContainsFunc(kinds, k.Under)
}
