package decode

import (
	"bytes"
	"fmt"
	"mime/quotedprintable"
	"testing"
)

// toQuoted writes every byte as an escape.
func toQuoted(in []byte) []byte {
	var out []byte
	for _, c := range in {
		out = fmt.Appendf(out, "=%02X", c)
	}
	return out
}

// FuzzQuoted reads what mime/quotedprintable and the encoder wrote.
func FuzzQuoted(f *testing.F) {
	f.Add([]byte("https://example.org/?q=a+b&p=ä你 and so on, so that the line is more than 76 characters long"))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = letters(data)
		roundTrip(t, "quoted-printable", layer{data: toQuoted(data)}, "quoted-printable", data)
		var b bytes.Buffer
		w := quotedprintable.NewWriter(&b)
		_, _ = w.Write(data)
		_ = w.Close()
		roundTrip(t, "quoted-printable", layer{data: b.Bytes()}, "quoted-printable", data)
	})
}

// Forms are not quoted-printable.
func TestNotQuoted(t *testing.T) {
	for _, s := range []string{"page=20&width=40", "crc=160049589", "a=", "id=ab12cd34", "q=A1", "x=ff00ff00ff00ff00"} {
		if got := run(t, named(t, "quoted-printable"), layer{data: []byte(s)}); got != nil {
			t.Errorf("%s: got %v", s, got)
		}
	}
}
