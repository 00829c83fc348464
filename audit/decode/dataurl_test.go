package decode

import (
	"encoding/base64"
	"net/url"
	"testing"
)

func encodeDataURL(data []byte) []byte {
	return []byte("data:image/png;base64," + base64.StdEncoding.EncodeToString(data))
}

func FuzzDataURL(f *testing.F) { contained(f, "data") }

// What has no base64 has the percent encoding.
func TestDataURL(t *testing.T) {
	in := []byte("DATA:;charset=utf-8," + url.PathEscape("é, 100%"))
	if parts := run(t, named(t, "data"), layer{data: in, room: fuzzRoom}); !holds(parts, "data", []byte("é, 100%")) {
		t.Errorf("got %q", listed(parts))
	}
	if isDataURL(layer{data: []byte("data: first, second")}) {
		t.Error("a line of an event stream is an address")
	}
}
