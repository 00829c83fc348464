// Package consent is the second gate of the collector: it decides whether an
// event may be used at all, and in which mode.
//
// [Gate.Permit] is the only way to a [Permitted] that has data. What a user has
// agreed to stands in a [Registry], by a keyed hash of the user's id, or in the
// event itself. What is not known counts against the collector: an unknown mode
// is private mode, and who said nothing has not agreed, unless the claims file
// says otherwise.
package consent

import (
	"slices"

	"telltale/claims"
	"telltale/collect"
)

// A Permitted is an event that may be used. Only [Gate.Permit] makes one that
// has data.
type Permitted struct {
	event collect.Event
	state claims.Consent
}

// Event returns the event. That of the zero Permitted has no name.
func (p Permitted) Event() collect.Event { return p.event }

// Consent returns what the user has said: given, or none where the claims file
// lets that be enough.
func (p Permitted) Consent() claims.Consent { return p.state }

// A Reason is why an event may not be used; the reasons are names of metrics.
type Reason string

// The reasons of this gate.
const (
	NoConsent   Reason = "no-consent"
	Withdrawn   Reason = "withdrawn"
	OptedOut    Reason = "opted-out"    // by Global Privacy Control or Do Not Track
	PrivateMode Reason = "private-mode" // which the plan forbids, or the user has not agreed to
	NoSubject   Reason = "no-subject"   // nobody is named whose consent could be looked up
)

// A Gate holds events against consent.
type Gate struct {
	Plan     *collect.Plan
	Registry *Registry
}

// Permit returns the event as one that may be used, or the reason why not.
//
// The order is: what was withdrawn stays withdrawn until the user agrees again
// through the API. A consent through the API wins over a signal of the browser,
// the signal over what the event carries, and that over the default. An event
// in private mode needs consent to the purpose that the plan has for it, said by
// the user; there is no default for it. Items are about no person and pass.
func (g *Gate) Permit(e collect.Event) (Permitted, Reason) {
	if e.Name == "" { // the zero Event compiles, too
		return Permitted{}, NoConsent
	}
	if collect.IsItem(e.Type) && e.Subject == "" {
		return Permitted{e, claims.Given}, ""
	}
	if e.Subject == "" {
		return Permitted{}, NoSubject
	}
	purpose := e.Purpose
	if e.Mode != claims.Normal {
		if purpose = g.Plan.Private.Purpose; purpose == "" {
			return Permitted{}, PrivateMode
		}
	}
	record, known := g.lookUp(e)
	switch {
	case known && record.Withdrawn:
		return Permitted{}, Withdrawn
	case known && slices.Contains(record.Purposes, purpose):
		return Permitted{e, claims.Given}, ""
	case known: // agreed to other purposes
		return Permitted{}, refusal(e, NoConsent)
	case e.Client.OptOut:
		return Permitted{}, OptedOut
	case e.Carries && slices.Contains(e.Agreed, purpose):
		return Permitted{e, claims.Given}, ""
	case e.Carries || e.Mode != claims.Normal:
		return Permitted{}, refusal(e, NoConsent)
	case g.Plan.Consent.Default == claims.Given:
		return Permitted{e, claims.None}, ""
	}
	return Permitted{}, NoConsent
}

func refusal(e collect.Event, r Reason) Reason {
	if e.Mode != claims.Normal {
		return PrivateMode
	}
	return r
}

// lookUp returns what is known of a user by any of the ids in the event. A
// withdrawal under one of them counts for all.
func (g *Gate) lookUp(e collect.Event) (found Record, known bool) {
	if g.Registry == nil {
		return Record{}, false
	}
	found, known = g.Registry.Get(e.Project, e.Subject)
	for _, id := range e.Aliases {
		if found.Withdrawn {
			break
		}
		if r, ok := g.Registry.Get(e.Project, id); ok && (!known || r.Withdrawn) {
			found, known = r, true
		}
	}
	return found, known
}
