package decode

import (
	"encoding/binary"
	"testing"
)

func thriftText(s string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) + s
}

// encodeThrift writes a struct with a text, the data, and a map with a list.
func encodeThrift(data []byte) []byte {
	return []byte("\x0b\x00\x01" + thriftText("com.example.app") + "\x0b\x00\x02" + thriftText(string(data)) +
		"\x0d\x00\x03\x0b\x0f\x00\x00\x00\x01" + thriftText("k") + "\x08\x00\x00\x00\x01\xff\xff\xff\xfe" + "\x00")
}

func FuzzThrift(f *testing.F) { contained(f, "thrift") }

func TestThrift(t *testing.T) {
	d := named(t, "thrift")
	parts := run(t, d, layer{data: encodeThrift([]byte("x")), room: fuzzRoom})
	if !holds(parts, "thrift:/1", []byte("com.example.app")) || !holds(parts, "thrift:/3/k/0", []byte("-2")) {
		t.Errorf("got %q", listed(parts))
	}
	call := "\x80\x01\x00\x01" + thriftText("send") + "\x00\x00\x00\x07\x0a\x00\x01\x00\x00\x00\x00\x00\x00\x00\x05\x00"
	parts = run(t, d, layer{data: []byte(thriftText(call)), room: fuzzRoom})
	if !holds(parts, "thrift:/name", []byte("send")) || !holds(parts, "thrift:/1", []byte("5")) {
		t.Errorf("got %q", listed(parts))
	}
}
