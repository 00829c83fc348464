package decode

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf16"
)

// A binary property list ends with a trailer of 32 bytes: the sizes of offsets
// and references, the number of objects, the root, the table of offsets
// (opensource.apple.com, CFBinaryPList.c).
const bplistTrailer = 32

var bplistMagic = []byte("bplist0")

func isBinaryPlist(in layer) bool { return bytes.HasPrefix(in.data, bplistMagic) }

// decodeBinaryPlist gives strings in UTF-8, bytes as they are, and numbers and
// truth values as text, each under its pointer. A large object that is
// referred to twice is read once: references make exponential lists.
func decodeBinaryPlist(in layer, emit func(part) bool) error {
	return walkOnce(in, "plist", emit, func(w *walker) error {
		r, err := newBplistReader(w)
		if err != nil {
			return err
		}
		return r.object(r.root)
	})
}

type bplistReader struct {
	*walker
	offsets []byte // table
	size    uint64 // of an offset
	refSize uint64
	root    uint64
	seen    map[uint64]bool // offsets of what was read
}

func newBplistReader(w *walker) (*bplistReader, error) {
	if w.left() < bplistTrailer {
		return nil, errShort
	}
	t := w.data[len(w.data)-bplistTrailer:]
	r := &bplistReader{walker: w, size: uint64(t[6]), refSize: uint64(t[7]), root: binary.BigEndian.Uint64(t[16:]), seen: make(map[uint64]bool)}
	count, table := binary.BigEndian.Uint64(t[8:]), binary.BigEndian.Uint64(t[24:])
	if r.size-1 > 7 || r.refSize-1 > 7 || table > w.left() || count > w.left() {
		return nil, errShort
	}
	w.pos = int(table) //nolint:gosec // within the data
	var err error
	r.offsets, err = w.take(count * r.size)
	return r, err
}

// find goes to the object with a number.
func (r *bplistReader) find(ref uint64) (at uint64, ok bool) {
	if ref >= uint64(len(r.offsets))/r.size {
		return 0, false
	}
	at, err := (&walker{data: r.offsets[ref*r.size:]}).uint(r.size)
	if err != nil || at >= uint64(len(r.data)) {
		return 0, false
	}
	r.pos = int(at) //nolint:gosec // within the data
	return at, true
}

// object reads the object with a number.
func (r *bplistReader) object(ref uint64) error {
	at, ok := r.find(ref)
	if !ok {
		return errForeign
	}
	if r.seen[at] && !r.small() {
		return nil
	}
	r.seen[at] = true
	r.pos = int(at) //nolint:gosec // within the data
	return r.value()
}

// small reports whether the next object is a number or a short text, which
// may be read any number of times.
func (r *bplistReader) small() bool {
	marker, _ := r.byte()
	if marker>>4 < 4 {
		return true
	}
	n, err := r.count(marker & 15)
	return err == nil && marker>>4 < 8 && n <= maxName
}

func (r *bplistReader) value() error {
	start := r.pos
	marker, err := r.byte()
	if err != nil {
		return err
	}
	kind, low := marker>>4, marker&15
	switch kind {
	case 0: // null, truth, filler
		if low == 8 || low == 9 {
			return r.say(strconv.FormatBool(low == 9), start)
		}
		return nil
	case 1, 2, 3: // integer, real, date
		return r.number(kind, low)
	case 8: // reference of an archiver
		_, err := r.take(uint64(low) + 1)
		return err
	}
	n, err := r.count(low)
	if err != nil {
		return err
	}
	switch kind {
	case 4, 5, 6, 7: // bytes, ASCII, UTF-16, UTF-8
		p, err := r.text(kind, n)
		if err != nil {
			return err
		}
		return r.leaf(p.data, p.span)
	case 10, 11, 12: // array, sets
		return r.array(n)
	case 13:
		return r.dict(n)
	default:
		return errForeign
	}
}

// count reads how many there are of what follows: up to 14, or an integer.
func (r *bplistReader) count(low byte) (uint64, error) {
	if low != 15 {
		return uint64(low), nil
	}
	c, err := r.byte()
	if err != nil || c>>4 != 1 || c&15 > 3 {
		return 0, errForeign
	}
	n, err := r.uint(1 << (c & 15))
	if err != nil || n > uint64(len(r.data)) {
		return 0, errShort
	}
	return n, nil
}

func (r *bplistReader) number(kind, low byte) error {
	if low > 4 {
		return errForeign
	}
	b, err := r.take(1 << low)
	if err != nil {
		return err
	}
	var v uint64
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	span := r.since(r.pos - len(b))
	switch {
	case kind == 1:
		return r.leaf(strconv.AppendInt(nil, signed(v, 8), 10), span)
	case len(b) == 4:
		return r.leaf([]byte(formatFloat(float64(math.Float32frombits(uint32(v))))), span)
	default:
		return r.leaf([]byte(formatFloat(math.Float64frombits(v))), span)
	}
}

// text reads n characters.
func (r *bplistReader) text(kind byte, n uint64) (piece, error) {
	if kind == 6 {
		n *= 2
	}
	b, err := r.take(n)
	if err != nil {
		return piece{}, err
	}
	p := piece{b, r.since(r.pos - len(b))}
	if kind == 6 {
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(b[2*i:])
		}
		p.data = []byte(string(utf16.Decode(units)))
	}
	return p, nil
}

// refs reads n references.
func (r *bplistReader) refs(n uint64) ([]uint64, error) {
	if n > r.left()/r.refSize {
		return nil, errShort
	}
	refs := make([]uint64, n)
	for i := range refs {
		refs[i], _ = r.uint(r.refSize)
	}
	return refs, nil
}

func (r *bplistReader) array(n uint64) error {
	refs, err := r.refs(n)
	if err != nil {
		return err
	}
	return r.nested(func() error {
		for i, ref := range refs {
			if err := r.item(i, func() error { return r.object(ref) }); err != nil {
				return err
			}
		}
		return nil
	})
}

// dict reads the references of n names and of n values.
func (r *bplistReader) dict(n uint64) error {
	names, err := r.refs(n)
	if err != nil {
		return err
	}
	values, err := r.refs(n)
	if err != nil {
		return err
	}
	return r.nested(func() error {
		for i, ref := range names {
			name := r.name(ref)
			if err := r.member(name, i, func() error { return r.object(values[i]) }); err != nil {
				return err
			}
		}
		return nil
	})
}

// name reads the string with a number, which many dictionaries may share: a
// long one is read the first time only.
func (r *bplistReader) name(ref uint64) piece {
	at, ok := r.find(ref)
	if !ok || r.seen[at] && !r.small() {
		return piece{}
	}
	r.seen[at] = true
	r.pos = int(at) //nolint:gosec // within the data
	marker, _ := r.byte()
	n, err := r.count(marker & 15)
	if kind := marker >> 4; err != nil || kind < 5 || kind > 7 {
		return piece{}
	}
	p, err := r.text(marker>>4, n)
	if err != nil {
		return piece{}
	}
	return p
}
