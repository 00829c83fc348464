package decode

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
)

// Types of the binary protocol
// (github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md).
const (
	thriftStop   = 0
	thriftBool   = 2
	thriftI8     = 3
	thriftDouble = 4
	thriftI16    = 6
	thriftI32    = 8
	thriftI64    = 10
	thriftString = 11
	thriftStruct = 12
	thriftMap    = 13
	thriftSet    = 14
	thriftList   = 15
)

// isThrift wants a message, perhaps with its length before it, or a struct of
// the binary protocol, which ends with a zero byte.
func isThrift(in layer) bool {
	if len(in.data) < minRun/2 {
		return false
	}
	return isThriftMessage(unframed(in.data)) || in.data[len(in.data)-1] == thriftStop && thriftSizes[in.data[0]] > 0 && in.data[1] < 0x80
}

// isThriftMessage wants version 1 and one of the four types of message.
func isThriftMessage(data []byte) bool {
	return bytes.HasPrefix(data, []byte{0x80, 1, 0}) && len(data) > 3 && data[3]-1 < 4
}

// unframed takes the length off that stands before a message in a stream.
func unframed(data []byte) []byte {
	if len(data) > 4 && int64(binary.BigEndian.Uint32(data)) == int64(len(data)-4) {
		return data[4:]
	}
	return data
}

// decodeThrift gives strings as they are, and numbers as text, each under the
// number of its field.
func decodeThrift(in layer, emit func(part) bool) error {
	return walk(in, "thrift", emit, func(w *walker) error {
		r := thriftReader{w}
		w.pos = len(w.data) - len(unframed(w.data))
		if isThriftMessage(w.data[w.pos:]) {
			return r.message()
		}
		w.pos = 0
		return r.fields()
	})
}

type thriftReader struct{ *walker }

// message reads the name of a call and its arguments.
func (r thriftReader) message() error {
	r.vouched = true
	r.pos += 4
	n, err := r.uint(4)
	if err != nil {
		return err
	}
	name, err := r.take(n)
	if err != nil {
		return err
	}
	if err := r.below([]byte("name"), 0, func() error { return r.str(name) }); err != nil {
		return err
	}
	if _, err := r.take(4); err != nil {
		return err
	}
	return r.fields()
}

// fields reads a struct: for each field its type, its number and its value.
func (r thriftReader) fields() error {
	return r.nested(func() error {
		for {
			kind, err := r.byte()
			if err != nil || kind == thriftStop {
				return err
			}
			id, err := r.uint(2)
			if err != nil {
				return err
			}
			number := int(signed(id, 2))
			if err := r.item(number, func() error { return r.value(kind) }); err != nil {
				return err
			}
		}
	})
}

// vouch believes a struct that has a text in it, or bytes that are known by
// their start or by a long text in them.
func (w *walker) vouch(content []byte) {
	w.vouched = w.vouched || len(content) >= minRun/2 &&
		(isText(content) || compressed(content) && inflatable(content) || marked(content) || runBits(content) >= heldBits)
}

// thriftSizes has the least size of a value of each type; 0 is no type.
var thriftSizes = [256]uint64{
	thriftBool: 1, thriftI8: 1, thriftDouble: 8, thriftI16: 2, thriftI32: 4, thriftI64: 8,
	thriftString: 4, thriftStruct: 1, thriftMap: 6, thriftSet: 5, thriftList: 5,
}

func (r thriftReader) value(kind byte) error {
	switch kind {
	case thriftStruct:
		return r.fields()
	case thriftList, thriftSet:
		return r.list()
	case thriftMap:
		return r.members()
	}
	if thriftSizes[kind] == 0 {
		return errForeign
	}
	if kind == thriftString {
		p, err := r.text()
		if err != nil {
			return err
		}
		r.vouch(p.data)
		return r.leaf(p.data, p.span)
	}
	start := r.pos
	v, err := r.uint(thriftSizes[kind])
	if err != nil {
		return err
	}
	switch kind {
	case thriftBool:
		if v > 1 {
			return errForeign
		}
		return r.say(strconv.FormatBool(v == 1), start)
	case thriftDouble:
		return r.say(formatFloat(math.Float64frombits(v)), start)
	default:
		return r.say(strconv.FormatInt(signed(v, thriftSizes[kind]), 10), start)
	}
}

func (r thriftReader) list() error {
	kind, err := r.byte()
	if err != nil {
		return err
	}
	n, err := r.uint(4)
	if err != nil {
		return err
	}
	if n > r.left() {
		return errShort
	}
	return r.items(n, func() error { return r.value(kind) })
}

func (r thriftReader) members() error {
	kinds, err := r.take(2)
	if err != nil {
		return err
	}
	n, err := r.uint(4)
	if err != nil {
		return err
	}
	return r.pairs(n, pairReader{
		named: kinds[0] == thriftString,
		name:  r.text,
		key:   func() error { return r.value(kinds[0]) },
		value: func() error { return r.value(kinds[1]) },
	})
}

// text reads the bytes of a string behind their length.
func (r thriftReader) text() (piece, error) {
	n, err := r.uint(4)
	if err != nil {
		return piece{}, err
	}
	b, err := r.take(n)
	return piece{b, r.since(r.pos - len(b))}, err
}

// A pairReader reads the entries of a map whose keys are all of one type.
type pairReader struct {
	named bool                  // the keys are strings
	name  func() (piece, error) // reads one
	key   func() error          // reads another key
	value func() error
}

// pairs reads n entries. A key that is no string is a value.
func (w *walker) pairs(n uint64, r pairReader) error {
	if n > w.left() {
		return errShort
	}
	return w.nested(func() error {
		for i := range int(n) { //nolint:gosec // not more than len(data)
			if err := w.pair(i, r); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *walker) pair(n int, r pairReader) error {
	if !r.named {
		if err := w.below([]byte("key"), n, r.key); err != nil {
			return err
		}
		return w.item(n, r.value)
	}
	name, err := r.name()
	if err != nil {
		return err
	}
	return w.member(name, n, r.value)
}
