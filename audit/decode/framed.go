package decode

import (
	"encoding/binary"
	"strconv"

	"telltale/audit"
)

// A prefix is a way to write the length of a frame before it.
type prefix struct {
	// read returns the length and how many bytes it takes, 0 if there is none.
	read func(data []byte) (size uint64, n int)
}

// prefixes are those of streams of protocol buffers (writeDelimitedTo), of DNS
// over TCP, and of protocols that are written by hand.
var prefixes = []prefix{
	{shortVarint},
	{func(data []byte) (uint64, int) {
		if len(data) < 4 {
			return 0, 0
		}
		return uint64(binary.BigEndian.Uint32(data)), 4
	}},
	{func(data []byte) (uint64, int) {
		if len(data) < 4 {
			return 0, 0
		}
		return uint64(binary.LittleEndian.Uint32(data)), 4
	}},
	{func(data []byte) (uint64, int) {
		if len(data) < 2 {
			return 0, 0
		}
		return uint64(binary.BigEndian.Uint16(data)), 2
	}},
}

// maxFrames is how many frames are looked at.
const maxFrames = 1 << 16

func isFramed(in layer) bool {
	if len(in.data) < minRun {
		return false
	}
	for _, p := range prefixes {
		if p.fits(in.data) {
			return true
		}
	}
	return false
}

// fits reports whether data falls into frames to its last byte.
func (p prefix) fits(data []byte) bool {
	for n := 0; len(data) > 0; n++ {
		size, used := p.read(data)
		if n == maxFrames || used == 0 || size == 0 || size > uint64(len(data)-used) { //nolint:gosec // used is within data
			return false
		}
		data = data[used+int(size):] //nolint:gosec // not more than len(data)
	}
	return true
}

// decodeFramed gives what stands in the frames. As any bytes may fall into
// frames by chance, each must be a message of its own kind: a container,
// something compressed, or JSON.
func decodeFramed(in layer, emit func(part) bool) error {
	for _, p := range prefixes {
		if !p.fits(in.data) {
			continue
		}
		parts := p.frames(in.data)
		for _, frame := range parts {
			if !emit(frame) {
				break
			}
		}
		if len(parts) > 0 {
			break
		}
	}
	return nil
}

// frames returns the frames of data that fits, none if one is no message.
func (p prefix) frames(data []byte) (parts []part) {
	for at := 0; at < len(data); {
		size, used := p.read(data[at:])
		span := audit.Span{Start: at + used, End: at + used + int(size)} //nolint:gosec // it fits
		frame := data[span.Start:span.End]
		if !tellingHead(frame) && !isBracketed(frame) && !marked(frame) && !structured(frame) {
			return nil
		}
		parts = append(parts, part{"frame:" + strconv.Itoa(len(parts)), frame, span})
		at = span.End
	}
	return parts
}
