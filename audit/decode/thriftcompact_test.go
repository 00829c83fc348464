package decode

import (
	"encoding/binary"
	"testing"
)

func compactText(s string) string {
	return string(binary.AppendUvarint(nil, uint64(len(s)))) + s
}

// encodeThriftCompact is encodeThrift in the compact protocol.
func encodeThriftCompact(data []byte) []byte {
	return []byte("\x18" + compactText("com.example.app") + "\x18" + compactText(string(data)) +
		"\x1b\x01\x89" + compactText("k") + "\x15\x03" + "\x11" + "\x00")
}

func FuzzThriftCompact(f *testing.F) { contained(f, "thrift-compact") }

func TestThriftCompact(t *testing.T) {
	d := named(t, "thrift-compact")
	parts := run(t, d, layer{data: encodeThriftCompact([]byte("x")), room: fuzzRoom})
	if !holds(parts, "thrift:/3/k/0", []byte("-2")) || !holds(parts, "thrift:/4", []byte("true")) {
		t.Errorf("got %q", listed(parts))
	}
	parts = run(t, d, layer{data: []byte("\x82\x21\x07" + compactText("send") + "\x16\x0a\x00"), room: fuzzRoom})
	if !holds(parts, "thrift:/name", []byte("send")) || !holds(parts, "thrift:/1", []byte("5")) {
		t.Errorf("got %q", listed(parts))
	}
}
