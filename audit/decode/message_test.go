package decode

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"mime/quotedprintable"
	"net/textproto"
	"testing"
)

func encodeRequest(data []byte) []byte {
	return append(fmt.Appendf(nil, "POST /p?a=b HTTP/1.1\r\nHost: a.test\r\nContent-Length: %d\r\n\r\n", len(data)), data...)
}

func encodeAnswer(data []byte) []byte {
	return append([]byte("HTTP/1.1 200 OK\r\nServer: a\r\n\r\n"), data...)
}

func encodeMail(data []byte) []byte {
	return []byte("From: a@b.test\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString(data) + "\r\n")
}

// encodeQuotedPart is a form whose field is quoted-printable.
func encodeQuotedPart(data []byte) []byte {
	var b bytes.Buffer
	b.WriteString("--xx\r\nContent-Disposition: form-data; name=\"data\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	w := quotedprintable.NewWriter(&b)
	w.Binary = true
	_, _ = w.Write(data)
	_ = w.Close()
	b.WriteString("\r\n--xx--\r\n")
	return b.Bytes()
}

func FuzzRawMessage(f *testing.F) { contained(f, "message") }

// FuzzFields holds the fields of a header against net/textproto, as far as that
// takes them.
func FuzzFields(f *testing.F) {
	f.Add([]byte("Host: a\r\nX-Y:b\r\n c\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		in = append(bytes.ReplaceAll(in, []byte("\n\n"), nil), "\r\n\r\n"...)
		want, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(in))).ReadMIMEHeader()
		if err != nil || len(want) == 0 {
			return
		}
		got := make(map[string][]string)
		end := bytes.Index(in, []byte("\r\n\r\n"))
		for f := range fields(piece{data: in[:end]}) {
			name := textproto.CanonicalMIMEHeaderKey(string(f.name))
			got[name] = append(got[name], string(bytes.Join(bytes.Fields(f.value.data), []byte(" "))))
		}
		for name, values := range want {
			for _, v := range values {
				v = string(bytes.Join(bytes.Fields([]byte(v)), []byte(" ")))
				if !bytes.Contains(fmt.Append(nil, got[name]), []byte(v)) {
					t.Errorf("%q: %s is %q, want %q", in, name, got[name], v)
				}
			}
		}
	})
}

// A folded field is one value, and the text of a user and a password is read
// however short it is.
func TestHeaderFields(t *testing.T) {
	in := []byte("X-Long: one\r\n\ttwo\r\nX-None:three\r\n:path: /a?b=c\r\n")
	parts := run(t, named(t, "header"), layer{step: "request.header", data: in})
	for step, want := range map[string]string{"header:X-Long": "one\ttwo", "header:X-None": "three", "header::path": "/a?b=c"} {
		if !holds(parts, step, []byte(want)) {
			t.Errorf("%s: no %q in %q", step, want, listed(parts))
		}
	}
	basic := layer{step: "header:Authorization", data: []byte("Basic bWU6cHc=")}
	if got := run(t, named(t, "authorization"), basic); !holds(got, "base64", []byte("me:pw")) {
		t.Errorf("got %q", listed(got))
	}
}

// FuzzBasic reads what a browser would write.
func FuzzBasic(f *testing.F) {
	f.Add([]byte("me:pw"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 0 {
			in := layer{step: "header:authorization", data: []byte("Basic " + base64.StdEncoding.EncodeToString(data))}
			roundTrip(t, "authorization", in, "base64", data)
		}
	})
}
