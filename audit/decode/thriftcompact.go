package decode

import (
	"encoding/binary"
	"math"
	"strconv"
)

// Types of the compact protocol
// (github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).
const (
	compactTrue   = 1
	compactFalse  = 2
	compactI8     = 3
	compactI16    = 4
	compactI32    = 5
	compactI64    = 6
	compactDouble = 7
	compactBinary = 8
	compactList   = 9
	compactSet    = 10
	compactMap    = 11
	compactStruct = 12
)

// isThriftCompact wants a message, perhaps with its length before it, or a
// struct, which ends with a zero byte.
func isThriftCompact(in layer) bool {
	if len(in.data) < minRun/2 {
		return false
	}
	kind := in.data[0] & 15
	return isCompactMessage(unframed(in.data)) ||
		in.data[len(in.data)-1] == thriftStop && in.data[0]>>4 != 0 && compactTrue <= kind && kind <= compactStruct
}

// isCompactMessage wants the number of the protocol, version 1, and one of the
// four types of message.
func isCompactMessage(data []byte) bool {
	return len(data) > 2 && data[0] == 0x82 && data[1]&0x1f == 1 && data[1]>>5-1 < 4
}

// decodeThriftCompact is decodeThrift for the compact protocol.
func decodeThriftCompact(in layer, emit func(part) bool) error {
	return walk(in, "thrift", emit, func(w *walker) error {
		r := compactReader{w}
		w.pos = len(w.data) - len(unframed(w.data))
		if isCompactMessage(w.data[w.pos:]) {
			return r.message()
		}
		w.pos = 0
		return r.fields()
	})
}

type compactReader struct{ *walker }

func (r compactReader) message() error {
	r.vouched = true
	r.pos += 2
	if _, err := r.varint(); err != nil { // number of the call
		return err
	}
	name, err := r.text()
	if err != nil {
		return err
	}
	if err := r.below([]byte("name"), 0, func() error { return r.leaf(name.data, name.span) }); err != nil {
		return err
	}
	return r.fields()
}

// fields reads a struct. The number of a field is given by how much it is more
// than the one before.
func (r compactReader) fields() error {
	return r.nested(func() error {
		for id := int64(0); ; {
			head, err := r.byte()
			if err != nil || head == thriftStop {
				return err
			}
			if delta := head >> 4; delta != 0 {
				id += int64(delta)
			} else if id, err = r.zigzag(); err != nil {
				return err
			}
			if id < math.MinInt16 || id > math.MaxInt16 {
				return errForeign
			}
			if err := r.item(int(id), func() error { return r.field(head & 15) }); err != nil {
				return err
			}
		}
	})
}

// field reads the value of a field. Its type says a truth value already.
func (r compactReader) field(kind byte) error {
	if kind == compactTrue || kind == compactFalse {
		return r.say(strconv.FormatBool(kind == compactTrue), r.pos-1)
	}
	return r.value(kind)
}

func (r compactReader) value(kind byte) error {
	start := r.pos
	switch kind {
	case compactTrue, compactFalse, compactI8:
		c, err := r.uint(1)
		if err != nil {
			return err
		}
		return r.say(strconv.FormatInt(signed(c, 1), 10), start)
	case compactI16, compactI32, compactI64:
		v, err := r.zigzag()
		if err != nil {
			return err
		}
		return r.say(strconv.FormatInt(v, 10), start)
	case compactDouble:
		b, err := r.take(8)
		if err != nil {
			return err
		}
		return r.say(formatFloat(math.Float64frombits(binary.LittleEndian.Uint64(b))), start)
	case compactBinary:
		p, err := r.text()
		if err != nil {
			return err
		}
		r.vouch(p.data)
		return r.leaf(p.data, p.span)
	case compactList, compactSet:
		return r.list()
	case compactMap:
		return r.members()
	case compactStruct:
		return r.fields()
	default:
		return errForeign
	}
}

// zigzag reads a signed number.
func (r compactReader) zigzag() (int64, error) {
	v, err := r.varint()
	return int64(v>>1) ^ -int64(v&1), err
}

func (r compactReader) text() (piece, error) {
	n, err := r.varint()
	if err != nil {
		return piece{}, err
	}
	b, err := r.take(n)
	return piece{b, r.since(r.pos - len(b))}, err
}

// list reads a byte with type and count, the latter up to 14.
func (r compactReader) list() error {
	head, err := r.byte()
	if err != nil {
		return err
	}
	n := uint64(head >> 4)
	if n == 15 {
		if n, err = r.varint(); err != nil {
			return err
		}
	}
	if n > r.left() {
		return errShort
	}
	return r.items(n, func() error { return r.value(head & 15) })
}

func (r compactReader) members() error {
	n, err := r.varint()
	if err != nil || n == 0 {
		return err
	}
	kinds, err := r.byte()
	if err != nil {
		return err
	}
	key, value := kinds>>4, kinds&15
	return r.pairs(n, pairReader{
		named: key == compactBinary,
		name:  r.text,
		key:   func() error { return r.value(key) },
		value: func() error { return r.value(value) },
	})
}
