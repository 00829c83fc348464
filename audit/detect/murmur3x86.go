package detect

import (
	"encoding/binary"
	"math/bits"
)

// The multipliers of MurmurHash3_x86_128 (Austin Appleby, public domain).
var murmurC = [4]uint32{0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93}

// murmurRound says how the four words of a block are mixed into the state.
var murmurRound = [4]struct {
	before, after int // rotations of the word and of the state
	add           uint32
}{{15, 19, 0x561ccd1b}, {16, 17, 0x0bcaa747}, {17, 15, 0x96cd1c35}, {18, 13, 0x32ac3b17}}

// murmur128x86 is the variant of MurmurHash3 for 32-bit machines, with the
// four words in order, each with its highest byte first.
func murmur128x86(seed uint32, b []byte) []byte {
	h, n := [4]uint32{seed, seed, seed, seed}, len(b)
	for ; len(b) >= 16; b = b[16:] {
		for i, r := range murmurRound {
			h[i] ^= murmurWord(i, binary.LittleEndian.Uint32(b[4*i:]))
			h[i] = (bits.RotateLeft32(h[i], r.after)+h[(i+1)%4])*5 + r.add
		}
	}
	var tail [16]byte
	copy(tail[:], b)
	for i := range h {
		h[i] ^= murmurWord(i, binary.LittleEndian.Uint32(tail[4*i:]))
	}
	for i := range h {
		h[i] ^= uint32(n) //nolint:gosec // the low bits are meant
	}
	gather(&h)
	for i := range h {
		h[i] ^= h[i] >> 16
		h[i] *= 0x85ebca6b
		h[i] ^= h[i] >> 13
		h[i] *= 0xc2b2ae35
		h[i] ^= h[i] >> 16
	}
	gather(&h)
	out := make([]byte, 0, 16)
	for _, w := range h {
		out = binary.BigEndian.AppendUint32(out, w)
	}
	return out
}

// murmurWord mixes the word of a block at a place; 0 stays 0.
func murmurWord(i int, k uint32) uint32 {
	return bits.RotateLeft32(k*murmurC[i], murmurRound[i].before) * murmurC[(i+1)%4]
}

// gather adds the other words to the first, and the sum to the others.
func gather(h *[4]uint32) {
	h[0] += h[1] + h[2] + h[3]
	for i := range h[1:] {
		h[i+1] += h[0]
	}
}
