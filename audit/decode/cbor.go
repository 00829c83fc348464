package decode

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"
)

// The major types of CBOR (RFC 8949, section 3.1).
const (
	cborUint = iota
	cborNegative
	cborBytes
	cborText
	cborArray
	cborMap
	cborTag
	cborOther
)

// cborOpen is the additional information of what has no length and ends with
// the byte cborBreak.
const (
	cborOpen  = 31
	cborBreak = 0xff
)

// isCBOR wants an array, a map or a tag at the start.
func isCBOR(in layer) bool {
	return len(in.data) >= minRun/4 && startsCBOR(in.data[0])
}

func startsCBOR(c byte) bool {
	major := c >> 5
	return major == cborArray || major == cborMap || major == cborTag
}

// decodeCBOR gives strings as they are, and numbers and truth values as text,
// each under its pointer, and in a sequence (RFC 8742) under the number of the
// document. Tags are passed over.
func decodeCBOR(in layer, emit func(part) bool) error {
	return walk(in, "cbor", emit, sequence(startsCBOR, func(w *walker) error { return cborReader{w}.value() }))
}

type cborReader struct{ *walker }

// head reads the start of a value: its type, the additional information, and
// the number that this stands for.
func (r cborReader) head() (major, info byte, arg uint64, err error) {
	c, err := r.byte()
	if err != nil {
		return 0, 0, 0, err
	}
	major, info = c>>5, c&31
	switch {
	case info < 24:
		return major, info, uint64(info), nil
	case info < 28:
		arg, err = r.uint(1 << (info - 24))
		return major, info, arg, err
	case info == cborOpen:
		return major, info, math.MaxUint64, nil
	default:
		return major, info, 0, errForeign
	}
}

func (r cborReader) value() error {
	start := r.pos
	major, info, arg, err := r.head()
	if err != nil {
		return err
	}
	open := info == cborOpen
	switch major {
	case cborUint, cborNegative, cborTag:
		if open {
			return errForeign
		}
	}
	switch major {
	case cborUint:
		return r.say(strconv.FormatUint(arg, 10), start)
	case cborNegative:
		return r.say(negative(arg), start)
	case cborBytes, cborText:
		return r.text(major, arg, open)
	case cborArray:
		return r.array(arg, open)
	case cborMap:
		return r.members(arg, open)
	case cborTag:
		return r.nested(r.value)
	default:
		return r.other(info, arg, start)
	}
}

// negative returns -1-n.
func negative(n uint64) string {
	if n == math.MaxUint64 {
		return "-18446744073709551616"
	}
	return "-" + strconv.FormatUint(n+1, 10)
}

// text reads a string of n bytes, or one that comes in pieces. Text is UTF-8.
func (r cborReader) text(major byte, n uint64, open bool) error {
	if open {
		return r.pieces(major)
	}
	b, err := r.take(n)
	if err != nil {
		return err
	}
	if major == cborText && !utf8.Valid(b) {
		return errForeign
	}
	return r.str(b)
}

func (r cborReader) pieces(want byte) error {
	start := r.pos
	var all []byte
	for !r.closed() {
		major, info, n, err := r.head()
		if err != nil {
			return err
		}
		if major != want || info == cborOpen {
			return errForeign
		}
		b, err := r.take(n)
		if err != nil {
			return err
		}
		all = append(all, b...)
	}
	r.vouched = r.vouched || len(all) >= minRun/2
	return r.leaf(all, r.since(start))
}

// closed reports whether the end of an open value is next, and takes it.
func (r cborReader) closed() bool {
	if !bytes.HasPrefix(r.data[r.pos:], []byte{cborBreak}) {
		return false
	}
	r.pos++
	return true
}

// An open container has a count that is never reached.
func (r cborReader) array(n uint64, open bool) error {
	return r.nested(func() error {
		for i := 0; uint64(i) < n && (!open || !r.closed()); i++ {
			if err := r.item(i, r.value); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r cborReader) members(n uint64, open bool) error {
	return r.nested(func() error {
		for i := 0; uint64(i) < n && (!open || !r.closed()); i++ {
			if err := r.pair(i); err != nil {
				return err
			}
		}
		return nil
	})
}

// pair reads the nth name and its value. A name that is no text gives its
// value the name of its number.
func (r cborReader) pair(n int) error {
	if r.pos == len(r.data) {
		return errShort
	}
	switch r.data[r.pos] >> 5 {
	case cborText:
		_, info, size, err := r.head()
		if err != nil || info == cborOpen {
			return errForeign
		}
		name, err := r.take(size)
		if err != nil {
			return err
		}
		return r.member(r.last(len(name)), n, r.value)
	case cborUint, cborNegative:
		major, info, arg, err := r.head()
		if err != nil || info == cborOpen {
			return errForeign
		}
		name := strconv.FormatUint(arg, 10)
		if major == cborNegative {
			name = negative(arg)
		}
		return r.below([]byte(name), n, r.value)
	default:
		if err := r.below([]byte("key"), n, r.value); err != nil {
			return err
		}
		return r.item(n, r.value)
	}
}

// other reads truth values and floating-point numbers. Null and undefined say
// nothing.
func (r cborReader) other(info byte, arg uint64, start int) error {
	switch info {
	case 20, 21:
		return r.say(strconv.FormatBool(info == 21), start)
	case 25:
		return r.say(formatFloat(float16(uint16(arg))), start) //nolint:gosec // two bytes were read
	case 26:
		return r.say(formatFloat(float64(math.Float32frombits(uint32(arg)))), start) //nolint:gosec // four bytes were read
	case 27:
		return r.say(formatFloat(math.Float64frombits(arg)), start)
	case 22, 23:
		return nil
	default:
		return errForeign
	}
}

// float16 reads a number of half precision.
func float16(bits uint16) float64 {
	exp, frac := int(bits>>10&31), float64(bits&0x3ff)
	var v float64
	switch exp {
	case 0:
		v = math.Ldexp(frac, -24)
	case 31:
		v = math.Inf(1)
		if frac != 0 {
			v = math.NaN()
		}
	default:
		v = math.Ldexp(frac+1024, exp-25)
	}
	if bits>>15 != 0 {
		return -v
	}
	return v
}
