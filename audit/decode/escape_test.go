package decode

import (
	"fmt"
	"strconv"
	"testing"
	"unicode/utf8"
)

// toEscape writes each byte in octal or in hexadecimal.
func toEscape(in []byte) []byte {
	var out []byte
	for i, c := range in {
		if i%2 == 0 {
			out = fmt.Appendf(out, `\x%02x`, c)
		} else {
			out = fmt.Appendf(out, `\%03o`, c)
		}
	}
	return out
}

// FuzzEscape reads what strconv.QuoteToASCII and the encoder wrote, and agrees
// with strconv.Unquote on text.
func FuzzEscape(f *testing.F) {
	f.Add([]byte(`a\u00e9\U0001f600\x41\101\n`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if want, err := strconv.Unquote(`"` + string(data) + `"`); err == nil && utf8.Valid(data) {
			for _, p := range run(t, named(t, "escape"), layer{data: data}) {
				if string(p.data) != want {
					t.Errorf("%q: got %q, want %q", data, p.data, want)
				}
			}
		}
		data = letters(data)
		quoted := strconv.QuoteToASCII(string(data))
		roundTrip(t, "escape", layer{data: []byte(quoted[1 : len(quoted)-1])}, "escape", data)
		roundTrip(t, "escape", layer{data: toEscape(data)}, "escape", data)
	})
}

// JavaScript writes characters beyond the first 65536 in braces.
func TestEscapeBraces(t *testing.T) {
	roundTrip(t, "escape", layer{data: []byte(`\u{1f600}\u{41}\/`)}, "escape", []byte("😀A/"))
}
