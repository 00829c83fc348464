package decode

import (
	"bytes"
	"testing"

	"telltale/audit"
)

// declaredCharsets have text that each of them can write.
var declaredCharsets = map[string]string{
	"GBK": "今天天气", "gb18030": "今天😀", "Big5": "今天天氣", "Shift_JIS": "色は匂へど", "EUC-JP": "色は匂へど", "EUC-KR": "안녕하세요",
	"KOI8-R": "Съешь", "windows-1251": "Съешь", "windows-1252": "Ærø", "ISO-8859-1": "Ærø", "ISO-8859-15": "Ærø€",
	"UTF-16LE": "Ærø", "UTF-16BE": "Ærø", "IBM037": "https",
}

// encodeDeclared writes text in a charset.
func encodeDeclared(t testing.TB, charset, text string) []byte {
	t.Helper()
	out, err := encodingOf(charset).NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(charset, err)
	}
	return out
}

// A charset that the sender gives is believed: for the exhibit, in the part of
// a form, in a data URL, in an XML document, in a message.
func TestDeclared(t *testing.T) {
	for charset, text := range declaredCharsets {
		raw := encodeDeclared(t, charset, text)
		in := layer{step: "request.body", data: raw, media: "text/plain; charset=" + charset}
		if parts := run(t, named(t, "declared"), in); len(parts) != 1 || string(parts[0].data) != text {
			t.Errorf("%s: got %q", charset, listed(parts))
		}
		for name, tt := range map[string]struct{ step, head, tail string }{
			"multipart": {"part:t", "--x\r\nContent-Disposition: form-data; name=t\r\nContent-Type: text/plain; charset=" + charset + "\r\n\r\n", "\r\n--x--"},
			"data":      {"data", "data:text/plain;charset=" + charset + ",", ""},
			"message":   {"message:body", "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=\"" + charset + "\"\r\n\r\n", ""},
		} {
			doc := layer{data: []byte(tt.head + string(raw) + tt.tail), room: fuzzRoom}
			if parts := run(t, named(t, name), doc); !holds(parts, tt.step, []byte(text)) {
				t.Errorf("%s in %s: got %q", charset, name, listed(parts))
			}
		}
	}
}

// What is ASCII, what is not in the charset and what nobody declared stays.
func TestNotDeclared(t *testing.T) {
	for _, in := range []layer{
		{data: []byte("plain"), media: "text/plain; charset=gbk"},
		{data: []byte("Ærø"), media: "text/plain; charset=utf-8"},
		{data: []byte("\xc6r\xf8"), media: "text/plain"},
		{data: []byte("\xc6r\xf8"), media: "text/plain; charset=no-such-one"},
		{data: []byte("\xff\xff"), media: "text/plain; charset=gbk"},
		{data: []byte("\xc6r\xf8")},
	} {
		if parts := run(t, named(t, "declared"), in); len(parts) > 0 {
			t.Errorf("%q as %q: got %q", in.data, in.media, listed(parts))
		}
	}
}

// The charset of an exhibit is part of the way that a trail is replayed.
func TestExplainDeclared(t *testing.T) {
	raw := encodeDeclared(t, "GBK", "今天天气 honey")
	ex := audit.Exhibit{ID: "e1", Part: "request.body", Type: "text/plain; charset=GBK", Data: audit.NewSecret(raw)}
	f := audit.Finding{Trail: audit.Trail{"request.body", "charset:gbk"}, Spans: []audit.Span{{End: len(raw)}}}
	layers, err := Explain(ex, f)
	if err != nil || string(layers[1].Data.Reveal()) != "今天天气 honey" {
		t.Error(layers, err)
	}
}

// FuzzDeclared writes text in each charset that has all its characters, and
// reads it.
func FuzzDeclared(f *testing.F) {
	f.Add("今天天气 Ærø Съешь")
	f.Add("plain")
	f.Fuzz(func(t *testing.T, text string) {
		for charset := range declaredCharsets {
			in, err := encodingOf(charset).NewEncoder().Bytes([]byte(text))
			if back, errBack := encodingOf(charset).NewDecoder().Bytes(in); err != nil || errBack != nil || string(back) != text {
				continue // it has not all the characters
			}
			got := transcode(charset, in)
			if string(got) != text && !bytes.ContainsRune([]byte(text), '\ufffd') && text != "" {
				t.Errorf("%s: got %q, want %q", charset, got, text)
			}
		}
	})
}
