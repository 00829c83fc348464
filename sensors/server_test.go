package sensors_test

import (
	"image"
	"image/gif"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"telltale/sensors"
)

func TestRecognise(t *testing.T) {
	data := "data=" + url.QueryEscape(objectBase64)
	sealed := `data_list=` + url.QueryEscape(`[{"ekey":"a","pkv":1,"payloads":["b"],"flush_time":1}]`)
	const id = "1a1fbdd4d33553-09014821266ae5-3a563c7c-56778799-1a1fbdd4d3c793"
	for _, tt := range []struct {
		name string
		m    sensors.Message
		want string // names of the signals, the sum of them
		yes  bool
	}{
		{"nothing", sensors.Message{}, "", false},
		{"android", sensors.Message{URL: "https://a.example/sa?" + androidQuery, Body: []byte(androidBody)}, "record crc path", true},
		{"record", sensors.Message{Body: []byte("data_list=" + url.QueryEscape("["+jsEvent+"]"))}, "record", true},
		{"image", sensors.Message{URL: "https://a.example/sa.gif?project=p&" + data + "&ext=crc%3D160049589"}, "crc path", true},
		{"path", sensors.Message{URL: "https://a.example/x/sa?project=p"}, "path", false},
		{"another path", sensors.Message{URL: "https://a.example/visa?project=p"}, "", false},
		{"wrong crc", sensors.Message{URL: "https://a.example/sa.gif?project=p&" + data + "&ext=crc%3D1"}, "path", false},
		{"sealed", sensors.Message{Body: []byte(sealed + "&gzip=9")}, "container", true},
		{"sealed without flag", sensors.Message{Body: []byte(sealed)}, "unflagged container", false},
		{"sealed without flag, usual path", sensors.Message{URL: "/sa?project=p", Body: []byte(sealed)}, "unflagged container path", true},
		{"cookie", sensors.Message{Cookie: "a=b; sensorsdata2015jssdkcross=x"}, "cookie", true},
		{"cookie of a page", sensors.Message{Cookie: "sa_jssdk_2015_shop_example=x"}, "cookie", true},
		{"ready", sensors.Message{Answer: []byte("\n" + sensors.Ready)}, "ready", true},
		{"text about it", sensors.Message{Answer: []byte("It says: " + sensors.Ready)}, "", false},
		{"agent", sensors.Message{UserAgent: "SensorsAnalytics Java SDK 3.6.8"}, "user-agent", true},
		{"config", sensors.Message{URL: "https://a.example/config/iOS.conf?v=1&project=p"}, "config", false},
		{"config and id", sensors.Message{URL: "https://a.example/config/iOS.conf?app_id=p", Cookie: "id=" + id}, "config cookie id", true},
		{"id in a record", sensors.Message{Body: []byte("data=" + url.QueryEscape(`{"a":["`+id+`"]}`))}, "cookie id", false},
		{"Mixpanel", sensors.Message{URL: "https://api.mixpanel.com/track/", Body: []byte("data=" + url.QueryEscape("eyJldmVudCI6ImEiLCJwcm9wZXJ0aWVzIjp7ImRpc3RpbmN0X2lkIjoiMSJ9fQ=="))}, "", false},
		{"garbage", sensors.Message{URL: "::", Cookie: ";;=", Body: []byte("data=\xff&data=[[[")}, "", false},
	} {
		found := sensors.Recognise(tt.m, sensors.DefaultLimits)
		var names []string
		for _, s := range found {
			names = append(names, s.Name)
		}
		if got := strings.Join(names, " "); got != tt.want || sensors.Recognised(found) != tt.yes {
			t.Errorf("%s: got %q, %t", tt.name, got, sensors.Recognised(found))
		}
	}
}

