package decode

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"telltale/audit"
)

// run collects the parts of one decoder and holds them against what every
// decoder promises: ranges within the layer, and no more bytes than allowed.
func run(t *testing.T, d decoder, in layer) []part {
	t.Helper()
	var parts []part
	if !d.gate(in) {
		return nil
	}
	_ = d.decode(in, func(p part) bool {
		if p.span.Start < 0 || p.span.End < p.span.Start || p.span.End > len(in.data) {
			t.Errorf("%s: range %v of %d bytes", p.step, p.span, len(in.data))
		}
		if most := max(len(in.data)*4, int(in.room)); len(p.data) > most { // Ascii85 writes four zeros as one letter
			t.Errorf("%s: %d bytes, at most %d", p.step, len(p.data), most)
		}
		parts = append(parts, p)
		return true
	})
	return parts
}

// named returns the decoder of the table.
func named(t testing.TB, name string) decoder {
	for _, d := range decoders {
		if d.name == name {
			return d
		}
	}
	t.Fatal("no decoder ", name)
	return decoder{}
}

const fuzzRoom = 1 << 16

// whole returns the data of the part that was taken from all of the layer.
func whole(parts []part, in []byte) ([]byte, bool) {
	for _, p := range parts {
		if p.span == (audit.Span{End: len(in)}) {
			return p.data, true
		}
	}
	return nil, false
}

// FuzzDecoders runs every decoder on anything, and all of them together.
func FuzzDecoders(f *testing.F) {
	for _, s := range []string{
		`{"a":["b",1,"\u00e9"]}`, "{\"a\":1}\n{\"b\":2}", "https://example.org/a/b?c=d#e", "a=b&c=%41+d",
		"Host: a\r\nCookie: b=c; d\r\n", "aHR0cHM6Ly9leGFtcGxlLm9yZy8=", "68747470733a2f2f", "\x1f\x8b\x08\x00", "\x78\x9c", `["`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, step := range []string{"request.header", "header:cookie", "request.body"} {
			for _, d := range decoders {
				run(t, d, layer{step: step, data: in, room: fuzzRoom})
			}
		}
		lim := Limits{Depth: 5, Bytes: 1 << 20, Layers: 2000}
		layers, size := 0, 0
		for v, err := range Values(audit.Exhibit{ID: "e1", Part: "request.body", Data: audit.NewSecret(in)}, lim) {
			if err != nil {
				continue
			}
			if layers++; len(v.Trail) > 1 {
				size += v.Data.Len()
			}
			if len(v.Spans) != len(v.Trail)-1 {
				t.Errorf("%v has %d ranges", v.Trail, len(v.Spans))
			}
		}
		if layers > lim.Layers || size > int(lim.Bytes) {
			t.Errorf("%d layers of %d bytes", layers, size)
		}
	})
}

// FuzzJSON holds the scanner against encoding/json: a valid document gives the
// same values, and each range holds the value as it was written.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,true,{"b":"\ud83d\ude00\/"}]}`, `[[],{},"",null,-1e5]`, `"x"`, ` { "a" : 1 } `} {
		f.Add([]byte(s))
	}
	d := named(f, "json")
	f.Fuzz(func(t *testing.T, in []byte) {
		var doc any
		dec := json.NewDecoder(bytes.NewReader(in))
		dec.UseNumber()
		if !utf8.Valid(in) || !json.Valid(in) || dec.Decode(&doc) != nil {
			return // encoding/json replaces what is no UTF-8
		}
		got := make(map[string]bool)
		for _, p := range run(t, d, layer{data: in, room: fuzzRoom}) {
			got[string(p.data)] = true
		}
		for want := range scalars(doc) {
			if !got[want] && isJSON(layer{data: in}) {
				t.Errorf("%q is missing in %v", want, got)
			}
		}
	})
}

