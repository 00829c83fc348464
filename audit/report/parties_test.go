package report

import (
	"strings"
	"testing"

	"telltale/audit"
)

// What the report says of a party is never more than the party says.
func TestPartyWords(t *testing.T) {
	x := indexed(t, Case{})
	for want, p := range map[string]audit.Party{
		"not known":            {},
		"not observed offline": {Unplaced: "not observed offline"},
		"192.0.2.1: place not known; the address is registered in SG": {IP: "192.0.2.1", Country: "SG", Basis: audit.ByRegistry},
		"192.0.2.1: SG, by the database that was given":               {IP: "192.0.2.1", Country: "SG", Basis: audit.ByDatabase},
		"192.0.2.1 SG, by the database that was given; 192.0.2.2 C is an anycast network": {Unplaced: "several", Servers: []audit.Server{
			{IP: "192.0.2.1", Country: "SG", Basis: audit.ByDatabase}, {IP: "192.0.2.2", Unplaced: "C is an anycast network"},
		}},
	} {
		if got := x.serverWords(p); got != want {
			t.Errorf("server: got %q want %q", got, want)
		}
	}
	for want, p := range map[string]audit.Party{
		"not asked":                {Country: "SG", Seat: "CN"},
		"A Ltd., SG":               {Registrant: "A Ltd.", RegistrantCountry: "SG"},
		"withheld, SG":             {RegistrantCountry: "SG"},
		"A Ltd., country not told": {Registrant: "A Ltd."},
	} {
		if got := x.registrantWords(p); got != want {
			t.Errorf("registrant: got %q want %q", got, want)
		}
	}
	for want, p := range map[string]audit.Party{
		"not known": {}, "several": {Servers: make([]audit.Server, 2)}, "Cloud": {Network: "Cloud"}, "Cloud AS7": {Network: "Cloud", ASN: 7}, "AS7": {ASN: 7},
	} {
		if got := x.networkWords(p); got != want {
			t.Errorf("network: got %q want %q", got, want)
		}
	}
	if got := x.newPartyView(audit.Party{Role: "hosting"}, false).Owner; got != "not known (hosting)" {
		t.Errorf("owner: got %q", got)
	}
	if got := x.whereabouts([]audit.Party{{Seat: "CN"}, {Seat: "US"}, {}}); !strings.HasPrefix(got, "seat: CN and 2 more; ") {
		t.Errorf("whereabouts: got %q", got)
	}
}
