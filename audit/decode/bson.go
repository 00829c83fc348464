package decode

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
)

// isBSON holds the length that a document starts with against the layer
// (bsonspec.org).
func isBSON(in layer) bool {
	n := len(in.data)
	return n > 5 && uint64(binary.LittleEndian.Uint32(in.data)) == uint64(n) && in.data[n-1] == 0
}

// decodeBSON gives strings, bytes and object ids as they are, and numbers,
// times and truth values as text, each under its pointer.
func decodeBSON(in layer, emit func(part) bool) error {
	return walk(in, "bson", emit, func(w *walker) error { return bsonReader{w}.document() })
}

type bsonReader struct{ *walker }

// little reads a number of n bytes, the lowest first.
func (r bsonReader) little(n uint64) (uint64, error) {
	b, err := r.take(n)
	if err != nil {
		return 0, err
	}
	var v uint64
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	return v, nil
}

// document reads elements up to the zero byte behind the last one.
func (r bsonReader) document() error {
	if _, err := r.little(4); err != nil {
		return err
	}
	return r.nested(func() error {
		for n := 0; ; n++ {
			kind, err := r.byte()
			if err != nil || kind == 0 {
				return err
			}
			name, err := r.cstring()
			if err != nil {
				return err
			}
			if err := r.member(name, n, func() error { return r.value(kind) }); err != nil {
				return err
			}
		}
	})
}

// cstring reads text up to a zero byte.
func (r bsonReader) cstring() (piece, error) {
	n := bytes.IndexByte(r.data[r.pos:], 0)
	if n < 0 {
		return piece{}, errShort
	}
	r.pos += n
	p := r.last(n)
	r.pos++
	return p, nil
}

func (r bsonReader) value(kind byte) error {
	switch kind {
	case 0x02, 0x0d, 0x0e: // string, code, symbol
		return r.text()
	case 0x03, 0x04: // document, array
		return r.document()
	case 0x05:
		return r.binary()
	case 0x0b: // regular expression
		if err := r.pattern(); err != nil {
			return err
		}
		return r.pattern()
	case 0x0c: // pointer into a database
		if err := r.text(); err != nil {
			return err
		}
		return r.fixed(12)
	case 0x0f: // code with its scope
		if _, err := r.take(4); err != nil {
			return err
		}
		if err := r.text(); err != nil {
			return err
		}
		return r.document()
	case 0x07: // object id
		return r.fixed(12)
	case 0x13: // decimal
		return r.fixed(16)
	case 0x06, 0x0a, 0x7f, 0xff: // undefined, null, the largest and the least key
		return nil
	default:
		return r.number(kind)
	}
}

func (r bsonReader) fixed(n uint64) error {
	b, err := r.take(n)
	if err != nil {
		return err
	}
	return r.str(b)
}

func (r bsonReader) pattern() error {
	p, err := r.cstring()
	if err != nil {
		return err
	}
	return r.leaf(p.data, p.span)
}

// text reads a string, whose length counts the zero byte behind it.
func (r bsonReader) text() error {
	n, err := r.little(4)
	if err != nil {
		return err
	}
	b, err := r.take(n)
	if err != nil {
		return err
	}
	if n == 0 || b[n-1] != 0 {
		return errForeign
	}
	return r.leaf(b[:n-1], r.since(r.pos-len(b)))
}

func (r bsonReader) binary() error {
	n, err := r.little(4)
	if err != nil {
		return err
	}
	if _, err := r.byte(); err != nil {
		return err
	}
	return r.fixed(n)
}

func (r bsonReader) number(kind byte) error {
	start := r.pos
	size := uint64(8)
	switch kind {
	case 0x08:
		size = 1
	case 0x10:
		size = 4
	case 0x01, 0x09, 0x11, 0x12: // double, time, time stamp, integer
	default:
		return errForeign
	}
	v, err := r.little(size)
	if err != nil {
		return err
	}
	switch kind {
	case 0x08:
		return r.say(strconv.FormatBool(v != 0), start)
	case 0x01:
		return r.say(formatFloat(math.Float64frombits(v)), start)
	default:
		return r.say(strconv.FormatInt(signed(v, size), 10), start)
	}
}
