package decode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// FuzzPairs reads what stands between each separator, quoted and not.
func FuzzPairs(f *testing.F) {
	f.Add("name", "value of it")
	d := named(f, "pairs")
	f.Fuzz(func(t *testing.T, name, value string) {
		run(t, d, layer{data: []byte(value)})
		value = strings.Trim(value, jsonSpace+`"=`)
		if !isFieldName([]byte(name)) || len(name) > maxName || value == "" || strings.ContainsAny(value, pairSeparators) {
			return
		}
		for _, format := range []string{"a=b; %s=%s", "a=b;%s=%s;", "a=b,%s=%s", "a=b|%s=%s", "Digest a=b, %s=\"%s\""} {
			in := layer{data: fmt.Appendf(nil, format, name, value)}
			if parts := run(t, d, in); len(parts) != 2 || string(parts[1].data) != value || parts[1].step != "pairs:"+name {
				t.Errorf("%q: got %q", in.data, listed(parts))
			}
		}
		if strings.Contains(value, "&") {
			return // another separator of addresses
		}
		matrix := layer{step: "path:1", data: fmt.Appendf(nil, "page;%s=%s", name, value)}
		if parts := run(t, d, matrix); len(parts) != 1 || string(parts[0].data) != value {
			t.Errorf("%q: got %q", matrix.data, listed(parts))
		}
	})
}

// FuzzJSONInText finds a document behind what scripts and protocols put there.
func FuzzJSONInText(f *testing.F) {
	f.Add([]byte(`{"a":["b",1]}`))
	d := named(f, "json-in")
	f.Fuzz(func(t *testing.T, doc []byte) {
		run(t, d, layer{data: doc})
		if !json.Valid(doc) || bytes.IndexAny(doc, "{[") != 0 || (&jsonScanner{data: doc}).value() != nil {
			return
		}
		s := jsonScanner{data: doc}
		if err := s.value(); err != nil || s.leaves == 0 || !opensJSON(doc) {
			return
		}
		doc = bytes.TrimRight(doc, jsonSpace)
		for _, format := range []string{"callback(%s);", "var x = %s;", ")]}'\n%s", "42%s", "while(1);%s", "a%s"} {
			roundTrip(t, "json-in", layer{data: fmt.Appendf(nil, format, doc)}, "json-in", doc)
		}
	})
}

// FuzzEventStream writes two events, the second in lines.
func FuzzEventStream(f *testing.F) {
	f.Add("one", "two\nlines")
	d := named(f, "sse")
	f.Fuzz(func(t *testing.T, one, two string) {
		run(t, d, layer{data: []byte(one)})
		if strings.ContainsAny(one, "\r\n") || strings.Contains(two, "\r") || two == "" {
			return
		}
		in := layer{data: []byte("event: page\ndata: " + one + "\n\nid: 7\ndata: " + strings.ReplaceAll(two, "\n", "\ndata: ") + "\n\n")}
		parts := run(t, d, in)
		if !holds(parts, "sse:0/data", []byte(one)) || !holds(parts, "sse:1/data", []byte(two)) || !holds(parts, "sse:0/event", []byte("page")) {
			t.Errorf("%q: got %q", in.data, listed(parts))
		}
	})
}

// FuzzScriptObject writes an object as scripts do and reads it.
func FuzzScriptObject(f *testing.F) {
	f.Add("name", "it's \"so\"")
	d := named(f, "json")
	f.Fuzz(func(t *testing.T, name, value string) {
		for _, r := range name {
			if r >= 0x80 || !isAlnum(byte(r)) {
				return
			}
		}
		if name == "" || value == "" || !isPlainText(value) {
			return
		}
		quoted := "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(value) + "'"
		in := layer{data: []byte("\ufeff{ // one\n" + name + ": " + quoted + ", /* two */ 'b': 1, }")}
		parts := run(t, d, in)
		if len(name) <= maxName && !holds(parts, "json:/"+name, []byte(value)) || !holds(parts, "json:/b", []byte("1")) {
			t.Errorf("%q: got %q", in.data, listed(parts))
		}
	})
}

func isPlainText(s string) bool {
	return isText([]byte(s)) && !strings.ContainsAny(s, "\r\n\ufffd")
}

// A document of another charset says so, and so does a field of a form.
func TestDeclaredInside(t *testing.T) {
	raw := string(encodeDeclared(t, "GBK", "今天天气"))
	for _, tt := range []struct {
		name, step string
		in         layer
	}{
		{"xml", "xml:/a", layer{data: []byte(`<?xml version="1.0" encoding="GBK"?><a>` + raw + `</a>`)}},
		{"xml", "xml:/a/@b", layer{data: []byte(`<?xml version='1.0' encoding='gbk'?><a b="` + raw + `">x</a>`)}},
		{"xml", "xml:/html/p", layer{data: []byte(`<html><meta charset=gbk><p>` + raw + `</p></html>`)}},
		{"form", "form:t", layer{data: []byte("a=b&t=" + string(percentAll([]byte(raw)))), media: "application/x-www-form-urlencoded; charset=GBK"}},
	} {
		if parts := run(t, named(t, tt.name), tt.in); !holdsBelow(parts, tt.step, "今天天气") {
			t.Errorf("%q: got %q", tt.in.data, listed(parts))
		}
	}
}

// holdsBelow is holds for a step or one below it.
func holdsBelow(parts []part, step, text string) bool {
	for _, p := range parts {
		if strings.HasPrefix(p.step, step[:strings.LastIndexAny(step, "/:")]) && string(p.data) == text {
			return true
		}
	}
	return false
}

func percentAll(in []byte) []byte {
	var out []byte
	for _, c := range in {
		out = fmt.Appendf(out, "%%%02X", c)
	}
	return out
}

// Words, lists and padded digits are no pairs, and text with brackets no JSON.
func TestNotPairs(t *testing.T) {
	for _, in := range []string{
		"text/html, application/xml;q=0.9", "a = b", "x=1", "aGVsbG8=,d29ybGQ=", "see a=b, and c", "say [hello]", "array[1] = 2", "f(x) {y}", "a {b}",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 [en]", "data: hello", "id: 7\nname: x",
	} {
		for _, name := range []string{"pairs", "json-in", "sse"} {
			if parts := run(t, named(t, name), layer{data: []byte(in)}); len(parts) > 0 {
				t.Errorf("%q: got %q", in, listed(parts))
			}
		}
	}
}