// scalars returns the strings and numbers of a document, the first 500 levels.
func scalars(doc any) map[string]bool {
	found := make(map[string]bool)
	var walk func(any, int)
	walk = func(v any, depth int) {
		switch v := v.(type) {
		case map[string]any:
			for _, e := range v {
				walk(e, depth+1)
			}
		case []any:
			for _, e := range v {
				walk(e, depth+1)
			}
		case string:
			if depth < 500 {
				found[v] = true
			}
		case json.Number:
			if depth < 500 {
				found[v.String()] = true
			}
		case bool:
			found[strconv.FormatBool(v)] = true
		}
	}
	walk(doc, 0)
	return found
}

// FuzzUnquote holds the escapes of JSON against encoding/json.
func FuzzUnquote(f *testing.F) {
	f.Add(`a\u00e9\ud83d\ude00\n\/`)
	f.Add(`\ud83d\u0041\\u0041`)
	f.Fuzz(func(t *testing.T, in string) {
		var want string
		if !utf8.ValidString(in) || json.Unmarshal([]byte(`"`+in+`"`), &want) != nil {
			return
		}
		if got := string(unquoteJSON([]byte(in))); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	})
}

// FuzzPercent holds the decoding against net/url, and the form with it.
func FuzzPercent(f *testing.F) {
	f.Add("a b&c=d/é?%", "value")
	f.Add("", "%zz")
	f.Fuzz(func(t *testing.T, name, value string) {
		if got := unescape([]byte(url.QueryEscape(value)), true); string(got) != value {
			t.Errorf("got %q, want %q", got, value)
		}
		if got := unescape([]byte(url.PathEscape(value)), false); string(got) != value {
			t.Errorf("got %q, want %q", got, value)
		}
		want, err := url.PathUnescape(value)
		if got := unescape([]byte(value), false); err == nil && string(got) != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
		if len(name) == 0 || len(value) == 0 || len(url.QueryEscape(name)) > maxName || value[0] == '=' {
			return
		}
		form := []byte("first=1&" + url.QueryEscape(name) + "=" + url.QueryEscape(value))
		parts := run(t, named(t, "form"), layer{data: form, room: fuzzRoom})
		if want := 2 + map[bool]int{false: 1}[plainName([]byte(name))]; len(parts) != want || string(parts[want-1].data) != value {
			t.Errorf("%q: %v", form, parts)
		}
	})
}

// FuzzURL holds the parts against net/url: each lies where it was taken from,
// and together they are the address.
func FuzzURL(f *testing.F) {
	f.Add("https://user@example.org:8/a//b%20c?d=e&f#g?h")
	f.Add("http://x?y")
	d := named(f, "url")
	f.Fuzz(func(t *testing.T, in string) {
		u, err := url.Parse(in)
		if err != nil || !isURL(layer{data: []byte(in)}) {
			return
		}
		var last part
		segments := 0
		for _, p := range run(t, d, layer{data: []byte(in), room: fuzzRoom}) {
			if at := in[p.span.Start:p.span.End]; p.step[:4] == "path" && at != string(p.data) {
				t.Errorf("%s is %q, and %q stands there", p.step, p.data, at)
			}
			if len(p.step) > 5 && p.step[:5] == "path:" {
				segments++
			}
			last = p
		}
		path := u.RawPath // as it was written, if that differs from how it would be
		if path == "" {
			path = u.EscapedPath()
		}
		if want := strings.Count(path, "/"); segments != max(want, 1) {
			t.Errorf("%q: %d segments, want %d", in, segments, want)
		}
		if u.Fragment != "" && (last.step != "fragment" || string(unescape(last.data, false)) != u.Fragment) {
			t.Errorf("%q: fragment %q, want %q", in, last.data, u.Fragment)
		}
	})
}

