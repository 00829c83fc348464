package specimen_test

import "testing"

// wholeRequest is a body of the 2020 case in the order of the Android SDK.
const wholeRequest = "crc=265788825&gzip=1&data_list=H4sIAAAAAAAC%2F22OywrCMBBF%2F2VwWVtTX21BxO8QCbEZbTBNYjIVRfrvpgE34uzu41zm%2BAZ6OYQGyIv2BhngAw1F7cQVubZC8uTwQMJTzEn1sc7WVVXWrFxMlwFPNFcSmjkrl6v1ZlvVk3%2FRQ%2Bj4D8MSI1UgZVpKFAwsbjtvHXpSGKB5w0yrc0wORnobOxkMXkfdEbnQFAU%2BRe805tZfi%2F1911mDr%2FlqyxiMGST0z8Rk8Af6oKyJwTIvc7b4%2Bj1SZ6dnWisRxvH0AT7u%2FhgeAQAA"

// What these tests read envelopes with reads one that somebody else made.
func TestUnpackWholeRequest(t *testing.T) {
	events := unpack(t, wholeRequest)
	if len(events) != 1 {
		t.Fatalf("%d events, want 1", len(events))
	}
	e := events[0]
	url := e["properties"].(map[string]any)["url"]
	if e["event"] != "page_load_event_start" || e["_track_id"] != -1234567890.0 || url != "https://example.org/?q=honey-4711" {
		t.Errorf("got %v", e)
	}
}
