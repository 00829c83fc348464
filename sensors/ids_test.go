package sensors_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"telltale/sensors"
)

// jsdom is the User-Agent with which the ids below were made.
const jsdom = "Mozilla/5.0 (linux) AppleWebKit/537.36 (KHTML, like Gecko) jsdom/22.1.0"

func TestParseCookieID(t *testing.T) {
	const text = "1a1fbdd4d33553-09014821266ae5-3a563c7c-56778799-1a1fbdd4d3c793"
	got, ok := sensors.ParseCookieID(text)
	want := sensors.CookieID{
		FirstVisit: time.UnixMilli(1795226946867).UTC(), Random: "09014821266ae5", UserAgent: 0x3a563c7c, Area: 56778799,
		Second: time.UnixMilli(0x1a1fbdd4d3c).UTC(), Parts: [5]string(strings.Split(text, "-")),
	}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("%t\n%s", ok, diff)
	}
	if sum := sensors.UserAgentCheck(jsdom); sum != got.UserAgent {
		t.Errorf("the User-Agent gives %x, the id has %x", sum, got.UserAgent)
	}
	screen, _ := sensors.ParseCookieID(strings.Replace(text, "56778799", "2073600", 1))
	if !screen.Screen() || screen.Area != 1920*1080 || got.Screen() {
		t.Errorf("got %d, %t and %t", screen.Area, screen.Screen(), got.Screen())
	}
	negative, ok := sensors.ParseCookieID(strings.Replace(text, "3a563c7c", "-3a563c7c", 1))
	if !ok || negative.UserAgent != -0x3a563c7c {
		t.Errorf("got %x, %t", negative.UserAgent, ok)
	}
	for _, bad := range []string{
		"", text + "0000", strings.ToUpper(text), strings.Replace(text, "3a563c7c", "ffffffff", 1), "1a1fbdd4d33553-19014821266ae5-3a563c7c-56778799-1a1fbdd4d3c793",
		"550e8400-e29b-41d4-a716-446655440000", strings.Repeat("0", 1<<20),
	} {
		if id, ok := sensors.ParseCookieID(bad); ok {
			t.Errorf("%.80q: got %v", bad, id)
		}
	}
}

// An id that is put together as the SDK does comes apart again.
func TestCookieIDProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(0x10000000000, 0xfffffffffff).Draw(t, "ms")
		agent := rapid.StringMatching(`[ -~]{0,200}`).Draw(t, "agent")
		width, height := rapid.IntRange(320, 4096).Draw(t, "width"), rapid.IntRange(320, 2160).Draw(t, "height")
		random := rapid.StringMatching(`0[0-9a-f]{13,14}`).Draw(t, "random")
		text := fmt.Sprintf("%x%03x-%s-%x-%d-%x%03x", ms, 7, random, sensors.UserAgentCheck(agent), width*height, ms+1, 9)
		id, ok := sensors.ParseCookieID(text)
		if !ok || id.FirstVisit.UnixMilli() != ms || id.UserAgent != sensors.UserAgentCheck(agent) || id.Area != width*height || id.Random != random {
			t.Fatalf("%s: got %+v, %t", text, id, ok)
		}
		if ratio := float64(width) / float64(height); ratio > 0.34 && ratio < 2.9 && !id.Screen() {
			t.Errorf("%d×%d is no screen", width, height)
		}
		if strings.Join(id.Parts[:], "-") != text {
			t.Errorf("got %v", id.Parts)
		}
	})
}

// FuzzCookieID: an id that is read gives its text back.
func FuzzCookieID(f *testing.F) {
	f.Add("1a1fbdd4d33553-09014821266ae5-3a563c7c-56778799-1a1fbdd4d3c793")
	f.Add("1a1fbdd4d33553-09014821266ae5--80000000-2073600-1a1fbdd4d3c793")
	f.Fuzz(func(t *testing.T, text string) {
		id, ok := sensors.ParseCookieID(text)
		if !ok {
			return
		}
		// Zeros before a number are the one thing that is lost.
		check, area := strings.TrimLeft(strings.TrimPrefix(id.Parts[2], "-"), "0"), strings.TrimLeft(id.Parts[3], "0")
		if got := strings.TrimPrefix(fmt.Sprintf("%x", id.UserAgent), "-"); got != check && check != "" {
			t.Errorf("%s: %s became %s", text, id.Parts[2], got)
		}
		if got := fmt.Sprint(id.Area); got != area && area != "" {
			t.Errorf("%s: %s became %s", text, id.Parts[3], got)
		}
		if got := fmt.Sprintf("%011x", id.FirstVisit.UnixMilli()); strings.Join(id.Parts[:], "-") != text || !strings.HasPrefix(text, got) {
			t.Errorf("%s: parts %v, first visit %s", text, id.Parts, got)
		}
		id.Screen()
	})
}

