package decode

import (
	"fmt"
	"testing"
)

func toHexList(in []byte, prefix, sep string) []byte {
	var out []byte
	for i, c := range in {
		if i > 0 {
			out = append(out, sep...)
		}
		out = fmt.Appendf(out, "%s%02x", prefix, c)
	}
	return out
}

// FuzzHexList reads lists with each separator.
func FuzzHexList(f *testing.F) {
	f.Add([]byte("any \x00\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = append(data, "12 bytes / z"...)
		for _, sep := range []string{":", "-", " ", ", ", "."} {
			roundTrip(t, "hex-list", layer{data: toHexList(data, "", sep)}, "hex-list", data)
		}
		for _, sep := range []string{",", ", ", " "} {
			roundTrip(t, "hex-list", layer{data: toHexList(data, "0x", sep)}, "hex-list", data)
		}
	})
}

// Addresses of network cards, dates and versions are no lists of bytes.
func TestNotHexList(t *testing.T) {
	for _, s := range []string{
		"3c:22:fb:10:aa:01", "550e8400-e29b-41d4-a716-446655440000", "20-11-21 04:57:30", "10 20 30 40 50 60 70 80 90", "0x1f",
		"2001:0db8:85a3:0000:0000:8a2e:0370:7334", "12.34.56.78.90.12.34.56",
	} {
		if got := run(t, named(t, "hex-list"), layer{data: []byte(s)}); got != nil {
			t.Errorf("%s: got %v", s, got)
		}
	}
}
