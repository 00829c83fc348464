package decode

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// isMessagePack wants an array or a map at the start
// (github.com/msgpack/msgpack/blob/master/spec.md).
func isMessagePack(in layer) bool {
	return len(in.data) >= minRun/4 && startsMessagePack(in.data[0])
}

func startsMessagePack(c byte) bool { return 0x80 <= c && c <= 0x9f || 0xdc <= c && c <= 0xdf }

// decodeMessagePack gives strings and extensions as they are, and numbers and
// truth values as text, each under its pointer, and in a stream under the number
// of the document.
func decodeMessagePack(in layer, emit func(part) bool) error {
	return walk(in, "msgpack", emit, sequence(startsMessagePack, func(w *walker) error { return msgpackReader{w}.value() }))
}

type msgpackReader struct{ *walker }

func (r msgpackReader) value() error {
	start := r.pos
	c, err := r.byte()
	if err != nil {
		return err
	}
	switch {
	case c <= 0x7f:
		return r.say(strconv.Itoa(int(c)), start)
	case c <= 0x8f:
		return r.members(uint64(c & 15))
	case c <= 0x9f:
		return r.items(uint64(c&15), r.value)
	case c <= 0xbf:
		return r.text(uint64(c & 31))
	case c >= 0xe0:
		return r.say(strconv.Itoa(int(c)-256), start)
	case c >= 0xca && c <= 0xd3:
		return r.number(c, start)
	default:
		return r.sized(c, start)
	}
}

// number reads a floating-point number, or an integer of 1, 2, 4 or 8 bytes.
func (r msgpackReader) number(c byte, start int) error {
	size := uint64(1) << ((c - 0xcc) & 3)
	if c < 0xcc {
		size = 4 << (c - 0xca)
	}
	v, err := r.uint(size)
	if err != nil {
		return err
	}
	switch {
	case c == 0xca:
		return r.say(formatFloat(float64(math.Float32frombits(uint32(v)))), start) //nolint:gosec // four bytes were read
	case c == 0xcb:
		return r.say(formatFloat(math.Float64frombits(v)), start)
	case c <= 0xcf:
		return r.say(strconv.FormatUint(v, 10), start)
	default:
		return r.say(strconv.FormatInt(signed(v, size), 10), start)
	}
}

// signed reads the lowest bytes of v, size of them, as two's complement.
func signed(v, size uint64) int64 {
	shift := 64 - 8*size
	return int64(v<<shift) >> shift //nolint:gosec // the bits are meant
}

// sized reads what says its length in 1, 2 or 4 bytes, and the values that
// need no byte more.
func (r msgpackReader) sized(c byte, start int) error {
	switch c {
	case 0xc0:
		return nil
	case 0xc2, 0xc3:
		return r.say(strconv.FormatBool(c == 0xc3), start)
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8:
		return r.extension(1 << (c - 0xd4))
	case 0xc1:
		return errForeign
	}
	n, err := r.uint(msgpackLength[c])
	if err != nil {
		return err
	}
	switch c {
	case 0xc4, 0xc5, 0xc6:
		return r.bytes(n)
	case 0xc7, 0xc8, 0xc9:
		return r.extension(n)
	case 0xd9, 0xda, 0xdb:
		return r.text(n)
	case 0xdc, 0xdd:
		return r.items(n, r.value)
	default:
		return r.members(n)
	}
}

// msgpackLength is how many bytes the length has.
var msgpackLength = map[byte]uint64{
	0xc4: 1, 0xc5: 2, 0xc6: 4, 0xc7: 1, 0xc8: 2, 0xc9: 4,
	0xd9: 1, 0xda: 2, 0xdb: 4, 0xdc: 2, 0xdd: 4, 0xde: 2, 0xdf: 4,
}

// extension reads the type of an extension, which says nothing, and n bytes.
func (r msgpackReader) extension(n uint64) error {
	if _, err := r.byte(); err != nil {
		return err
	}
	return r.bytes(n)
}

func (r msgpackReader) bytes(n uint64) error {
	b, err := r.take(n)
	if err != nil {
		return err
	}
	return r.str(b)
}

// text reads a string. Old writers put bytes into it, so that only a name must
// be UTF-8.
func (r msgpackReader) text(n uint64) error {
	b, err := r.take(n)
	if err != nil {
		return err
	}
	if !utf8.Valid(b) {
		return r.leaf(b, r.since(r.pos-len(b)))
	}
	return r.str(b)
}

func (r msgpackReader) members(n uint64) error {
	return r.nested(func() error {
		for i := 0; uint64(i) < n; i++ {
			if err := r.pair(i); err != nil {
				return err
			}
		}
		return nil
	})
}

// pair reads the nth name and its value. A name that is no text is a value
// itself.
func (r msgpackReader) pair(n int) error {
	start := r.pos
	if size, ok := r.nameLength(); ok {
		name, err := r.take(size)
		if err != nil {
			return err
		}
		return r.member(r.last(len(name)), n, r.value)
	}
	r.pos = start
	if err := r.below([]byte("key"), n, r.value); err != nil {
		return err
	}
	return r.item(n, r.value)
}

// nameLength reads the head of a string.
func (r msgpackReader) nameLength() (size uint64, ok bool) {
	c, err := r.byte()
	switch {
	case err != nil:
		return 0, false
	case c >= 0xa0 && c <= 0xbf:
		return uint64(c & 31), true
	case c >= 0xd9 && c <= 0xdb:
		size, err = r.uint(msgpackLength[c])
		return size, err == nil
	}
	return 0, false
}
