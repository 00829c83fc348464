package ranges

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/klauspost/compress/zstd"
)

// Bounds of a packed table: several times what the shipped ones have.
const (
	maxUnpacked = 64 << 20
	maxPlaces   = 1 << 22
	maxWords    = 1 << 20
)

// Pack writes the table down. The same table gives the same bytes.
func (t *Table) Pack() ([]byte, error) {
	raw := appendText(nil, t.about)
	raw = binary.AppendUvarint(raw, uint64(len(t.words)))
	for _, w := range t.words {
		raw = appendText(raw, w)
	}
	raw = binary.AppendUvarint(raw, uint64(len(t.places)))
	var distances []byte
	var before address
	for _, at := range t.places {
		d := at.minus(before)
		raw = append(raw, byte(d.zeros())) //nolint:gosec // at most 128
		distances = appendNumber(distances, d.right(d.zeros()))
		before = at
	}
	raw = append(raw, distances...)
	for _, w := range t.which {
		raw = binary.AppendUvarint(raw, uint64(w))
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("packing a table of ranges: %w", err)
	}
	return enc.EncodeAll(raw, nil), nil
}

// Unpack reads a packed table. It fails on bytes that are no packed table, and
// on a table beyond the bounds of this package.
func Unpack(packed []byte) (*Table, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxUnpacked))
	if err != nil {
		return nil, fmt.Errorf("unpacking a table of ranges: %w", err)
	}
	defer dec.Close()
	raw, err := dec.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("unpacking a table of ranges: %w", err)
	}
	r := reader{rest: raw}
	t := &Table{about: r.text()}
	for range r.count(maxWords) {
		t.words = append(t.words, r.text())
	}
	r.places(t)
	switch {
	case r.bad:
		return nil, errors.New("unpacking a table of ranges: it is cut off, or its numbers contradict each other")
	case len(r.rest) > 0:
		return nil, fmt.Errorf("unpacking a table of ranges: %d bytes are left over", len(r.rest))
	}
	return t, nil
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendNumber(b []byte, a address) []byte {
	for a.high > 0 || a.low > 0x7f {
		b = append(b, byte(a.low)|0x80) //nolint:gosec // its last seven bits
		a = a.right(7)
	}
	return append(b, byte(a.low))
}

// A reader takes numbers and texts off the front. Once something is wrong, bad
// is set and all that it gives is zero.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) fail() { r.rest, r.bad = nil, true }

func (r *reader) uint() uint64 {
	n, used := binary.Uvarint(r.rest)
	if used <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[used:]
	return n
}

// count reads how many things follow, each of a byte or more.
func (r *reader) count(most int) int {
	n := r.uint()
	if n > uint64(min(most, len(r.rest))) { //nolint:gosec // not below zero
		r.fail()
		return 0
	}
	return int(n) //nolint:gosec // not more than most
}

func (r *reader) text() string {
	n := r.count(math.MaxInt32)
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}

// number reads a distance without the zero bits at its end.
func (r *reader) number() address {
	var a address
	for shift := 0; shift < 128; shift += 7 {
		if len(r.rest) == 0 {
			break
		}
		c := r.rest[0]
		r.rest = r.rest[1:]
		part := address{0, uint64(c & 0x7f)}.left(shift)
		a.high, a.low = a.high|part.high, a.low|part.low
		if c < 0x80 {
			return a
		}
	}
	r.fail()
	return address{}
}

// places reads where the word changes, in ascending order.
func (r *reader) places(t *Table) {
	n := r.count(maxPlaces)
	zeros := r.rest[:n]
	r.rest = r.rest[n:]
	t.places, t.which = make([]address, n), make([]uint32, n)
	var at address
	for i := range t.places {
		d := r.number().left(int(zeros[i]))
		sum, over := at.plus(d)
		if over || i > 0 && d == (address{}) {
			r.fail()
			return
		}
		at, t.places[i] = sum, sum
	}
	for i := range t.which {
		w := r.uint()
		if w > uint64(len(t.words)) {
			r.fail()
			return
		}
		t.which[i] = uint32(w) //nolint:gosec // not more than words
	}
}
