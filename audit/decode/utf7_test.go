package decode

import (
	"encoding/base64"
	"testing"
	"unicode/utf16"
)

// toUTF7 writes letters and digits directly, the rest shifted.
func toUTF7(in []byte) []byte {
	var out []byte
	for _, r := range string(in) {
		if r < 128 && (isAlnum(byte(r)) || r == '/' || r == '.') {
			out = append(out, byte(r))
			continue
		}
		var units []byte
		for _, u := range utf16.Encode([]rune{r}) {
			units = append(units, byte(u>>8), byte(u))
		}
		out = append(out, "+"+base64.RawStdEncoding.EncodeToString(units)+"-"...)
	}
	return out
}

// FuzzUTF7 reads what the encoder wrote.
func FuzzUTF7(f *testing.F) {
	f.Add([]byte("ä你😀+-"))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = append([]byte("https://example.org/?"), letters(data)...)
		roundTrip(t, "utf7", layer{data: toUTF7(data)}, "utf7", data)
	})
}

func TestNotUTF7(t *testing.T) {
	for _, s := range []string{"+4917012345678", "a+b-c+d", "C++11 and more", "text+AAAA-more"} {
		if got := run(t, named(t, "utf7"), layer{data: []byte(s)}); got != nil {
			t.Errorf("%s: got %v", s, got)
		}
	}
}
