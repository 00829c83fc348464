package detect

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"telltale/audit"
	"telltale/claims"
	"telltale/personal"
)

// Persistent is the form of a finding that was told by behaviour.
const Persistent = "persistent"

// identifiers collects the tokens of all exhibits and tells those that behave
// like an identifier. A run has one profile, which its arms share; a session
// is one start of the program. So, for what stands at one place of the
// traffic (host, path and trail, places in lists left out):
//
//	the same in all runs                            a constant, or an id of the device: one device cannot tell
//	one value in each run and arm, over several
//	sessions, another in every run                  an id of the installation
//	one value a session, in several exhibits,
//	another in every session                        an id of the session
//	anything else                                   a time, a nonce, content
//
// The shape of a value is no evidence: a new UUID with every request ties
// nothing together.
type identifiers struct {
	modes map[string]claims.Mode // of the arms
	keys  map[string]*key
	order []string // of keys, as they were met
}

// A key is one place of the traffic.
type key struct {
	seen []sighting
}

// A sighting is a token at a key.
type sighting struct {
	exhibit string
	place   audit.Place
	token   string
	value   audit.Value
}

func newIdentifiers(x Experiment) *identifiers {
	ids := &identifiers{modes: make(map[string]claims.Mode), keys: make(map[string]*key)}
	for _, arm := range x.Arms {
		ids.modes[arm.Name] = arm.Mode
	}
	return ids
}

// tokenLike is what an identifier may look like: one word, eight characters or
// more, not all letters.
var tokenLike = regexp.MustCompile(`^\{?[0-9A-Za-z][0-9A-Za-z._:+/=~|-]{6,250}[0-9A-Za-z=]\}?$`)

// isToken reports whether a value stands in a field and may be an identifier.
func isToken(v audit.Value) bool {
	data := v.Data.Reveal()
	if !isField(v.Trail[len(v.Trail)-1]) || len(data) > 256 || !tokenLike.Match(data) || !bytes.ContainsAny(data, "0123456789") {
		return false
	}
	_, dummy := personal.Dummy(string(data))
	return !dummy
}

// observe notes a token.
func (ids *identifiers) observe(ex audit.Exhibit, v audit.Value) {
	name := ex.Host + " " + template(ex.URL) + " " + generic(v.Trail)
	k := ids.keys[name]
	if k == nil {
		k = &key{}
		ids.keys[name] = k
		ids.order = append(ids.order, name)
	}
	k.seen = append(k.seen, sighting{ex.ID, ex.Place, string(v.Data.Reveal()), v})
}

// template is the path of an address without what looks like an id or a word
// of content: two endpoints of a host are two places.
func template(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	segments := strings.Split(u.Path, "/")
	for i, s := range segments {
		if len(s) > 24 || strings.ContainsAny(s, "0123456789") {
			segments[i] = "*"
		}
	}
	return strings.Join(segments, "/")
}

// isField reports whether a step takes a named thing out of its container.
func isField(step string) bool {
	name, rest, ok := strings.Cut(step, ":")
	if !ok || rest == "" {
		return false
	}
	switch name {
	case "json", "form", "query", "cookie", "header", "path", "xml", "part":
		return true
	}
	return false
}

var listPlace = regexp.MustCompile(`/\d+(/|$)`)

// generic writes a trail without the places in lists, so that the first and
// the second element of a list are the same key.
func generic(t audit.Trail) string {
	steps := slices.Clone(t)
	for i, step := range steps {
		if strings.HasPrefix(step, "json:") {
			steps[i] = listPlace.ReplaceAllString(step, "/*$1")
		}
	}
	return steps.String()
}

// class tells how the tokens at a key behave: "" if not like an identifier.
func (k *key) class() personal.Kind {
	runs, arms, sessions := values[int]{}, values[audit.Place]{}, values[audit.Place]{}
	starts := make(map[audit.Place]map[audit.Place]bool)
	exhibits := make(map[audit.Place]map[string]bool)
	for _, s := range k.seen {
		arm := audit.Place{Arm: s.place.Arm, Run: s.place.Run}
		runs.add(s.place.Run, s.token)
		arms.add(arm, s.token)
		sessions.add(s.place, s.token)
		note(starts, arm, s.place)
		note(exhibits, s.place, s.exhibit)
	}
	switch {
	case len(runs) >= 2 && arms.single() && runs.disjoint() && most(starts) >= 2:
		return "id/install"
	case len(sessions) >= 2 && sessions.single() && sessions.disjoint() && most(exhibits) >= 2:
		return "id/session"
	default:
		return ""
	}
}

