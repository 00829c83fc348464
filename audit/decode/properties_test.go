package decode

import (
	"strings"
	"testing"
)

func encodeProperties(data []byte) []byte {
	escaped := strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\t", `\t`).Replace(string(data))
	return []byte("# a comment\nfirst = 1\ndata=" + escaped + "\nlast : \\u00e9\\\n   x\n")
}

func FuzzProperties(f *testing.F) { contained(f, "properties") }

func TestProperties(t *testing.T) {
	parts := run(t, named(t, "properties"), layer{data: encodeProperties([]byte("a=b")), room: fuzzRoom})
	if !holds(parts, "properties:last", []byte("éx")) || !holds(parts, "properties-comment:1", []byte("a comment")) {
		t.Errorf("got %q", listed(parts))
	}
	for _, text := range []string{"https://example.org/a\nhttps://example.org/b", "two words\nmore of them", "a=b&c=d", "{\n\"a\": 1\n}"} {
		if isProperties(layer{data: []byte(text)}) {
			t.Errorf("%q are properties", text)
		}
	}
}
