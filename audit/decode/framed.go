package decode

import (
	"encoding/binary"
	"strconv"

	"telltale/audit"
)

// A prefix is a way to write the length of a frame before it.
type prefix struct {
	name string
	// read returns the length and how many bytes it takes, 0 if there is none.
	read func(data []byte) (size uint64, n int)
}

// prefixes are those of streams of protocol buffers (writeDelimitedTo), of DNS
// over TCP, and of protocols that are written by hand.
var prefixes = []prefix{
	{"varint", shortVarint},
	{"32be", func(data []byte) (uint64, int) {
		if len(data) < 4 {
			return 0, 0
		}
		return uint64(binary.BigEndian.Uint32(data)), 4
	}},
	{"32le", func(data []byte) (uint64, int) {
		if len(data) < 4 {
			return 0, 0
		}
		return uint64(binary.LittleEndian.Uint32(data)), 4
	}},
	{"16be", func(data []byte) (uint64, int) {
		if len(data) < 2 {
			return 0, 0
		}
		return uint64(binary.BigEndian.Uint16(data)), 2
	}},
}

// maxFrames is how many frames are looked at.
const maxFrames = 1 << 16

func isFramed(in layer) bool { return len(in.data) >= minRun && framing(in.data) != nil }

// framing returns the prefix by which data falls into frames to its last byte.
func framing(data []byte) *prefix {
	for i := range prefixes {
		rest := data
		for n := 0; n < maxFrames && len(rest) > 0; n++ {
			size, used := prefixes[i].read(rest)
			if used == 0 || size == 0 || size > uint64(len(rest)-used) {
				break
			}
			rest = rest[used+int(size):] //nolint:gosec // not more than len(rest)
		}
		if len(rest) == 0 {
			return &prefixes[i]
		}
	}
	return nil
}

// decodeFramed gives what stands in the frames. As any bytes may fall into
// frames by chance, each must be a message of its own kind: a container,
// something compressed, or JSON.
func decodeFramed(in layer, emit func(part) bool) error {
	by := framing(in.data)
	var parts []part
	for at := 0; at < len(in.data); {
		size, used := by.read(in.data[at:])
		span := audit.Span{Start: at + used, End: at + used + int(size)} //nolint:gosec // isFramed held it against the data
		frame := in.data[span.Start:span.End]
		if !tellingHead(frame) && !isBracketed(frame) && !marked(frame) && !structured(frame) {
			return nil
		}
		parts = append(parts, part{"frame:" + strconv.Itoa(len(parts)), frame, span})
		at = span.End
	}
	for _, p := range parts {
		if !emit(p) {
			break
		}
	}
	return nil
}