func TestDecodeAnonymizationID(t *testing.T) {
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, tt := range []struct {
		in, id, kind string
	}{
		{encode("9774d56d682e549c"), "9774d56d682e549c", "ANDROID_ID"},
		{strings.TrimRight(encode("9774d56d682e549c"), "=") + "\n", "9774d56d682e549c", "ANDROID_ID"},
		{encode("EA7583CD-A667-48BC-B806-42ECB2B48606"), "EA7583CD-A667-48BC-B806-42ECB2B48606", "UUID"},
		{encode("some-other-id"), "some-other-id", "text"},
		{encode("short"), "", ""},
		{encode("\x00\x01\x02\x03\x04\x05\x06"), "", ""},
		{"no base64!", "", ""},
		{"", "", ""},
		{encode(strings.Repeat("a", 129)), "", ""},
	} {
		got, ok := sensors.DecodeAnonymizationID(tt.in)
		if got != (sensors.AnonymizationID{ID: tt.id, Kind: tt.kind}) || ok != (tt.kind != "") {
			t.Errorf("%.60q: got %v, %t", tt.in, got, ok)
		}
	}
}

func TestParseCookie(t *testing.T) {
	identities := `{"$identity_cookie_id":"c-1","$identity_login_id":"u"}`
	value := func(ids string) string {
		return `{"distinct_id":"u","first_id":"c-1","props":{"$latest_search_keyword":"flowers"},"identities":` + ids + `,"history_login_id":{}}`
	}
	plain := value(string(sensors.Text(base64.StdEncoding.EncodeToString([]byte(identities))).Append(nil)))
	want := sensors.Cookie{
		DistinctID: "u", FirstID: "c-1", Identities: []sensors.Identity{{"$identity_cookie_id", "c-1"}, {"$identity_login_id", "u"}},
		Props: parse(t, `{"$latest_search_keyword":"flowers"}`),
	}
	for _, tt := range []struct {
		name, value string
		obscured    bool
	}{
		{"plain", plain, false},
		{"for a URL", url.PathEscape(plain), false},
		{"identities as an object", value(identities), false},
		{"identities turned", value(string(sensors.Text(rotate(identities)).Append(nil))), false},
		{"turned", "data:enc;" + rotate(plain), true},
		{"turned, for a URL", url.PathEscape("data:enc;" + rotate(plain)), true},
		{"mirrored", "dfm-enc-" + mirrored(plain), true},
	} {
		got, err := sensors.ParseCookie(tt.value, sensors.DefaultLimits)
		want.Obscured = tt.obscured
		if diff := cmp.Diff(want, got, cmp.Comparer(equal)); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", tt.name, err, diff)
		}
	}
	for _, bad := range []string{"", "a", "[1]", "data:enc;" + plain, strings.Repeat("[", 1e5), strings.Repeat(" ", 9<<20)} {
		if got, err := sensors.ParseCookie(bad, sensors.DefaultLimits); err == nil {
			t.Errorf("%.40q: got %v", bad, got)
		}
	}
}

// rotate and mirrored are the other side of what the SDK's browser does.
func rotate(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 126 {
			return (r + 13) % 126
		}
		return r
	}, s)
}

func mirrored(s string) string {
	const order = "t6KJCZa5pDdQ9khoEM3Tj70fbP2eLSyc4BrsYugARqFIw1mzlGNVXOHiWvxUn8"
	return strings.Map(func(r rune) rune {
		if i := strings.IndexRune(order, r); i >= 0 {
			return rune(order[len(order)-1-i])
		}
		return r
	}, s)
}

// FuzzCookie reads cookies however they are written.
func FuzzCookie(f *testing.F) {
	f.Add(`{"distinct_id":"u","first_id":"c","identities":"eyJhIjoiYiJ9"}`)
	f.Add("data:enc;\n/")
	f.Fuzz(func(t *testing.T, text string) {
		lim := sensors.Limits{Body: 1 << 16, Depth: 8, String: 1 << 12, Members: 50, Values: 1 << 16}
		plain, err := sensors.ParseCookie(text, lim)
		if err != nil || plain.Obscured || strings.Contains(text, "%") {
			return
		}
		for _, covered := range []string{"data:enc;" + rotate(text), "dfm-enc-" + mirrored(text), url.PathEscape(text)} {
			if strings.HasPrefix(covered, "data") && strings.Contains(covered, "%") || strings.HasPrefix(covered, "dfm") && strings.Contains(covered, "%") {
				continue // this may be an escape
			}
			got, err := sensors.ParseCookie(covered, sensors.Limits{Body: 1 << 20, Depth: 8, String: 1 << 12, Members: 50, Values: 1 << 16})
			got.Obscured = false
			if diff := cmp.Diff(plain, got, cmp.Comparer(equal)); diff != "" || err != nil {
				t.Errorf("%q: %v\n%s", covered, err, diff)
			}
		}
	})
}
