package decode

import (
	"encoding/binary"
	"strings"
	"testing"
)

// plist writes objects, the first one being the root, with four bytes for each
// offset and one for each reference.
func plist(objects ...string) []byte {
	out := []byte("bplist00")
	var table []byte
	for _, o := range objects {
		table = binary.BigEndian.AppendUint32(table, uint32(len(out)))
		out = append(out, o...)
	}
	start := len(out)
	out = append(append(out, table...), 0, 0, 0, 0, 0, 0, 4, 1)
	for _, n := range []int{len(objects), 0, start} {
		out = binary.BigEndian.AppendUint64(out, uint64(n))
	}
	return out
}

// encodePlist writes {"n": [true, 513], "data": data, "again": data}.
func encodePlist(data []byte) []byte {
	size := string(binary.BigEndian.AppendUint32([]byte{0x4f, 0x12}, uint32(len(data))))
	return plist("\xd2\x01\x02\x03\x04", "\x51n", "\x54data", "\xa2\x05\x06", size+string(data), "\x09", "\x11\x02\x01")
}

func FuzzBinaryPlist(f *testing.F) { contained(f, "plist") }

func TestBinaryPlist(t *testing.T) {
	d := named(t, "plist")
	parts := run(t, d, layer{data: encodePlist([]byte("x")), room: fuzzRoom})
	if !holds(parts, "plist:/n/0", []byte("true")) || !holds(parts, "plist:/n/1", []byte("513")) {
		t.Errorf("got %q", listed(parts))
	}
	parts = run(t, d, layer{data: plist("\xa2\x01\x01", "\x63\x4f\x60\xd8\x3d\xde\x00"), room: fuzzRoom})
	if !holds(parts, "plist:/1", []byte("你😀")) {
		t.Errorf("got %q", listed(parts))
	}
}

// Lists that refer to the next one twice, forty deep, are read once.
func TestPlistBomb(t *testing.T) {
	var objects []string
	for i := range 40 {
		objects = append(objects, "\xa2"+strings.Repeat(string([]byte{byte(i + 1)}), 2))
	}
	if parts := run(t, named(t, "plist"), layer{data: plist(append(objects, "\x53abc")...), room: fuzzRoom}); len(parts) != 2 {
		t.Errorf("%d parts", len(parts))
	}
}
