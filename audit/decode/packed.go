package decode

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// isPacked wants a field of a message in which numbers of one byte are packed
// (protobuf.dev/programming-guides/encoding, "Packed Repeated Fields"): those
// above 127 take two bytes, the second of which is one.
func isPacked(in layer) bool {
	return strings.HasPrefix(in.step, "protobuf:") && bytes.IndexByte(in.data, 1) > 0
}

// decodePacked gives the bytes that the numbers are, if they read well.
func decodePacked(in layer, emit func(part) bool) error {
	out := make([]byte, 0, len(in.data))
	for rest := in.data; len(rest) > 0; {
		value, n := binary.Uvarint(rest)
		if n <= 0 || value > 0xff || n > 1 && rest[n-1] == 0 {
			return nil
		}
		out, rest = append(out, byte(value)), rest[n:]
	}
	if len(out) < len(in.data) && (plain(out) || maybePacked(layer{step: "packed", data: out})) {
		emit(in.whole("packed", out))
	}
	return nil
}
