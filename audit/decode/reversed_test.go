package decode

import (
	"bytes"
	"encoding/base64"
	"testing"
	"unicode/utf8"
)

// FuzzReversed reads addresses backwards, and reverses any text twice.
func FuzzReversed(f *testing.F) {
	f.Add([]byte("ä你😀"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if twice := backwards(backwards(data)); utf8.Valid(data) && !bytes.Equal(twice, data) {
			t.Errorf("%q became %q", data, twice)
		}
		text := append([]byte("https://example.org/?"), letters(data)...)
		if in := backwards(text); !telling(in) {
			roundTrip(t, "reversed", layer{data: in}, "reversed", text)
		}
	})
}

func TestReversed(t *testing.T) {
	for _, s := range []string{
		"jane.doe@mail.example", `{"a":"b","c":[1,2]}`,
		base64.StdEncoding.EncodeToString([]byte(`{"user":"jane","id":"4f2a9c1e77b0"}`)),
		base64.StdEncoding.EncodeToString([]byte("user=jane&page=12&id=4f2a")),
		"68747470733a2f2f6578616d706c652e6f72672f61",
	} {
		roundTrip(t, "reversed", layer{data: backwards([]byte(s))}, "reversed", []byte(s))
		if got := run(t, named(t, "reversed"), layer{data: []byte(s)}); got != nil {
			t.Errorf("%s: got %v", s, got)
		}
	}
}
