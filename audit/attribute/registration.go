package attribute

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// rdapEntity is a person or company in an answer of a registry (RFC 9083,
// section 5.1), with a card (RFC 7095).
type rdapEntity struct {
	Roles []string `json:"roles"`
	Card  []any    `json:"vcardArray"`
}

// ReadRegistration reads who registered a domain out of an answer of its
// registry. What the registry withholds is empty. It fails on what is no
// answer about a domain.
func ReadRegistration(answer []byte) (Registration, error) {
	var domain struct {
		Class    string       `json:"objectClassName"`
		Entities []rdapEntity `json:"entities"`
	}
	if err := json.Unmarshal(answer, &domain); err != nil {
		return Registration{}, fmt.Errorf("the answer of a registry: %w", err)
	}
	if domain.Class != "domain" {
		return Registration{}, fmt.Errorf("the answer of a registry is about a %q, want a domain", flat(domain.Class))
	}
	var r Registration
	for _, e := range domain.Entities {
		if slices.Contains(e.Roles, "registrant") {
			e.fill(&r)
		}
	}
	return r, nil
}

// fill takes the organisation or the name, and the country, off the card.
func (e rdapEntity) fill(r *Registration) {
	if len(e.Card) < 2 {
		return
	}
	var name, organisation string
	properties, _ := e.Card[1].([]any) // of something else there are none
	for _, p := range properties {
		property, _ := p.([]any)
		if len(property) < 4 {
			continue
		}
		text, _ := property[3].(string)
		switch property[0] {
		case "fn":
			name = text
		case "org":
			organisation = text
		case "adr":
			r.Country = cardCountry(property)
		}
	}
	for _, text := range []string{organisation, name} {
		if r.Registrant == "" && !strings.Contains(strings.ToUpper(text), "REDACTED") {
			r.Registrant = flat(text)
		}
	}
}

// cardCountry returns the code of the country of an address: its parameter cc
// (RFC 8605), or the last of its seven parts if that is a code.
func cardCountry(property []any) string {
	parameters, _ := property[1].(map[string]any)
	if code, _ := parameters["cc"].(string); isCountry(strings.ToUpper(code)) {
		return strings.ToUpper(code)
	}
	parts, _ := property[3].([]any)
	if len(parts) == 7 {
		if code, _ := parts[6].(string); isCountry(strings.ToUpper(code)) {
			return strings.ToUpper(code)
		}
	}
	return ""
}
