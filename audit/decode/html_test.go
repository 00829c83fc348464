package decode

import (
	"fmt"
	"html"
	"testing"
)

// toHTML writes each character as a number, every third in decimal.
func toHTML(in []byte) []byte {
	var out []byte
	for i, r := range []rune(string(in)) {
		if i%3 == 0 {
			out = fmt.Appendf(out, "&#%d;", r)
		} else {
			out = fmt.Appendf(out, "&#x%x;", r)
		}
	}
	return out
}

// FuzzHTML reads what html.EscapeString and the encoder wrote.
func FuzzHTML(f *testing.F) {
	f.Add([]byte(`<a href="b">&c</a>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = letters(data)
		roundTrip(t, "html", layer{data: toHTML(data)}, "html", data)
		if escaped := html.EscapeString(string(data)); escaped != string(data) {
			roundTrip(t, "html", layer{data: []byte(escaped)}, "html", data)
		}
	})
}