// FuzzHeader writes two fields and reads them.
func FuzzHeader(f *testing.F) {
	f.Add("Name", "value: of it")
	d := named(f, "header")
	f.Fuzz(func(t *testing.T, name, value string) {
		if bytes.ContainsAny([]byte(name+value), "\r\n:") || name == "" || bytes.ContainsAny([]byte(name[:1]), " \t") {
			return
		}
		value = string(bytes.Trim([]byte(value), jsonSpace))
		in := fmt.Appendf(nil, "Host: a\r\n%s: %s\r\n", name, value)
		parts := run(t, d, layer{step: "request.header", data: in, room: fuzzRoom})
		if len(parts) != 2 || string(parts[1].data) != value || string(in[parts[1].span.Start:parts[1].span.End]) != value {
			t.Errorf("%q: %v", in, parts)
		}
	})
}

// FuzzCookie writes two cookies and reads them.
func FuzzCookie(f *testing.F) {
	f.Add("name", "value=of it")
	d := named(f, "cookie")
	f.Fuzz(func(t *testing.T, name, value string) {
		if bytes.ContainsAny([]byte(name), "=;") || bytes.ContainsAny([]byte(value), ";") {
			return
		}
		if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' {
			return // quotes are no part of it
		}
		in := fmt.Appendf(nil, "a=b; %s=%s", name, value)
		parts := run(t, d, layer{step: "header:cookie", data: in, room: fuzzRoom})
		if len(parts) != 2 || string(parts[1].data) != value {
			t.Errorf("%q: %v", in, parts)
		}
	})
}

// FuzzBase64 decodes what encoding/base64 wrote, in four spellings. Digits are
// always decoded; a run is believed if text is in it.
func FuzzBase64(f *testing.F) {
	f.Add([]byte("a text that is long enough"))
	f.Add([]byte("\x1f\x8b\x08\x00 compressed"))
	d := named(f, "base64")
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			in := []byte(enc.EncodeToString(data))
			if got := fromBase64(in); !bytes.Equal(got, data) {
				t.Errorf("got %q, want %q", got, data)
			}
			if len(data) < 12 || len(data) > headSize/2 || !isText(data) {
				continue
			}
			got, ok := whole(run(t, d, layer{data: in, room: fuzzRoom}), in)
			if !ok || !bytes.Equal(got, data) {
				t.Errorf("%q: got %q, want %q", in, got, data)
			}
		}
	})
}

// FuzzHex decodes what encoding/hex wrote.
func FuzzHex(f *testing.F) {
	f.Add([]byte("eight or more"))
	d := named(f, "hex")
	f.Fuzz(func(t *testing.T, data []byte) {
		in := []byte(hex.EncodeToString(data))
		if got, ok := whole(run(t, d, layer{data: in, room: fuzzRoom}), in); len(in) >= minRun && (!ok || !bytes.Equal(got, data)) {
			t.Errorf("got %q, want %q", got, data)
		}
	})
}

// FuzzGzip reads what compress/gzip wrote up to the limit, and what is left of
// it when it is cut off.
func FuzzGzip(f *testing.F) {
	f.Add([]byte("some text, some text, some text"), uint(7))
	d := named(f, "gzip")
	f.Fuzz(func(t *testing.T, data []byte, cut uint) {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write(data)
		_ = w.Close()
		inflated(t, d, b.Bytes(), data, cut)
	})
}

// FuzzZlib is FuzzGzip for zlib.
func FuzzZlib(f *testing.F) {
	f.Add([]byte("some text, some text, some text"), uint(7))
	d := named(f, "zlib")
	f.Fuzz(func(t *testing.T, data []byte, cut uint) {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		_, _ = w.Write(data)
		_ = w.Close()
		inflated(t, d, b.Bytes(), data, cut)
	})
}

func inflated(t *testing.T, d decoder, in, data []byte, cut uint) {
	t.Helper()
	const room = 256
	parts := run(t, d, layer{data: in, room: room})
	if len(parts) > 1 || len(parts) == 1 && !bytes.Equal(parts[0].data, data[:min(len(data), room)]) {
		t.Errorf("got %v, want %q", parts, data)
	}
	short := in[:cut%uint(len(in))]
	for _, p := range run(t, d, layer{data: short, room: room}) {
		if !bytes.HasPrefix(data, p.data) {
			t.Errorf("cut off: got %q of %q", p.data, data)
		}
	}
}
