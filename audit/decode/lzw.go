package decode

import (
	"bytes"
	"errors"
	"fmt"

	"telltale/audit"
)

// The codes of compress(1), whose files end in ".Z".
const (
	minLZWBits = 9
	maxLZWBits = 16
	lzwClear   = 256 // in block mode: forget all strings
)

// isLZW wants the magic number, widths that exist and no flag that has no
// meaning.
func isLZW(in layer) bool {
	if len(in.data) < 5 || !bytes.HasPrefix(in.data, []byte("\x1f\x9d")) {
		return false
	}
	width := in.data[2] & 0x1f
	return in.data[2]&0x60 == 0 && minLZWBits <= width && width <= maxLZWBits
}

// decodeLZW believes a stream that breaks off only if it gave more than it
// took.
func decodeLZW(in layer, emit func(part) bool) error {
	z := &lzw{src: in.data[3:], width: minLZWBits, most: uint(in.data[2] & 0x1f), block: in.data[2]&0x80 != 0}
	z.reset()
	err := z.read(in.room)
	if err != nil && len(z.out) <= len(in.data) {
		return nil
	}
	emit(in.whole("lzw", z.out))
	return err
}

// lzw is a decompression. A string of the table is one that was given before,
// and the byte that came after it: so the table holds ranges of out.
type lzw struct {
	src         []byte
	at          int // bit of src
	group       int // bit at which the codes of this width start
	width, most uint
	block       bool
	strings     []audit.Span // from code 256 on
	last        audit.Span   // the string of the code before, empty after a clear
	out         []byte
}

var errLZWCode = errors.New("a code stands before its string")

// reset forgets all strings. In block mode, code 256 is no string.
func (z *lzw) reset() {
	z.strings, z.last = z.strings[:0], audit.Span{}
	if z.block {
		z.strings = append(z.strings, audit.Span{})
	}
}

// read appends to out until the codes end, or there is no more room.
func (z *lzw) read(room int64) error {
	for {
		code, ok := z.code()
		if !ok {
			return nil
		}
		if code == lzwClear && z.block {
			z.align()
			z.reset()
			z.width = minLZWBits
			continue
		}
		if err := z.give(code); err != nil {
			return fmt.Errorf("after %d bytes: %w", len(z.out), err)
		}
		if int64(len(z.out)) > room {
			z.out = z.out[:room]
			return fmt.Errorf("%w, %d bytes; the rest is not read", errRoom, room)
		}
		if next := len(z.strings) + 256; next >= 1<<z.width && z.width < z.most {
			z.align()
			z.width++
		}
	}
}

// code reads one code, the lowest bit first. It lies in three bytes at most.
func (z *lzw) code() (code int, ok bool) {
	if z.at+int(z.width) > 8*len(z.src) {
		return 0, false
	}
	for i, c := range z.src[z.at/8 : min(z.at/8+3, len(z.src))] {
		code |= int(c) << (8 * i)
	}
	code = code >> (z.at % 8) & (1<<z.width - 1)
	z.at += int(z.width)
	return code, true
}

// align skips to the end of a group of eight codes, as the first program does
// whenever the width changes.
func (z *lzw) align() {
	group := 8 * int(z.width)
	z.at += (group - (z.at-z.group)%group) % group
	z.group = z.at
}

// give appends the string of a code, and adds the one before, with its next
// byte, to the table.
func (z *lzw) give(code int) error {
	start, entry := len(z.out), code-256
	next := audit.Span{Start: z.last.Start, End: z.last.End + 1}
	switch {
	case code < 256:
		z.out = append(z.out, byte(code)) //nolint:gosec // below 256
	case entry < len(z.strings):
		s := z.strings[entry]
		z.out = append(z.out, z.out[s.Start:s.End]...)
	case entry == len(z.strings) && z.last.Len() > 0: // the string that is just being made
		z.out = append(z.out, z.out[z.last.Start:z.last.End]...)
		z.out = append(z.out, z.out[z.last.Start])
	default:
		return errLZWCode
	}
	if z.last.Len() > 0 && len(z.strings)+256 < 1<<z.most {
		z.strings = append(z.strings, next)
	}
	z.last = audit.Span{Start: start, End: len(z.out)}
	return nil
}
