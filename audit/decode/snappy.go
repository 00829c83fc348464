package decode

import (
	"bytes"
	"encoding/binary"

	"github.com/klauspost/compress/snappy"
)

// isSnappy wants the first chunk of the framing format.
func isSnappy(in layer) bool { return bytes.HasPrefix(in.data, []byte("\xff\x06\x00\x00sNaPpY")) }

func decodeSnappy(in layer, emit func(part) bool) error {
	out, err := inflate(snappy.NewReader(bytes.NewReader(in.data)), in.room)
	emit(in.whole("snappy", out))
	return err
}

// isSnappyBlock reports whether the elements of a block add up to the length
// that it starts with, which nothing else marks.
func isSnappyBlock(in layer) bool {
	size, n := shortVarint(in.data)
	if n == 0 || size < minGuess/2 || size > uint64(len(in.data))*maxSnappyRatio {
		return false
	}
	given := uint64(0)
	for rest := in.data[n:]; len(rest) > 0; {
		length, offset, used := snappyElement(rest)
		if used == 0 || offset > given || given+length > size {
			return false
		}
		given += length
		rest = rest[used:]
	}
	return given == size
}

// maxSnappyRatio bounds what a block can give: a copy of 64 bytes takes three.
const maxSnappyRatio = 22

// snappyElement reads the head of a literal, whose offset is zero, or of a
// copy. used is zero if there is none.
func snappyElement(data []byte) (length, offset uint64, used int) {
	tag := data[0]
	long := uint64(tag >> 2)
	switch tag & 3 {
	case 1:
		if len(data) > 1 {
			return 4 + long&7, uint64(tag>>5)<<8 | uint64(data[1]), 2
		}
	case 2:
		if len(data) > 2 {
			return 1 + long, uint64(binary.LittleEndian.Uint16(data[1:])), 3
		}
	case 3:
		if len(data) > 4 {
			return 1 + long, uint64(binary.LittleEndian.Uint32(data[1:])), 5
		}
	default:
		return snappyLiteral(data, long)
	}
	return 0, 0, 0
}

// snappyLiteral reads the head of a literal: lengths from 61 on follow in one
// to four bytes.
func snappyLiteral(data []byte, long uint64) (length, offset uint64, used int) {
	head := 1
	if long >= 60 {
		head += int(long) - 59 //nolint:gosec // long is at most 63
		if len(data) < head {
			return 0, 0, 0
		}
		long = 0
		for i := head - 1; i > 0; i-- {
			long = long<<8 | uint64(data[i])
		}
	}
	length = long + 1
	if length > uint64(len(data)-head) { //nolint:gosec // head is at most len(data)
		return 0, 0, 0
	}
	return length, 0, head + int(length)
}

func decodeSnappyBlock(in layer, emit func(part) bool) error {
	size, err := snappy.DecodedLen(in.data)
	if err != nil {
		return nil //nolint:nilerr // it is no snappy
	}
	if int64(size) > in.room {
		return errRoom // a block is decoded at once or not at all
	}
	out, err := snappy.Decode(nil, in.data)
	if err != nil || !credible(in, out) {
		return nil //nolint:nilerr // it is no snappy
	}
	emit(in.whole("snappy-block", out))
	return nil
}
