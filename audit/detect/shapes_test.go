package detect_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
)

// shaped lists kinds and confidences of what a body gives away.
func shaped(t *testing.T, in string) []string {
	t.Helper()
	got := []string{}
	for _, f := range found(t, nil, body(1, here, "sink.example", in)).Findings {
		got = append(got, strings.Join([]string{string(f.Kind), f.Form, string(f.Confidence), f.Trail[len(f.Trail)-1]}, " "))
	}
	return got
}

// What is strong by itself, or has the name too, is likely; a checksum alone is
// a hint; what looks like a UUID is nothing.
func TestShapes(t *testing.T) {
	for in, want := range map[string][]string{
		`{"imei":"490154203237518"}`:                              {"id/device/imei shape likely json:/imei"},
		`{"n":"490154203237518"}`:                                 {"id/device/imei shape hint json:/n"},
		`{"a":"k7f3q9w2@post.example"}`:                           {"contact/email shape likely json:/a"},
		`{"a":"write to k7f3q9w2@post.example now"}`:              {},
		`{"a":"c9c3a1f0-6b1e-4c58-9f5d-3f6f0e2a7b11"}`:            {},
		`{"gaid":"c9c3a1f0-6b1e-4c58-9f5d-3f6f0e2a7b11"}`:         {"id/advertising shape likely json:/gaid"},
		`{"gaid":"00000000-0000-0000-0000-000000000000"}`:         {},
		`{"p":{"lat":"48.13743","lon":"11.57549"}}`:               {"place/coordinates shape likely json:/p/lat", "place/coordinates shape likely json:/p/lon"},
		`{"p":{"lat":"48.13743"},"q":{"lon":"11.57549"}}`:         {},
		`{"ssid":"Home sweet home"}`:                              {"place/wifi shape hint json:/ssid"},
		`{"bssid":"02:00:00:00:00:00","mac":"02:00:00:00:00:00"}`: {},
		"a=1&lat=48.13743&lon=11.57549":                           {"place/coordinates shape likely form:lat", "place/coordinates shape likely form:lon"},
	} {
		if diff := cmp.Diff(want, shaped(t, in)); diff != "" {
			t.Errorf("%s: -want +got\n%s", in, diff)
		}
	}
}

// What is called anonymous and only encoded is told as what it is.
func TestEncodedShape(t *testing.T) {
	got := shaped(t, `{"$anonymization_id":"NGYyYTljMWU3N2IwZDNhNQ==","m":"azdmM3E5dzJtNHg4QHBvc3QuZXhhbXBsZQ=="}`)
	want := []string{"id/device/android-id shape likely base64", "contact/email shape likely base64"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// The id of a page's visitor tells when it was made, and on which screen.
func TestSensorsVisitor(t *testing.T) {
	got := shaped(t, `{"x":"1a1fbdd4d33553-09014821266ae5-3a563c7c-2073600-1a1fbdd4d3c793"}`)
	want := []string{"behaviour/first-use field likely sensors-id:first-visit", "device/screen field likely sensors-id:screen-area"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// A seed in a field is the seed, whatever it looks like.
func TestSeedIsNoShape(t *testing.T) {
	mail := audit.Seed{Name: "mail", Kind: "contact/email", Value: "k7f3q9w2m4x8@post.example"}
	got := lines(found(t, []audit.Seed{mail}, body(1, here, "sink.example", `{"mail":"k7f3q9w2m4x8@post.example"}`)).Findings)
	if len(got) != 1 || !strings.Contains(got[0], "plain") {
		t.Errorf("got %v", got)
	}
}
