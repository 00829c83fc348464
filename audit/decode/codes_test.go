package decode

import (
	"fmt"
	"testing"
	"unicode/utf16"
)

// toCodes writes the bytes of text, as Java counts them if signed is set.
func toCodes(in []byte, signed bool) []byte {
	out := []byte("[")
	for i, c := range in {
		if i > 0 {
			out = append(out, ',')
		}
		if signed {
			out = fmt.Append(out, int8(c))
		} else {
			out = fmt.Append(out, c)
		}
	}
	return append(out, ']')
}

// FuzzCodes reads bytes with a sign and without, and units of UTF-16.
func FuzzCodes(f *testing.F) {
	f.Add([]byte("ä你😀"))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = append([]byte("https://example.org/"), letters(data)...)
		roundTrip(t, "codes", layer{data: toCodes(data, false)}, "codes", data)
		roundTrip(t, "codes", layer{data: toCodes(data, true)}, "codes", data)
		units := utf16.Encode([]rune(string(data) + "你"))
		in := fmt.Sprint(units) // with spaces
		roundTrip(t, "codes", layer{data: []byte(in)}, "codes", []byte(string(data)+"你"))
	})
}

// Measurements and dates are no text.
func TestNotCodes(t *testing.T) {
	for _, s := range []string{
		"[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", "2020-11-21 04:57:30, 2020-11-22", "[33,35,47,42,40,41,44,45,60,61,62,63,64,58,59,38]",
		"[100000,2000000,30000000,4000000]", "0.5, 0.25, 0.125, 0.75", "[255,255,255,255,255,255,255,255,0,0,0,0]",
	} {
		if got := run(t, named(t, "codes"), layer{data: []byte(s)}); got != nil {
			t.Errorf("%s: got %v", s, got)
		}
	}
}