// values counts the tokens of each run, arm or session.
type values[K comparable] map[K]map[string]int

func (v values[K]) add(k K, token string) {
	if v[k] == nil {
		v[k] = make(map[string]int)
	}
	v[k][token]++
}

// single reports whether each has one value only.
func (v values[K]) single() bool {
	for _, tokens := range v {
		if len(tokens) != 1 {
			return false
		}
	}
	return true
}

// disjoint reports whether no two share a value.
func (v values[K]) disjoint() bool {
	seen := make(map[string]bool)
	for _, tokens := range v {
		for token := range tokens {
			if seen[token] {
				return false
			}
			seen[token] = true
		}
	}
	return true
}

func note[K, V comparable](m map[K]map[V]bool, k K, v V) {
	if m[k] == nil {
		m[k] = make(map[V]bool)
	}
	m[k][v] = true
}

func most[K, V comparable](m map[K]map[V]bool) int {
	n := 0
	for _, set := range m {
		n = max(n, len(set))
	}
	return n
}

// An identity is one value that was told to be an identifier.
type identity struct {
	kind  personal.Kind
	label string
	seen  []sighting // the first in each exhibit, in order
}

// findings returns the findings of each exhibit: one for each identity.
func (ids *identifiers) findings() map[string][]audit.Finding {
	found := make(map[string][]audit.Finding)
	for _, who := range ids.identities() {
		says := ids.says(who)
		confidence := audit.Likely
		if who.kind == "id/session" {
			confidence = audit.Hint // it ends with the program
		}
		for _, s := range who.seen {
			found[s.exhibit] = append(found[s.exhibit], audit.Finding{
				Kind: who.kind, Label: who.label, Form: Persistent, Trail: s.value.Trail, Spans: s.value.Spans,
				Span: audit.Span{End: s.value.Data.Len()}, Confidence: confidence, Value: s.value.Data, Says: says,
			})
		}
	}
	return found
}

// identities groups the sightings by value. A value that is an identifier at
// one key is the same identifier at every other.
func (ids *identifiers) identities() []*identity {
	kinds := make(map[string]personal.Kind)
	var tokens []string
	for _, name := range ids.order {
		k := ids.keys[name]
		class := k.class()
		if class == "" {
			continue
		}
		for _, s := range k.seen {
			if had := kinds[s.token]; had == "" {
				tokens = append(tokens, s.token)
			}
			kinds[s.token] = cmp.Or(stronger(kinds[s.token], class), class)
		}
	}
	return ids.gather(tokens, kinds)
}

// stronger returns the kind that ties more together.
func stronger(a, b personal.Kind) personal.Kind {
	if a == "id/install" || b == "" {
		return a
	}
	return b
}

func (ids *identifiers) gather(tokens []string, kinds map[string]personal.Kind) []*identity {
	known := make(map[string]*identity, len(tokens))
	list := make([]*identity, len(tokens))
	for i, token := range tokens {
		list[i] = &identity{kind: kinds[token], label: fmt.Sprintf("i%d", i+1)}
		known[token] = list[i]
	}
	had := make(map[[2]string]bool)
	for _, name := range ids.order {
		for _, s := range ids.keys[name].seen {
			if who := known[s.token]; who != nil && !had[[2]string{s.exhibit, s.token}] {
				had[[2]string{s.exhibit, s.token}] = true
				who.seen = append(who.seen, s)
			}
		}
	}
	return list
}

// says tells in a sentence what the identity ties together.
func (ids *identifiers) says(who *identity) string {
	modes := make(map[claims.Mode]bool)
	starts := make(map[audit.Place]bool)
	for _, s := range who.seen {
		modes[ids.modes[s.place.Arm]] = true
		starts[s.place] = true
	}
	s := fmt.Sprintf("the same value in %d requests and %d starts of the program", len(who.seen), len(starts))
	if len(modes) > 1 {
		names := slices.Sorted(maps.Keys(modes))
		s += fmt.Sprintf("; it joins %s and %s mode", names[0], names[1])
	}
	return s
}