// The consequences that an answer is chosen by.
func TestOutcomeOf(t *testing.T) {
	all := []sensors.SDK{sensors.NativeSDK, sensors.GoSDK, sensors.NodeSDK, sensors.JSSingleSDK, sensors.JSBatchSDK, sensors.ServerSDK}
	for _, sdk := range all {
		if got := sensors.OutcomeOf(sdk, http.StatusOK); got != sensors.Accepted {
			t.Errorf("200, %d: %s", sdk, got)
		}
	}
	for _, tt := range []struct {
		sdk    sensors.SDK
		status int
		want   sensors.Outcome
	}{
		{sensors.GoSDK, 201, sensors.Failed},
		{sensors.GoSDK, 204, sensors.Failed},
		{sensors.GoSDK, 302, sensors.Lost},
		{sensors.NodeSDK, 302, sensors.Lost},
		{sensors.NativeSDK, 429, sensors.Purged},
		{sensors.NativeSDK, 451, sensors.Purged},
		{sensors.NativeSDK, 403, sensors.Kept},
		{sensors.NativeSDK, 404, sensors.Kept},
		{sensors.NativeSDK, 500, sensors.Kept},
		{sensors.NativeSDK, 503, sensors.Kept},
		{sensors.NativeSDK, 304, sensors.Purged},
		{sensors.NativeSDK, 302, sensors.Unknown},
		{sensors.JSBatchSDK, 400, sensors.Kept},
		{sensors.JSBatchSDK, 304, sensors.Accepted},
		{sensors.JSSingleSDK, 503, sensors.Purged},
		{sensors.NodeSDK, 503, sensors.Failed},
		{sensors.ServerSDK, 413, sensors.Failed},
		{sensors.UnknownSDK, 503, sensors.Unknown},
		{sensors.NativeSDK, 99, sensors.Unknown},
		{sensors.NativeSDK, -1, sensors.Unknown},
	} {
		if got := sensors.OutcomeOf(tt.sdk, tt.status); got != tt.want {
			t.Errorf("%d at %d: got %s, want %s", tt.sdk, tt.status, got, tt.want)
		}
	}
	for lib, want := range map[string]sensors.SDK{
		"js": sensors.JSBatchSDK, "Android": sensors.NativeSDK, "iOS": sensors.NativeSDK, "Golang": sensors.GoSDK,
		"Node": sensors.NodeSDK, "python": sensors.ServerSDK, "Java": sensors.ServerSDK, "": sensors.UnknownSDK,
	} {
		if got := sensors.SDKOf(lib, "data_list"); got != want {
			t.Errorf("%s: got %d, want %d", lib, got, want)
		}
	}
	if got := sensors.SDKOf("js", "data"); got != sensors.JSSingleSDK {
		t.Errorf("a single send of js: got %d", got)
	}
	if !sensors.IsDryRun("true") || sensors.IsDryRun("false") || sensors.IsDryRun("") || sensors.IsDryRun("TRUE") {
		t.Error("only the literal true is a dry run")
	}
}

func TestPixel(t *testing.T) {
	picture, err := gif.Decode(strings.NewReader(sensors.Pixel))
	if err != nil || picture.Bounds() != image.Rect(0, 0, 1, 1) {
		t.Fatalf("got %v, %v", picture, err)
	}
	if _, _, _, alpha := picture.At(0, 0).RGBA(); alpha != 0 {
		t.Errorf("the point has the opacity %d", alpha)
	}
}

// drawConfig draws a configuration as a server may have it.
func drawConfig(t *rapid.T) sensors.RemoteConfig {
	c := sensors.RemoteConfig{
		Version: rapid.String().Draw(t, "v"), NewVersion: rapid.String().Draw(t, "nv"),
		DisableSDK: rapid.Bool().Draw(t, "sdk"), DisableDebug: rapid.Bool().Draw(t, "debug"),
		AutoTrack: rapid.IntRange(-1, 15).Draw(t, "auto"), Now: rapid.Bool().Draw(t, "now"),
		EncryptTransport: rapid.Bool().Draw(t, "encrypt"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "events") {
		c.Blacklist = append(c.Blacklist, rapid.String().Draw(t, "event"))
	}
	if rapid.Bool().Draw(t, "keyed") {
		c.Key = &sensors.ConfigKey{
			Version: rapid.Int64Range(1, 1<<31).Draw(t, "pkv"), Public: rapid.String().Draw(t, "key"),
			Type: rapid.SampledFrom([]string{"RSA+AES", "EC+AES"}).Draw(t, "type"),
		}
	}
	return c
}

// What is written is read again, by an SDK that knows key_v2 and by one that does
// not.
func TestRemoteConfig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawConfig(t)
		text := string(want.Value().Append(nil))
		for _, text := range []string{text, strings.Replace(text, `"key_v2":`, `"key_v9":`, 1)} {
			got, err := sensors.ParseRemoteConfig(text, sensors.DefaultLimits)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Fatalf("%v\n%s", err, diff)
			}
		}
	})
}

