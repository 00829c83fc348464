package detect

import (
	"iter"

	"telltale/audit"
)

// assign marks the identities that a server gave: in each profile that has
// them, an answer held the value before any request did. An exchange that
// began earlier counts as earlier; a value that a request and its own answer
// share was the request's.
func assign(identities []*identity, answers iter.Seq2[audit.Exhibit, error], peel Peeler, workers int) {
	s := answered{wanted: make(map[string]*identity, len(identities)), first: make(map[*identity]map[profile]audit.Exhibit)}
	for _, who := range identities {
		s.wanted[who.token] = who
		for _, seen := range who.seen {
			s.profile(seen.arm, seen.exhibit)
		}
	}
	inOrder(answers, workers, func() func(audit.Exhibit, error) scene { return s.look(peel) }, s.add)
	for _, who := range identities {
		who.given = s.gave(who)
	}
}

// answered is what the answers held of the identities.
type answered struct {
	wanted  map[string]*identity
	devices map[string]string // of arms
	first   map[*identity]map[profile]audit.Exhibit
}

// profile notes which device an arm ran on, which an answer does not say.
func (s *answered) profile(arm audit.Arm, ex audit.Exhibit) {
	if s.devices == nil {
		s.devices = make(map[string]string)
	}
	s.devices[ex.Arm] = arm.Device
}

// look returns a function that finds the identities in one answer. It uses the
// scene's tokens for them.
func (s *answered) look(peel Peeler) func(audit.Exhibit, error) scene {
	return func(ex audit.Exhibit, _ error) scene { // what cannot be read gave nothing
		found := scene{exhibit: ex}
		found.exhibit.Data = audit.Secret{}
		if ex.ID == "" || ex.Stage { // the lab's own pages give nothing out
			return found
		}
		for v, err := range peel(ex) {
			if err == nil && s.wanted[string(v.Data.Reveal())] != nil {
				found.tokens = append(found.tokens, v)
			}
		}
		return found
	}
}

// add keeps the first answer of each profile that held an identity.
func (s *answered) add(found scene) {
	at := profile{s.devices[found.exhibit.Arm], found.exhibit.Run}
	for _, v := range found.tokens {
		who := s.wanted[string(v.Data.Reveal())]
		if s.first[who] == nil {
			s.first[who] = make(map[profile]audit.Exhibit)
		}
		if had, ok := s.first[who][at]; !ok || before(found.exhibit, had) {
			s.first[who][at] = found.exhibit
		}
	}
}

// gave reports whether an answer came first in each profile.
func (s *answered) gave(who *identity) bool {
	asked := make(map[profile]audit.Exhibit)
	for _, seen := range who.seen {
		at := byProfile(seen)
		if had, ok := asked[at]; !ok || before(seen.exhibit, had) {
			asked[at] = seen.exhibit
		}
	}
	for at, request := range asked {
		if answer, ok := s.first[who][at]; !ok || !before(answer, request) {
			return false
		}
	}
	return len(asked) > 0
}

// before reports whether one exchange began before another one: by the clock,
// and within one log by its line if the clock cannot tell.
func before(a, b audit.Exhibit) bool {
	if !a.Time.Equal(b.Time) {
		return a.Time.Before(b.Time)
	}
	return a.Case == b.Case && a.Event < b.Event
}
