package decode

import (
	"encoding/base32"
	"strings"
	"testing"
)

var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// toBase32 writes digits of the standard or the hex alphabet with padding.
func toBase32(in []byte, alphabet int) []byte {
	enc := []*base32.Encoding{base32.StdEncoding, base32.HexEncoding}[alphabet]
	return []byte(enc.EncodeToString(in))
}

// FuzzBase32 reads what encoding/base32 wrote, in either case.
func FuzzBase32(f *testing.F) {
	f.Add([]byte("text"))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = letters(data)
		for i, step := range []string{"base32", "base32hex"} {
			roundTrip(t, "base32", layer{data: toBase32(data, i)}, step, data)
			roundTrip(t, "base32", layer{data: []byte(strings.ToLower(strings.TrimRight(string(toBase32(data, i)), "=")))}, step, data)
		}
		if wide := toWide(data, &wideForms[2]); plain(wide) { // of one script
			roundTrip(t, "base32", layer{data: toBase32(wide, 0)}, "base32", wide)
		}
		roundTrip(t, "base32", layer{data: []byte(crockford.EncodeToString(data))}, "crockford", data)
	})
}
