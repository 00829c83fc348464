package decode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

var snappyBlockStream = unmarked{"snappy-block", startsSnappy, readSnappyBlock}

// maxSnappyRatio bounds what a block can give: a copy of 64 bytes takes three.
const maxSnappyRatio = 22

// startsSnappy wants a length that the block can give, and then a literal:
// there is nothing to copy yet
// (github.com/google/snappy, format_description.txt).
func startsSnappy(data []byte) bool {
	size, n := shortVarint(data)
	return n > 0 && n < len(data) && size >= minUnmarked && size <= uint64(len(data))*maxSnappyRatio && data[n]&3 == 0
}

// errSnappy says that an element does not fit what is there.
var errSnappy = errors.New("is no element of a block of snappy")

// readSnappyBlock reads the elements, which must add up to the length that the
// block starts with.
func readSnappyBlock(data []byte, room int64) ([]byte, error) {
	size, n := shortVarint(data)
	limit := min(size, uint64(room)) //nolint:gosec // room is never less than none
	out := make([]byte, 0, min(limit, uint64(len(data))))
	for rest := data[n:]; len(rest) > 0; {
		e, ok := snappyElement(rest)
		given := uint64(len(out))
		switch {
		case !ok:
			return out, io.ErrUnexpectedEOF
		case e.length > size-given || e.offset > given || e.copies && e.offset == 0:
			return out, errSnappy
		case !e.copies:
			literal := rest[e.head:]
			out = append(out, literal[:min(e.length, uint64(len(literal)), limit-given)]...)
		default:
			for range min(e.length, limit-given) { // it may copy what it gives itself
				out = append(out, out[uint64(len(out))-e.offset])
			}
		}
		switch {
		case given+e.length > limit:
			return out, fmt.Errorf("%w, %d bytes; the rest is not read", errRoom, room)
		case e.size() > uint64(len(rest)):
			return out, io.ErrUnexpectedEOF
		}
		rest = rest[e.size():]
	}
	if uint64(len(out)) < size {
		return out, io.ErrUnexpectedEOF
	}
	return out, nil
}

// An element is a literal or a copy.
type element struct {
	copies bool
	head   int    // bytes before a literal, all bytes of a copy
	length uint64 // of what it gives
	offset uint64 // how far back a copy starts
}

// size is how many bytes the element takes.
func (e element) size() uint64 {
	if e.copies {
		return uint64(e.head) //nolint:gosec // at most 5
	}
	return uint64(e.head) + e.length //nolint:gosec // at most 5
}

// snappyElement reads the head of an element. It is not ok if that breaks off.
func snappyElement(data []byte) (e element, ok bool) {
	tag, long := data[0], uint64(data[0]>>2)
	var b [8]byte
	copy(b[:], data[1:min(len(data), 5)])
	number := binary.LittleEndian.Uint64(b[:])
	switch tag & 3 {
	case 0: // lengths from 61 on follow in one to four bytes
		e = element{head: 1, length: long + 1}
		if long >= 60 {
			extra := int(long) - 59
			e = element{head: 1 + extra, length: number&(1<<(8*extra)-1) + 1}
		}
	case 1:
		e = element{true, 2, 4 + long&7, uint64(tag>>5)<<8 | number&0xff}
	case 2:
		e = element{true, 3, long + 1, number & 0xffff}
	case 3:
		e = element{true, 5, long + 1, number}
	}
	return e, e.head <= len(data)
}
