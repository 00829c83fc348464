package decode

import (
	"encoding/binary"
	"slices"
	"strconv"

	"telltale/audit"
)

// The wire types of protocol buffers
// (protobuf.dev/programming-guides/encoding). Groups, types 3 and 4, have been
// out of use since 2008 and would make any text with brackets a candidate.
const (
	wireVarint = 0
	wire64     = 1
	wireBytes  = 2
	wire32     = 5
)

// minProtobuf is the least length of a message that is taken for one: almost
// any two bytes parse.
const minProtobuf = 4

// maxField bounds the number of a field. The format allows 2^29-1, real
// schemas stay far below.
const maxField = 1 << 16

func isProtobuf(in layer) bool {
	if len(in.data) < minProtobuf {
		return false
	}
	tag := in.data[0]
	return tag>>3 != 0 && (tag&7 <= wireBytes || tag&7 == wire32) && !isText(in.data)
}

// decodeProtobuf reads a message without its schema. Each field is a part with
// its number as name: of bytes the content, of numbers without a fixed size the
// value in decimal, of fixed ones the bytes. Nothing marks a message, so it is
// one only if it can be read to its last byte, every number in its shortest form.
func decodeProtobuf(in layer, emit func(part) bool) error {
	for _, p := range protobufFields(in.data) {
		if !emit(p) {
			return nil
		}
	}
	return nil
}

// isMessage reports whether data is a message with a field of some length:
// that is hardly ever so by chance.
func isMessage(data []byte) bool {
	return slices.ContainsFunc(protobufFields(data), func(p part) bool { return p.span.Len() >= minRun/2 })
}

// protobufFields returns the fields of a message, none if data is no message.
func protobufFields(data []byte) (fields []part) {
	for at := 0; at < len(data); {
		p, n := protobufField(data[at:])
		if n == 0 {
			return nil
		}
		p.span.Start += at
		p.span.End += at
		fields = append(fields, p)
		at += n
	}
	return fields
}

// protobufField reads one field and its length, 0 if there is none.
func protobufField(data []byte) (part, int) {
	tag, n := shortVarint(data)
	field, wire := tag>>3, tag&7
	if n == 0 || field == 0 || field > maxField {
		return part{}, 0
	}
	step := "protobuf:" + strconv.FormatUint(field, 10)
	content, skip := data[n:], 0
	size := uint64(0)
	switch wire {
	case wireVarint:
		value, used := shortVarint(content)
		if used == 0 {
			return part{}, 0
		}
		return part{step, strconv.AppendUint(nil, value, 10), audit.Span{Start: n, End: n + used}}, n + used
	case wire64:
		size = 8
	case wire32:
		size = 4
	case wireBytes:
		if size, skip = shortVarint(content); skip == 0 {
			return part{}, 0
		}
	default:
		return part{}, 0
	}
	if size > uint64(len(content)-skip) {
		return part{}, 0
	}
	start := n + skip
	end := start + int(size)
	return part{step, data[start:end], audit.Span{Start: start, End: end}}, end
}

// shortVarint reads a number in its shortest form, with length 0 if it is not.
func shortVarint(data []byte) (uint64, int) {
	value, n := binary.Uvarint(data)
	if n <= 0 || (n > 1 && data[n-1] == 0) {
		return 0, 0
	}
	return value, n
}
