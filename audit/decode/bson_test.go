package decode

import (
	"encoding/binary"
	"testing"
)

// bsonOf writes a document of elements.
func bsonOf(elements string) []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(elements)+5))
	return append(append(out, elements...), 0)
}

func encodeBSON(data []byte) []byte {
	size := string(binary.LittleEndian.AppendUint32(nil, uint32(len(data))))
	inner := string(bsonOf("\x100\x00\xff\xff\xff\xff\x081\x00\x01"))
	return bsonOf("\x04list\x00" + inner + "\x05data\x00" + size + "\x00" + string(data) + "\x02t\x00\x03\x00\x00\x00ab\x00")
}

func FuzzBSON(f *testing.F) { contained(f, "bson") }

func TestBSON(t *testing.T) {
	parts := run(t, named(t, "bson"), layer{data: encodeBSON([]byte("x")), room: fuzzRoom})
	if !holds(parts, "bson:/list/0", []byte("-1")) || !holds(parts, "bson:/list/1", []byte("true")) || !holds(parts, "bson:/t", []byte("ab")) {
		t.Errorf("got %q", listed(parts))
	}
}
