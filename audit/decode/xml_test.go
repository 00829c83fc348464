package decode

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func escapedXML(data []byte) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, data)
	return b.String()
}

func encodeXML(data []byte) []byte {
	return []byte(`<?xml version="1.0"?><a n="1"><x/><b>` + escapedXML(data) + "</b></a>")
}

func encodeXMLAttribute(data []byte) []byte {
	return []byte("<a>\n <b c=\"" + escapedXML(data) + "\" d='2'/>\n</a>\n")
}

func FuzzXML(f *testing.F) { contained(f, "xml") }

// FuzzXMLTexts holds the scanner against encoding/xml: the texts and attributes
// of a document that the latter reads to its end are all there.
func FuzzXMLTexts(f *testing.F) {
	f.Add([]byte(`<a b="c&amp;d"> e<f>g</f><!-- h --><![CDATA[i<j]]>&#x6b;</a>`))
	f.Add([]byte(`<plist><dict><key>k</key><true/></dict></plist>`))
	d := named(f, "xml")
	f.Fuzz(func(t *testing.T, in []byte) {
		if bytes.ContainsAny(in, "\r") || bytes.Contains(in, []byte("<!")) || len(in) > 1000 {
			return
		}
		want, ok := xmlTexts(in)
		if !ok || len(want) == 0 || !isXML(layer{data: in}) {
			return
		}
		var got strings.Builder
		for _, p := range run(t, d, layer{data: in, room: fuzzRoom}) {
			got.Write(p.data)
			got.WriteByte('\n')
		}
		for _, text := range want {
			if !strings.Contains(got.String(), text) {
				t.Errorf("%q: no %q in %q", in, text, got.String())
			}
		}
	})
}

// xmlTexts returns what encoding/xml finds in a document of elements with ASCII
// names that are all ended.
func xmlTexts(in []byte) (texts []string, ok bool) {
	add := func(s string) {
		if s = strings.Trim(s, jsonSpace); s != "" {
			texts = append(texts, s)
		}
	}
	d := xml.NewDecoder(bytes.NewReader(in))
	for {
		token, err := d.Token()
		if err != nil {
			return texts, ok && errors.Is(err, io.EOF)
		}
		switch token := token.(type) {
		case xml.StartElement:
			ok = true
			if strings.ContainsFunc(token.Name.Local+token.Name.Space, func(r rune) bool { return r > '~' }) {
				return nil, false
			}
			for _, a := range token.Attr {
				if strings.ContainsFunc(a.Name.Local+a.Name.Space, func(r rune) bool { return r > '~' }) {
					return nil, false
				}
				add(a.Value)
			}
		case xml.CharData:
			add(string(token))
		}
	}
}

// Entities that a document declares are refused, and cost nothing.
func TestXMLBomb(t *testing.T) {
	bomb := `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;&c;<d>text</d></a>`
	var parts []part
	err := decodeXML(layer{data: []byte(bomb)}, func(p part) bool {
		parts = append(parts, p)
		return true
	})
	if err == nil || !strings.Contains(err.Error(), "not expanded") {
		t.Errorf("got error %v", err)
	}
	if !holds(parts, "xml:/a", []byte("&c;&c;")) || !holds(parts, "xml:/a/d", []byte("text")) {
		t.Errorf("got %q", listed(parts))
	}
	if err := decodeXML(layer{data: []byte(strings.Repeat("<a>", 1000000))}, func(part) bool { return true }); err == nil {
		t.Error("a million deep: no error")
	}
}
