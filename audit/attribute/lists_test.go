package attribute

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Constructed samples of every form that a list may have.
var samples = map[string]string{
	"services.json": `{"license":"…","categories":{
		"Advertising":[{"Ads Company":{"http://ads.example/":["ads.example","*.more.example"],"dnt":"w3c","performance":"true"}}],
		"Analytics":[{"Ads Company":{"http://ads.example/":["ads.example"]}}]}}`,
	"domain.json":        `{"domain":"ads.example","owner":{"name":"Ads Company Inc.","displayName":"Ads Company"},"prevalence":0.1,"categories":["Advertising","Analytics"],"resources":[{"rule":"x"}]}`,
	"entity.json":        `{"name":"Ads Company Inc.","displayName":"Ads Company","properties":["ads.example","more.example"],"prevalence":{"total":1}}`,
	"entity_map.json":    `{"Ads Company Inc.":{"aliases":[],"properties":["ads.example","more.example"],"displayName":"Ads Company"},"Bare":{"properties":["bare.example"]}}`,
	"domain_map.json":    `{"ads.example":{"entityName":"Ads Company Inc.","aliases":[],"displayName":"Ads Company"}}`,
	"tds.json":           `{"trackers":{"ads.example":{"domain":"ads.example","owner":{"name":"Ads Company"},"categories":["Advertising"],"default":"block"}},"entities":{},"domains":{}}`,
	"exodus.json":        `{"trackers":{"7":{"id":7,"name":"Ads Company","code_signature":"example.ads","network_signature":"\\.ads\\.example|more\\.example|x[0-9]+\\.example","categories":["Advertisement"]},"8":{"name":"Code only","network_signature":"NC"}}}`,
	"exodus-export.json": `{"trackers":[{"name":"Ads Company","network_signature":"ads.example","categories":[{"name":"Advertisement"}]}]}`,
	"easyprivacy.txt":    "[Adblock Plus 2.0]\r\n! Title: EasyPrivacy\r\n||ads.example^$third-party\r\n||more.example^\r\n||one.example^$domain=site.example\r\n||path.example/collect?\r\n@@||good.example^\r\nsite.example##.ad\r\n-track.gif?\r\n",
}

func TestReadList(t *testing.T) {
	const ads = "x.ads.example"
	for name, want := range map[string]struct {
		format, organisation string
		categories           []string
		names, left          int
	}{
		"services.json":      {"Disconnect", "Ads Company", []string{"Advertising", "Analytics"}, 2, 0},
		"domain.json":        {"Tracker Radar", "Ads Company", []string{"Advertising", "Analytics"}, 1, 0},
		"entity.json":        {"Tracker Radar", "Ads Company", nil, 2, 0},
		"entity_map.json":    {"Tracker Radar", "Ads Company", nil, 3, 0},
		"domain_map.json":    {"Tracker Radar", "Ads Company", nil, 1, 0},
		"tds.json":           {"Tracker Radar", "Ads Company", []string{"Advertising"}, 1, 0},
		"exodus.json":        {"Exodus", "Ads Company", []string{"Advertisement"}, 2, 1},
		"exodus-export.json": {"Exodus", "Ads Company", []string{"Advertisement"}, 1, 0},
		"easyprivacy.txt":    {"EasyPrivacy", "", []string{"EasyPrivacy"}, 2, 5},
	} {
		l, err := ReadList("lists/"+name, []byte(samples[name]))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		b := Book{Lists: []*List{l}}
		p := b.Party(Contact{Host: ads})
		if l.format != want.format || l.Len() != want.names || l.left != want.left {
			t.Errorf("%s: %s with %d names and %d left out, want %s, %d, %d", name, l.format, l.Len(), l.left, want.format, want.names, want.left)
		}
		if diff := cmp.Diff(want.categories, p.Categories); diff != "" || p.Organisation != want.organisation {
			t.Errorf("%s: organisation %q want %q, categories %s", name, p.Organisation, want.organisation, diff)
		}
		sum := sha256.Sum256([]byte(samples[name]))
		if len(p.Source) != 1 || !strings.HasPrefix(p.Source[0], want.format+" list "+name+", SHA-256 "+hex.EncodeToString(sum[:])) {
			t.Errorf("%s: sources %q", name, p.Source)
		}
		if p := b.Party(Contact{Host: "notads.example"}); p.Organisation != "" || p.Source != nil {
			t.Errorf("%s: another name got %+v", name, p)
		}
		if p := b.Party(Contact{Host: "metrics.site.example", Aliases: []string{"site.ads.example"}}); !slices.Equal(p.Categories, want.categories) {
			t.Errorf("%s: behind a name of the site's own: %+v", name, p)
		}
	}
}

// A list says what a host is for; whose it is, the shipped tables say first.
func TestListsComeSecond(t *testing.T) {
	l, err := ReadList("l", []byte(`{"miui.com":{"entityName":"Somebody else"}}`))
	if err != nil {
		t.Fatal(err)
	}
	b := Book{Lists: []*List{l}}
	if p := b.Party(Contact{Host: "tracking.miui.com"}); p.Organisation != "Xiaomi" || !slices.Contains(p.Source, l.Source()) {
		t.Errorf("got %q by %q", p.Organisation, p.Source)
	}
}

func TestReadListRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "no list that is known",
		"just some words\n":                    "no list that is known",
		"{":                                    "unexpected end",
		"{}":                                   "no list that is known",
		`{"a":1}`:                              "no list that is known",
		`{"categories":{"A":7}}`:               "categories: json",
		`{"trackers":"network_signature"}`:     "trackers: json",
		`{"trackers":{"network_signature":1}}`: "trackers: json",
		"[Adblock Plus 2.0]\n/path$script\n":   "names no host",
	} {
		if _, err := ReadList("file", []byte(text)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "file") {
			t.Errorf("%q: got %v, want an error with the file's name and %q", text, err, want)
		}
	}
}

// Every name of a list that could be read is found again, for itself and for
// what is below it, and is a host's name.
func fuzzList(f *testing.F, format string, names ...string) {
	for _, name := range names {
		f.Add([]byte(samples[name]))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := ReadList("file", data)
		if err != nil || l.format != format {
			return
		}
		for name, e := range l.entries {
			if !isHost(name) || name != normal(name) {
				t.Errorf("%q is no name of a host", name)
			}
			if _, got, ok := longest(l.entries, "below."+name); !ok || got.organisation != e.organisation {
				t.Errorf("below %q: got %+v want %+v", name, got, e)
			}
			if strings.ContainsAny(e.organisation, "\n\t") || len([]rune(e.organisation)) > 101 {
				t.Errorf("%q: organisation %q", name, e.organisation)
			}
		}
	})
}

func FuzzDisconnect(f *testing.F) { fuzzList(f, "Disconnect", "services.json") }

func FuzzRadar(f *testing.F) {
	fuzzList(f, "Tracker Radar", "domain.json", "entity.json", "entity_map.json", "domain_map.json", "tds.json")
}

func FuzzExodus(f *testing.F) { fuzzList(f, "Exodus", "exodus.json", "exodus-export.json") }

func FuzzFilters(f *testing.F) { fuzzList(f, "EasyPrivacy", "easyprivacy.txt") }
