package decode

import (
	"encoding/binary"
	"math"
	"strconv"
)

// Types of TARS, which was JCE before it was published
// (github.com/TarsCloud/TarsGo, tars/protocol/codec).
const (
	tarsInt8   = 0
	tarsInt64  = 3
	tarsFloat  = 4
	tarsDouble = 5
	tarsShort  = 6
	tarsLong   = 7
	tarsMap    = 8
	tarsList   = 9
	tarsStruct = 10
	tarsEnd    = 11
	tarsZero   = 12
	tarsBytes  = 13
)

// isTARS wants a type at the start, perhaps behind the length of the whole, and
// soon a byte that is in no text.
func isTARS(in layer) bool {
	if len(in.data) < minRun/2 {
		return false
	}
	kind := in.data[tarsStart(in.data)] & 15
	return kind <= tarsBytes && kind != tarsEnd && hasControl(in.data[:min(len(in.data), minRun)])
}

// hasControl reports whether data has a byte that stands in no text of ASCII.
func hasControl(data []byte) bool {
	for _, c := range data {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c > '~' {
			return true
		}
	}
	return false
}

// tarsStart returns where the first field stands: a packet starts with its
// length, which counts itself.
func tarsStart(data []byte) int {
	if int64(binary.BigEndian.Uint32(data)) == int64(len(data)) {
		return 4
	}
	return 0
}

// decodeTARS gives strings and bytes as they are, and numbers as text, each
// under the number of its field.
func decodeTARS(in layer, emit func(part) bool) error {
	return walk(in, "tars", emit, func(w *walker) error {
		w.pos = tarsStart(w.data)
		if err := (tarsReader{w}).fields(false); err != nil {
			return err
		}
		if w.emit == nil && isText(w.data) {
			return errForeign // lengths in text are a chance
		}
		return nil
	})
}

type tarsReader struct{ *walker }

// head reads type and number of a field.
func (r tarsReader) head() (kind byte, tag int, err error) {
	c, err := r.byte()
	if err != nil || c>>4 != 15 {
		return c & 15, int(c >> 4), err
	}
	number, err := r.byte()
	return c & 15, int(number), err
}

// fields reads fields, whose numbers go up, to the end of the struct or, if
// there is none around them, of the data.
func (r tarsReader) fields(inside bool) error {
	return r.nested(func() error {
		for last := -1; inside || r.left() > 0; {
			kind, tag, err := r.head()
			if err != nil {
				return err
			}
			if inside && kind == tarsEnd {
				return nil
			}
			if tag <= last {
				return errForeign
			}
			last = tag
			if err := r.item(tag, func() error { return r.value(kind) }); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r tarsReader) value(kind byte) error {
	start := r.pos
	switch {
	case kind <= tarsInt64:
		size := uint64(1) << kind
		v, err := r.uint(size)
		if err != nil {
			return err
		}
		return r.say(strconv.FormatInt(signed(v, size), 10), start)
	case kind == tarsZero:
		return r.say("0", start)
	case kind == tarsFloat:
		v, err := r.uint(4)
		if err != nil {
			return err
		}
		return r.say(formatFloat(float64(math.Float32frombits(uint32(v)))), start) //nolint:gosec // four bytes were read
	case kind == tarsDouble:
		v, err := r.uint(8)
		if err != nil {
			return err
		}
		return r.say(formatFloat(math.Float64frombits(v)), start)
	case kind == tarsShort, kind == tarsLong:
		p, err := r.text(kind)
		if err != nil {
			return err
		}
		r.vouch(p.data)
		return r.leaf(p.data, p.span)
	}
	return r.container(kind)
}

// text reads a string, whose length has one byte or four.
func (r tarsReader) text(kind byte) (piece, error) {
	size := uint64(1)
	if kind == tarsLong {
		size = 4
	}
	n, err := r.uint(size)
	if err != nil {
		return piece{}, err
	}
	b, err := r.take(n)
	return piece{b, r.since(r.pos - len(b))}, err
}

func (r tarsReader) container(kind byte) error {
	switch kind {
	case tarsStruct:
		return r.fields(true)
	case tarsBytes:
		return r.bytes()
	case tarsMap, tarsList:
		n, err := r.count()
		if err != nil {
			return err
		}
		if kind == tarsMap {
			return r.members(n)
		}
		return r.items(n, r.element)
	default:
		return errForeign
	}
}

// bytes reads a list of bytes, which says so before its length.
func (r tarsReader) bytes() error {
	if kind, _, err := r.head(); err != nil || kind != tarsInt8 {
		return errForeign
	}
	n, err := r.count()
	if err != nil {
		return err
	}
	b, err := r.take(n)
	if err != nil {
		return err
	}
	return r.str(b)
}

// count reads a field that is a number of values.
func (r tarsReader) count() (uint64, error) {
	kind, _, err := r.head()
	if err != nil || kind == tarsZero {
		return 0, err
	}
	if kind >= tarsInt64 {
		return 0, errForeign
	}
	n, err := r.uint(1 << kind)
	if err != nil || n > r.left() {
		return 0, errShort
	}
	return n, nil
}

// element reads a value of a list with its head.
func (r tarsReader) element() error {
	kind, _, err := r.head()
	if err != nil {
		return err
	}
	return r.value(kind)
}

func (r tarsReader) members(n uint64) error {
	return r.nested(func() error {
		for i := range int(n) { //nolint:gosec // not more than len(data)
			if err := r.pair(i); err != nil {
				return err
			}
		}
		return nil
	})
}

// pair reads the nth entry of a map. A name that is no string is a value.
func (r tarsReader) pair(n int) error {
	kind, _, err := r.head()
	if err != nil {
		return err
	}
	if kind != tarsShort && kind != tarsLong {
		if err := r.below([]byte("key"), n, func() error { return r.value(kind) }); err != nil {
			return err
		}
		return r.item(n, r.element)
	}
	name, err := r.text(kind)
	if err != nil {
		return err
	}
	return r.member(name, n, r.element)
}
