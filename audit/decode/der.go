package decode

import (
	"strconv"
)

// The tags of DER that say more than bytes (X.680, section 8.6).
const (
	derBoolean     = 0x01
	derInteger     = 0x02
	derBitString   = 0x03
	derNull        = 0x05
	derOctets      = 0x04
	derOID         = 0x06
	derConstructed = 0x20
	derSequence    = 0x30
	derSet         = 0x31
)

// isDER wants a sequence or a set that is as long as the layer, or that has no
// length, as BER allows, and two zero bytes as its end.
func isDER(in layer) bool {
	if len(in.data) < minRun/2 || in.data[0] != derSequence && in.data[0] != derSet {
		return false
	}
	if in.data[1] == berOpen {
		return in.data[len(in.data)-1] == 0 && in.data[len(in.data)-2] == 0
	}
	w := &walker{data: in.data, pos: 1}
	n, err := derReader{w}.length()
	return err == nil && n == w.left() && !isText(in.data)
}

// berOpen is the length of what ends with two zero bytes.
const berOpen = 0x80

// decodeDER gives strings as they are, and small numbers, truth values and
// object identifiers as text, each under the numbers of the sequences around
// it (X.690).
func decodeDER(in layer, emit func(part) bool) error {
	return walk(in, "der", emit, func(w *walker) error { return derReader{w}.value() })
}

type derReader struct{ *walker }

// length reads the length of a value: one byte, or how many bytes of it follow.
func (r derReader) length() (uint64, error) {
	c, err := r.byte()
	if err != nil || c < 0x80 {
		return uint64(c), err
	}
	if c == 0x80 || c > 0x84 {
		return 0, errForeign
	}
	return r.uint(uint64(c & 0x7f))
}

func (r derReader) value() error {
	start := r.pos
	tag, err := r.byte()
	if err != nil {
		return err
	}
	if tag == 0 || tag&0x1f == 0x1f {
		return errForeign // tags above 30 are not in use
	}
	if tag&derConstructed != 0 && r.left() > 0 && r.data[r.pos] == berOpen {
		r.pos++
		return r.constructed(tag, len(r.data), true)
	}
	n, err := r.length()
	if err != nil {
		return err
	}
	if n > r.left() {
		return errShort
	}
	if tag&derConstructed != 0 {
		return r.constructed(tag, r.pos+int(n), false) //nolint:gosec // not more than len(data)
	}
	b, err := r.take(n)
	if err != nil {
		return err
	}
	return r.primitive(tag, b, start)
}

// constructed reads values up to end, or up to two zero bytes if it is open.
// Octets that come in pieces are one value.
func (r derReader) constructed(tag byte, end int, open bool) error {
	if tag == derOctets|derConstructed {
		return r.octets(end, open)
	}
	return r.nested(func() error {
		for n := 0; !r.ended(end, open); n++ {
			if err := r.item(n, r.value); err != nil {
				return err
			}
		}
		return r.within(end)
	})
}

// ended reports whether a value has its end here, and takes the mark of it.
func (r derReader) ended(end int, open bool) bool {
	if open && r.left() > 1 && r.data[r.pos] == 0 && r.data[r.pos+1] == 0 {
		r.pos += 2
		return true
	}
	return r.pos >= end
}

// within refuses values that go beyond what is around them.
func (r derReader) within(end int) error {
	if r.pos > end {
		return errForeign
	}
	return nil
}

func (r derReader) octets(end int, open bool) error {
	start := r.pos
	var all []byte
	for !r.ended(end, open) {
		tag, err := r.byte()
		if err != nil || tag != derOctets {
			return errForeign
		}
		n, err := r.length()
		if err != nil {
			return err
		}
		b, err := r.take(n)
		if err != nil {
			return err
		}
		all = append(all, b...)
	}
	r.vouched = r.vouched || len(all) >= minRun/2
	if err := r.within(end); err != nil {
		return err
	}
	return r.leaf(all, r.since(start))
}

func (r derReader) primitive(tag byte, b []byte, start int) error {
	switch {
	case tag == derNull:
		return nil
	case tag == derBoolean && len(b) == 1:
		return r.say(strconv.FormatBool(b[0] != 0), start)
	case tag == derInteger && 0 < len(b) && len(b) <= 8:
		var v uint64
		for _, c := range b {
			v = v<<8 | uint64(c)
		}
		return r.say(strconv.FormatInt(signed(v, uint64(len(b))), 10), start)
	case tag == derOID:
		r.vouched = r.vouched || len(b) > 2
		return r.say(dotted(b), start)
	case tag == derBitString && len(b) > 0:
		return r.str(b[1:]) // the first byte says how many bits are no part of it
	default:
		return r.str(b)
	}
}

// dotted writes an object identifier.
func dotted(b []byte) string {
	var out []byte
	var v uint64
	for i, c := range b {
		v = v<<7 | uint64(c&0x7f)
		if c&0x80 != 0 && i < len(b)-1 {
			continue
		}
		if out == nil { // the first two numbers are one
			first := min(v/40, 2)
			out = append(strconv.AppendUint(out, first, 10), '.')
			v -= 40 * first
		} else {
			out = append(out, '.')
		}
		out = strconv.AppendUint(out, v, 10)
		v = 0
	}
	return string(out)
}
