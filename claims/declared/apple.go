package declared

import (
	"slices"
	"strings"

	"telltale/claims"
	"telltale/personal"
)

// The keys of a privacy manifest, and what values begin with.
const (
	keyTracking   = "NSPrivacyTracking"
	keyDomains    = "NSPrivacyTrackingDomains"
	keyTypes      = "NSPrivacyCollectedDataTypes"
	keyAPIs       = "NSPrivacyAccessedAPITypes"
	keyType       = "NSPrivacyCollectedDataType"
	keyLinked     = "NSPrivacyCollectedDataTypeLinked"
	keyTypeTracks = "NSPrivacyCollectedDataTypeTracking"
	keyPurposes   = "NSPrivacyCollectedDataTypePurposes"
	keyPurpose    = "NSPrivacyCollectedDataTypePurpose"
)

// identities are what Apple calls the user's identity: account, device, or
// details such as an e-mail address.
var identities = []personal.Kind{"id/account", "id/device", "id/advertising", "contact"}

// A manifest is what a privacy manifest declares.
type manifest struct {
	tracking *bool
	domains  []string
	types    []string // in the order of the file, each once
	unlinked []string
	purposes map[string][]string
	apis     bool
}

// readManifest reads a property list and makes claims of it.
func readManifest(data []byte, read func([]byte) (any, error)) (claims.File, error) {
	root, err := read(data)
	if err != nil {
		return claims.File{}, err
	}
	dict, ok := root.(dictionary)
	if !ok {
		return claims.File{}, errNothing
	}
	m := manifest{purposes: make(map[string][]string)}
	if err := m.read(dict); err != nil {
		return claims.File{}, err
	}
	return claims.File{Statements: m.statements()}, nil
}

// keys are those that a manifest may have; without any of them a property list
// is something else.
var keys = []string{keyTracking, keyDomains, keyTypes, keyAPIs}

func (m *manifest) read(dict dictionary) error {
	if !slices.ContainsFunc(keys, func(k string) bool { _, has := dict[k]; return has }) {
		return errNothing
	}
	if v, has := dict[keyTracking]; has {
		tracks, ok := v.(bool)
		if !ok {
			return wrong(keyTracking, "true or false")
		}
		m.tracking = &tracks
	}
	var err error
	if m.domains, err = texts(dict, keyDomains); err != nil {
		return err
	}
	types, err := list(dict, keyTypes)
	if err != nil {
		return err
	}
	for _, v := range types {
		entry, ok := v.(dictionary)
		if !ok {
			return wrong(keyTypes, "a list of dictionaries")
		}
		if err := m.collect(entry); err != nil {
			return err
		}
	}
	apis, err := list(dict, keyAPIs)
	m.apis = len(apis) > 0
	return err
}

// collect takes one entry of the list of collected data types.
func (m *manifest) collect(entry dictionary) error {
	value, ok := entry[keyType].(string)
	if !ok || value == "" {
		return wrong(keyType, "the name of a data type")
	}
	id := strings.TrimPrefix(value, keyType)
	if !slices.Contains(m.types, id) {
		m.types = append(m.types, id)
	}
	linked, ok := entry[keyLinked].(bool)
	if _, has := entry[keyLinked]; has && !ok {
		return wrong(keyLinked, "true or false")
	}
	if ok && !linked && !slices.Contains(m.unlinked, id) {
		m.unlinked = append(m.unlinked, id)
	}
	purposes, err := texts(entry, keyPurposes)
	for _, p := range purposes {
		m.purposes[id] = append(m.purposes[id], strings.TrimPrefix(p, keyPurpose))
	}
	return err
}

func wrong(key, want string) error {
	return position{line: 1, column: 1}.at("correct the manifest", "%s is not %s", key, want)
}

// list returns the list under a key; without the key it is empty.
func list(dict dictionary, key string) ([]any, error) {
	v, has := dict[key]
	if !has {
		return nil, nil
	}
	l, ok := v.([]any)
	if !ok {
		return nil, wrong(key, "a list")
	}
	return l, nil
}

// texts returns the list of texts under a key.
func texts(dict dictionary, key string) (words []string, err error) {
	l, err := list(dict, key)
	if err != nil {
		return nil, err
	}
	for _, v := range l {
		s, ok := v.(string)
		if !ok {
			return nil, wrong(key, "a list of texts")
		}
		words = append(words, clean(s))
	}
	return words, nil
}

// statements makes claims of the manifest.
func (m *manifest) statements() []claims.Statement {
	quote := "(in substance) No data of the types of the manifest is collected."
	if len(m.types) > 0 {
		quote = "(in substance) No other data is collected than: " + named("apple", m.types) + "."
	}
	list := []claims.Statement{notCollected("apple", quote, m.types)}
	if len(m.unlinked) > 0 {
		s := claims.Statement{ID: "not-linked", Quote: "(in substance) This is not linked to the identity of the user: " + named("apple", m.unlinked) + "."}
		s.Asserts = notLinked(kindsOf("apple", m.unlinked))
		list = append(list, withRest(s, "apple", m.unlinked))
	}
	if m.tracking != nil && !*m.tracking {
		list = append(list, untestable("no-tracking", "(in substance) No data is used for tracking.", "whether data is combined with that of other companies shows where it arrives"))
	}
	if len(m.domains) > 0 {
		list = append(list, untestable("tracking-domains", "(in substance) These hosts are used for tracking, and get nothing without permission: "+strings.Join(m.domains, ", ")+".",
			"an assertion cannot name hosts; look for them in the report's table of recipients"))
	}
	if parts := m.uses(); len(parts) > 0 {
		list = append(list, untestable("purposes", "(in substance) Data is used so: "+strings.Join(parts, "; ")+".", "what data is used for is decided where it arrives"))
	}
	if m.apis {
		list = append(list, untestable("system-interfaces", "(in substance) Interfaces of the system are used for the reasons that the manifest names.", "what a program asks of the system does not show in traffic"))
	}
	return list
}

func (m *manifest) uses() (parts []string) {
	for _, id := range m.types {
		if p := m.purposes[id]; len(p) > 0 {
			parts = append(parts, named("apple", []string{id})+" for "+strings.Join(p, ", "))
		}
	}
	return parts
}

// notLinked asserts of kinds that they cannot be linked to the user's identity:
// those that can be linked to the same identities in one assertion.
func notLinked(kinds []personal.Kind) (asserts []claims.Assertion) {
	for _, k := range kinds {
		to := others(k)
		i := slices.IndexFunc(asserts, func(a claims.Assertion) bool {
			r, ok := a.Rule.(claims.Unlinked)
			return ok && slices.Equal(r.To, to)
		})
		if i < 0 {
			asserts = append(asserts, claims.Assertion{Rule: claims.Unlinked{Kinds: []personal.Kind{k}, To: to}})
			continue
		}
		r, _ := asserts[i].Rule.(claims.Unlinked)
		r.Kinds = append(r.Kinds, k)
		asserts[i].Rule = r
	}
	return asserts
}

// others are the identities that a kind can be linked to: not itself.
func others(k personal.Kind) []personal.Kind {
	return slices.DeleteFunc(slices.Clone(identities), func(id personal.Kind) bool { return k.Under(id) || id.Under(k) })
}
