package decode

import (
	"encoding/binary"
	"slices"
	"strconv"

	"telltale/audit"
)

// The wire types of protocol buffers
// (protobuf.dev/programming-guides/encoding). A group is a message between two
// tags.
const (
	wireVarint   = 0
	wire64       = 1
	wireBytes    = 2
	wireGroup    = 3
	wireGroupEnd = 4
	wire32       = 5
)

// minProtobuf is the least length of a message that is taken for one: almost
// any two bytes parse.
const minProtobuf = 4

// maxField bounds the number of a field. Real schemas stay far below what the
// format allows; a number above needs text of some length to be believed.
const (
	maxField   = 1 << 16
	maxFieldOf = 1<<29 - 1
)

// maxGroups is how deep groups may stand in each other.
const maxGroups = 16

func isProtobuf(in layer) bool {
	if len(in.data) < minProtobuf {
		return false
	}
	tag := in.data[0]
	return tag>>3 != 0 && (tag&7 <= wireGroup || tag&7 == wire32) && !isText(in.data)
}

// decodeProtobuf reads a message without its schema. Each field is a part with
// its number as name: of bytes the content, of numbers without a fixed size the
// value in decimal, of fixed ones the bytes, of a group the message. Nothing marks a message, so it is
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
		p, n := protobufField(data[at:], 0)
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

// protobufField reads one field and its length, 0 if there is none, within so
// many groups.
func protobufField(data []byte, groups int) (part, int) {
	tag, n := shortVarint(data)
	field, wire := tag>>3, tag&7
	if n == 0 || field == 0 || field > maxField && (field > maxFieldOf || wire != wireBytes) {
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
	case wireGroup:
		inside, used := protobufGroup(content, field, groups+1)
		if used == 0 {
			return part{}, 0
		}
		return part{step, content[:inside], audit.Span{Start: n, End: n + inside}}, n + used
	default:
		return part{}, 0
	}
	if size > uint64(len(content)-skip) {
		return part{}, 0
	}
	start := n + skip
	end := start + int(size)
	if field > maxField && (size < minRun/2 || !isText(data[start:end])) {
		return part{}, 0
	}
	return part{step, data[start:end], audit.Span{Start: start, End: end}}, end
}

// protobufGroup returns the length of the message in a group, and the length of
// it with the tag that ends it, 0 if there is none.
func protobufGroup(data []byte, field uint64, groups int) (inside, used int) {
	for at := 0; groups <= maxGroups && at < len(data); {
		if tag, n := shortVarint(data[at:]); n > 0 && tag == field<<3|wireGroupEnd {
			return at, at + n
		}
		_, n := protobufField(data[at:], groups)
		if n == 0 {
			break
		}
		at += n
	}
	return 0, 0
}

// shortVarint reads a number in its shortest form, with length 0 if it is not.
func shortVarint(data []byte) (uint64, int) {
	value, n := binary.Uvarint(data)
	if n <= 0 || (n > 1 && data[n-1] == 0) {
		return 0, 0
	}
	return value, n
}
