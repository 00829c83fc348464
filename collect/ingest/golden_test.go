package ingest_test

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"testing"

	"telltale/claims"
	"telltale/collect"
	"telltale/collect/ingest"
	"telltale/sensors"
)

// Requests as SDKs send them that cannot run here, byte for byte: order of the
// fields, crc, gzip, and what the record has.
func TestGolden(t *testing.T) {
	// Android: crc, gzip, list; a negative number.
	const android = "crc=265788825&gzip=1&data_list=H4sIAAAAAAAC%2F22OywrCMBBF%2F2VwWVtTX21BxO8QCbEZbTBNYjIVRfrvpgE34uzu41zm%2BAZ6OYQGyIv2BhngAw1F7cQVubZC8uTwQMJTzEn1sc7WVVXWrFxMlwFPNFcSmjkrl6v1ZlvVk3%2FRQ%2Bj4D8MSI1UgZVpKFAwsbjtvHXpSGKB5w0yrc0wORnobOxkMXkfdEbnQFAU%2BRe805tZfi%2F1911mDr%2FlqyxiMGST0z8Rk8Af6oKyJwTIvc7b4%2Bj1SZ6dnWisRxvH0AT7u%2FhgeAQAA"
	record := func(lib, rest string) string {
		return `{"type":"track","event":"page_load_event_start","distinct_id":"u1","time":1588291200000,` + rest + `"lib":{"$lib":"` + lib + `"},"properties":{"url":"https://example.org/?q=honey-4711"}}`
	}
	list := func(text string) string {
		return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte("[" + text + "]")))
	}
	empty := sensors.Encode([]sensors.Value{}, sensors.Encoding{Field: "data_list"})
	for _, tt := range []struct {
		name, body string
		sdk        sensors.SDK
		track      int64
	}{
		{"Android", android, sensors.NativeSDK, -1234567890},
		{"iOS", "crc=1&gzip=0&data_list=" + list(record("iOS", `"_track_id":7,"_flush_time":1588291201000,`)), sensors.NativeSDK, 7}, // a crc that is wrong is no reason to refuse
		{"Java", "gzip=0&data_list=" + list(record("Java", `"_track_id":2147483648,`)) + "&instant_event=true", sensors.ServerSDK, 1 << 31},
		{"Python", "data=" + strings.ReplaceAll(list(record("python", `"_track_id":1,`)), "%2B", "+") + "&gzip=0", sensors.ServerSDK, 1},
		{"mini program", "data_list=" + list(record("MiniProgram", `"_track_id":99,`)), sensors.UnknownSDK, 99},
	} {
		g := &ingest.Gate{Limits: sensors.DefaultLimits, Plan: collect.NewPlan(claims.Schema{
			Private: claims.PrivateMode{Never: true},
			Events: []claims.Event{{Name: "page_load_event_start", Kind: "behaviour", Purpose: "statistics", Properties: []claims.Property{
				{Name: "url", Type: claims.StringType, Kind: "behaviour/navigation/url"},
			}}},
		})}
		b, err := g.Read(ingest.Message{Query: "project=global_browser_mini&r=DE", Received: now}, []byte(tt.body))
		if err != nil || len(b.Events) != 1 {
			t.Errorf("%s: %+v, %v", tt.name, b, err)
			continue
		}
		e := b.Events[0]
		at := slices.IndexFunc(e.Props, func(p collect.Property) bool { return p.Name == "url" })
		if b.SDK != tt.sdk || e.TrackID != tt.track || e.Subject != "u1" || e.Project != "global_browser_mini" || at < 0 || e.Props[at].Value.Text != "https://example.org/?q=honey-4711" {
			t.Errorf("%s: got %+v", tt.name, e)
		}
	}
	if b, err := gate(t).Read(ingest.Message{Received: now}, []byte(empty)); err != nil || b.Records != 0 {
		t.Errorf("an empty list: %+v, %v", b, err)
	}
}
