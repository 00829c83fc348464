package attribute

import (
	"strings"
	"testing"
)

func card(properties string) string {
	return `{"objectClassName":"domain","ldhName":"SITE.EXAMPLE","entities":[{"roles":["registrar"],"vcardArray":["vcard",[["org",{},"text","A Registrar"]]]},
		{"roles":["registrant"],"vcardArray":["vcard",[` + properties + `]]}]}`
}

func TestReadRegistration(t *testing.T) {
	for answer, want := range map[string]Registration{
		card(`["version",{},"text","4.0"],["fn",{},"text","Somebody"],["org",{},"text","Somebody Ltd."],["adr",{"cc":"sg"},"text",["","","","","","",""]]`): {Registrant: "Somebody Ltd.", Country: "SG"},
		card(`["fn",{},"text","Somebody"],["adr",{},"text",["","","1 Street","Town","","1","CN"]]`):                                                         {Registrant: "Somebody", Country: "CN"},
		card(`["fn",{},"text","REDACTED FOR PRIVACY"],["org",{},"text",""],["adr",{},"text",["","","","","","","Singapore"]]`):                              {},
		card(`["fn"],7,["adr",7,"text",7]`): {},
		`{"objectClassName":"domain"}`:      {},
		`{"objectClassName":"domain","entities":[{"roles":["registrant"],"vcardArray":["vcard"]},{"roles":["registrant"],"vcardArray":[1,2]}]}`: {},
	} {
		if got, err := ReadRegistration([]byte(answer)); err != nil || got != want {
			t.Errorf("%s: got %+v, %v want %+v", answer, got, err, want)
		}
	}
	for answer, want := range map[string]string{"x": "invalid", `{"errorCode":404}`: `about a ""`, `{"objectClassName":"domain","entities":7}`: "cannot unmarshal"} {
		if _, err := ReadRegistration([]byte(answer)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v want %q", answer, err, want)
		}
	}
}

// A country is a code or nothing, and a registrant is one line.
func FuzzRegistration(f *testing.F) {
	f.Add([]byte(card(`["fn",{},"text","Somebody"],["adr",{"cc":"SG"},"text",["","","","","","","CN"]]`)))
	f.Fuzz(func(t *testing.T, answer []byte) {
		r, err := ReadRegistration(answer)
		if err == nil && r.Country != "" && !isCountry(r.Country) || strings.ContainsAny(r.Registrant, "\n\t") {
			t.Errorf("got %+v", r)
		}
	})
}
