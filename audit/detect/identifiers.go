package detect

import (
	"bytes"
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

// The forms of a finding that was told by behaviour.
const (
	Persistent = "persistent" // the software made it up, or took it from the device
	Assigned   = "assigned"   // a server gave it: still an id, but no secret of the device
)

// identifiers collects the tokens of all exhibits and tells those that behave
// like an identifier. What stands at one place of the traffic (host, path and
// trail, places in lists left out) is held against the table of classes.
//
// The shape of a value is no evidence: a new UUID with every request ties
// nothing together.
type identifiers struct {
	arms  map[string]audit.Arm // by name
	keys  map[string]*key
	order []string // of keys, as they were met
}

// A key is one place of the traffic.
type key struct {
	seen []sighting
}

// A sighting is a token at a key.
type sighting struct {
	exhibit audit.Exhibit // without its data
	arm     audit.Arm     // of the exhibit
	token   string
	value   audit.Value
}

func newIdentifiers(x Experiment) *identifiers {
	ids := &identifiers{arms: make(map[string]audit.Arm), keys: make(map[string]*key)}
	for _, arm := range x.Arms {
		ids.arms[arm.Name] = arm
	}
	return ids
}

// The shortest and the longest identifier.
const (
	minIdentifier = 8
	maxIdentifier = 252
)

var alphanumeric, idBytes = byteSet(""), byteSet("._:+/=~|-")

func byteSet(others string) (set [256]bool) {
	for c := range 256 {
		b := byte(c)
		set[b] = '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z' || strings.IndexByte(others, b) >= 0
	}
	return set
}

// isIDLike reports whether data is what an identifier may look like: one word,
// perhaps in braces, not all letters.
func isIDLike(data []byte) bool {
	data = bytes.TrimSuffix(bytes.TrimPrefix(data, []byte("{")), []byte("}"))
	if len(data) < minIdentifier || len(data) > maxIdentifier || !alphanumeric[data[0]] {
		return false
	}
	if last := data[len(data)-1]; !alphanumeric[last] && last != '=' {
		return false
	}
	digits := 0
	for _, c := range data {
		if !idBytes[c] {
			return false
		}
		if '0' <= c && c <= '9' {
			digits++
		}
	}
	return digits > 0
}

// isToken reports whether a value stands in a field and may be an identifier.
// The parts of an id are none of their own.
func isToken(v audit.Value) bool {
	data, step := v.Data.Reveal(), v.Trail[len(v.Trail)-1]
	if !isIDLike(data) || !isField(step) || strings.HasPrefix(step, "sensors-id:") {
		return false
	}
	_, dummy := personal.Dummy(string(data))
	return !dummy
}

// observe notes the tokens of an exhibit.
func (ids *identifiers) observe(ex audit.Exhibit, tokens []audit.Value) {
	if len(tokens) == 0 {
		return
	}
	endpoint := ex.Host + " " + template(ex.URL) + " "
	for _, v := range tokens {
		ids.add(endpoint+generic(v.Trail), sighting{ex, ids.arms[ex.Arm], string(v.Data.Reveal()), v})
	}
}

func (ids *identifiers) add(name string, s sighting) {
	k := ids.keys[name]
	if k == nil {
		k = &key{}
		ids.keys[name] = k
		ids.order = append(ids.order, name)
	}
	k.seen = append(k.seen, s)
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

var listPlace = regexp.MustCompile(`/\d+(/|$)`)

// generic writes a trail without the places in lists, so that the first and
// the second element of a list are the same key.
func generic(t audit.Trail) string {
	steps := slices.Clone(t)
	for i, step := range steps {
		if isPointer(step) && strings.ContainsAny(step, "0123456789") {
			steps[i] = listPlace.ReplaceAllString(step, "/*$1")
		}
	}
	return steps.String()
}

// An identity is one value that was told to be an identifier.
type identity struct {
	kind  personal.Kind
	token string
	label string
	seen  []sighting // the first in each exhibit, in order
	given bool       // by a server, see assign
}

// findings returns the findings of each exhibit: one for each identity.
func (ids *identifiers) findings(identities []*identity) map[string][]audit.Finding {
	found := make(map[string][]audit.Finding)
	for _, who := range identities {
		form := Persistent
		if who.given {
			form = Assigned
		}
		says := ids.says(who)
		confidence := audit.Likely
		if who.kind == "id/session" {
			confidence = audit.Hint // it ends with the program
		}
		for _, s := range who.seen {
			found[s.exhibit.ID] = append(found[s.exhibit.ID], audit.Finding{
				Kind: who.kind, Label: who.label, Form: form, Trail: s.value.Trail, Spans: s.value.Spans,
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
		for _, t := range k.tell() {
			for _, s := range t.seen {
				if kinds[s.token] == "" {
					tokens = append(tokens, s.token)
				}
				kinds[s.token] = stronger(kinds[s.token], t.kind)
			}
		}
	}
	return ids.gather(tokens, kinds)
}

func (ids *identifiers) gather(tokens []string, kinds map[string]personal.Kind) []*identity {
	known := make(map[string]*identity, len(tokens))
	list := make([]*identity, len(tokens))
	for i, token := range tokens {
		list[i] = &identity{kind: kinds[token], token: token, label: fmt.Sprintf("i%d", i+1)}
		known[token] = list[i]
	}
	had := make(map[[2]string]bool)
	for _, name := range ids.order {
		for _, s := range ids.keys[name].seen {
			if who := known[s.token]; who != nil && !had[[2]string{s.exhibit.ID, s.token}] {
				had[[2]string{s.exhibit.ID, s.token}] = true
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
		modes[s.arm.Mode] = true
		starts[s.exhibit.Place] = true
	}
	s := fmt.Sprintf("the same value in %d requests and %d starts of the program", len(who.seen), len(starts))
	if len(modes) > 1 {
		names := slices.Sorted(maps.Keys(modes))
		s += fmt.Sprintf("; it joins %s and %s mode", names[0], names[1])
	}
	if who.given {
		s += "; an answer had it before any request"
	}
	return s
}