func TestRemoteConfigAnswer(t *testing.T) {
	c := sensors.RemoteConfig{Version: "7", DisableSDK: true}
	status, body, tag := c.Answer("6", "")
	want := `{"v":"7","configs":{"nv":"","disableSDK":true,"disableDebugMode":false,"autoTrackMode":0,"event_blacklist":[],"effect_mode":0,"supportTransportEncrypt":false}}`
	if status != http.StatusOK || string(body) != want {
		t.Errorf("got %d, %s", status, body)
	}
	for _, tt := range []struct {
		have, match string
		want        int
	}{
		{"7", "", 304}, {"", tag, 304}, {"", `"x", W/` + tag, 304}, {"", "*", 304}, {"", `"x"`, 200}, {"8", tag[1:], 200},
	} {
		if status, body, again := c.Answer(tt.have, tt.match); status != tt.want || again != tag || (body == nil) != (status == 304) {
			t.Errorf("%q, %q: got %d, %s, %s", tt.have, tt.match, status, body, again)
		}
	}
	c.DisableSDK = false
	if _, _, other := c.Answer("", ""); other == tag {
		t.Error("another configuration has the same tag")
	}
	if status, _, _ := (sensors.RemoteConfig{}).Answer("", ""); status != http.StatusOK {
		t.Errorf("no version: got %d", status)
	}
}

func TestParseRemoteConfig(t *testing.T) {
	got, err := sensors.ParseRemoteConfig(`{"v":"1","configs":{"autoTrackMode":99,"key":{"public_key":"K","pkv":3}}}`, sensors.DefaultLimits)
	want := sensors.RemoteConfig{Version: "1", AutoTrack: sensors.AutoTrackAsBuilt, Key: &sensors.ConfigKey{Version: 3, Public: "K", Type: "RSA+AES"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	for _, bad := range []string{"", "[]", `{"configs":[]}`, `{"v":1}`} {
		if _, err := sensors.ParseRemoteConfig(bad, sensors.DefaultLimits); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

// A public key that was handed out opens what was sealed for it.
func TestPublicKey(t *testing.T) {
	for _, public := range []any{&keys().rsa.PublicKey, keys().ecdh.PublicKey(), &keys().ecdsa.PublicKey} {
		if text, err := sensors.PublicKey(public); err != nil || !strings.HasPrefix(text, "M") {
			t.Errorf("%T: got %q, %v", public, text, err)
		}
	}
	if _, err := sensors.PublicKey("text"); err == nil {
		t.Error("a string is no key")
	}
}

// FuzzRemoteConfig: what was read is written and read again.
func FuzzRemoteConfig(f *testing.F) {
	f.Add(`{"v":"1","configs":{"nv":"2","autoTrackMode":15,"event_blacklist":["a"],"key":{"key_ec":"{\"type\":\"EC\"}"}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		lim := sensors.Limits{Depth: 8, String: 1 << 12, Members: 50, Values: 1 << 16}
		c, err := sensors.ParseRemoteConfig(text, lim)
		if err != nil {
			return
		}
		wide := sensors.Limits{Depth: 20, String: 1 << 20, Members: 1000, Values: 1 << 16}
		again, err := sensors.ParseRemoteConfig(string(c.Value().Append(nil)), wide)
		if diff := cmp.Diff(c, again); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}
