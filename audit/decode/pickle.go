package decode

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
)

// pickleProtocol stands before the number of a protocol.
const pickleProtocol = 0x80

// isPickle wants what Python's pickle writes: the number of a protocol from 2
// on, or an opcode that earlier protocols start with, and the one that stops.
func isPickle(in layer) bool {
	n := len(in.data)
	if n < minRun/2 || in.data[n-1] != '.' {
		return false
	}
	return in.data[0] == pickleProtocol && in.data[1] <= 5 || bytes.IndexByte([]byte("(])}VSXTUc"), in.data[0]) >= 0
}

// decodePickle gives strings as they are, and numbers as text, in the order in
// which they stand. Nothing is built and nothing is run: the opcodes are read
// one after the other (cpython, Lib/pickletools.py).
func decodePickle(in layer, emit func(part) bool) error {
	return walk(in, "pickle", emit, func(w *walker) error {
		r := pickleReader{walker: w}
		w.vouched = w.data[0] == pickleProtocol
		return r.program()
	})
}

type pickleReader struct {
	*walker
	values int // handed out so far
}

// pickleSizes is how many bytes of content or of its length follow an opcode.
// Those without an argument have 0.
var pickleSizes = map[byte]uint64{
	'K': 1, 'M': 2, 'J': 4, 'G': 8, 'q': 1, 'r': 4, 'h': 1, 'j': 4, 0x80: 1, 0x82: 1, 0x83: 2, 0x84: 4, 0x95: 8,
	'T': 4, 'U': 1, 'X': 4, 'B': 4, 'C': 1, 0x8a: 1, 0x8b: 4, 0x8c: 1, 0x8d: 8, 0x8e: 8, 0x96: 8,
}

// Opcodes by what stands behind them.
const (
	pickleBare    = "(.012]laetbd}suoRQN)\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98"
	pickleLines   = "ILFSVgpPci"
	pickleStrings = "TUXBC\x8a\x8b\x8c\x8d\x8e\x96" // of a length that is said before
)

func (r *pickleReader) program() error {
	for {
		start := r.pos
		op, err := r.byte()
		if err != nil {
			return err
		}
		switch size, sized := pickleSizes[op]; {
		case op == '.':
			return nil
		case sized:
			err = r.argument(op, size, start)
		case bytes.IndexByte([]byte(pickleLines), op) >= 0:
			err = r.line(op)
		case bytes.IndexByte([]byte(pickleBare), op) < 0:
			err = errForeign
		}
		if err != nil {
			return err
		}
	}
}

// argument reads a number, or a string with its length before it.
func (r *pickleReader) argument(op byte, size uint64, start int) error {
	b, err := r.take(size)
	if err != nil {
		return err
	}
	n := binary.LittleEndian.Uint64(append(bytes.Clone(b), make([]byte, 8)...))
	switch {
	case bytes.IndexByte([]byte(pickleStrings), op) >= 0:
		text, err := r.take(n)
		if err != nil {
			return err
		}
		return r.next(func() error { return r.str(text) })
	case op == 'G':
		f := math.Float64frombits(binary.BigEndian.Uint64(b))
		return r.next(func() error { return r.say(formatFloat(f), start) })
	case op == 'K', op == 'M', op == 'J':
		return r.next(func() error { return r.say(strconv.FormatInt(signed(n, max(size, 4)), 10), start) })
	}
	return nil
}

// line reads an argument that ends with its line; a class has two.
func (r *pickleReader) line(op byte) error {
	n := bytes.IndexByte(r.data[r.pos:], '\n')
	if n < 0 {
		return errShort
	}
	r.pos += n
	text := r.last(n)
	r.pos++
	switch op {
	case 'c', 'i':
		return r.line('g')
	case 'p': // every string is noted under a number
		_, err := strconv.Atoi(string(text.data))
		r.vouched = r.vouched || err == nil
	case 'V': // text, which has no quotes
		return r.next(func() error { return r.leaf(unescapeText(text.data), text.span) })
	case 'S':
		return r.next(func() error { return r.leaf(unescapePickle(text.data), text.span) })
	case 'I', 'L', 'F':
		return r.next(func() error { return r.leaf(bytes.TrimSuffix(text.data, []byte("L")), text.span) })
	}
	return nil
}

// next hands out a value under its number.
func (r *pickleReader) next(say func() error) error {
	r.values++
	return r.item(r.values-1, say)
}

// unescapePickle undoes the escapes of a string of protocol 0, and takes its
// quotes off.
func unescapePickle(text []byte) []byte {
	if n := len(text); n > 1 && (text[0] == '\'' || text[0] == '"') && text[n-1] == text[0] {
		text = text[1 : n-1]
	}
	return unescapeText(text)
}
