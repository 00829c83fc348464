package specimen

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
)

// The checksum agrees with the protocol's known values.
func TestHashCode(t *testing.T) {
	const object = "eyJ0eXBlIjoidHJhY2siLCJldmVudCI6IiRwYWdldmlldyIsInRpbWUiOjE1ODgyOTEyMDAwMDAsImRpc3RpbmN0X2lkIjoidTEiLCJwcm9wZXJ0aWVzIjp7IiR1cmwiOiJodHRwczovL2V4YW1wbGUub3JnLz9xPSVFNCVCRCVBMCJ9fQ=="
	for _, tt := range []struct {
		in   string
		want int32
	}{
		{"", 0},
		{"a", 97},
		{"Hello", 69609650},
		{"Hello你好", -1823950257},
		{"🔥sd🙂哈哈😆", 1703242663},
		{object, 160049589},
	} {
		if got := hashCode(tt.in); got != tt.want {
			t.Errorf("%q: got %d, want %d", tt.in, got, tt.want)
		}
	}
}

// A batch has the order of the Android SDK, and its checksum is that of the
// list before it is escaped.
func TestBatch(t *testing.T) {
	form, err := batch([]track{{Event: "app_switch"}})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(form, "crc=") || !strings.Contains(form, "&gzip=1&data_list=H4sI") {
		t.Errorf("got %s", form)
	}
	q, err := url.ParseQuery(form)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := base64.StdEncoding.DecodeString(q.Get("data_list")); err != nil {
		t.Error(err)
	}
}
