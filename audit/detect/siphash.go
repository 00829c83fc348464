package detect

import (
	"encoding/binary"
	"math/bits"
)

// A sipState are the four words of SipHash (Aumasson and Bernstein, "SipHash: a
// fast short-input PRF", 2012).
type sipState [4]uint64

func (s *sipState) rounds(n int) {
	for range n {
		s[0] += s[1]
		s[1] = bits.RotateLeft64(s[1], 13) ^ s[0]
		s[0] = bits.RotateLeft64(s[0], 32)
		s[2] += s[3]
		s[3] = bits.RotateLeft64(s[3], 16) ^ s[2]
		s[0] += s[3]
		s[3] = bits.RotateLeft64(s[3], 21) ^ s[0]
		s[2] += s[1]
		s[1] = bits.RotateLeft64(s[1], 17) ^ s[2]
		s[2] = bits.RotateLeft64(s[2], 32)
	}
}

func (s *sipState) word(w uint64) {
	s[3] ^= w
	s.rounds(2)
	s[0] ^= w
}

// siphash returns SipHash-2-4 of data under the key k0, k1.
func siphash(k0, k1 uint64, data []byte) uint64 {
	s := sipState{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573}
	rest := data
	for ; len(rest) >= 8; rest = rest[8:] {
		s.word(binary.LittleEndian.Uint64(rest))
	}
	var last [8]byte
	copy(last[:], rest)
	last[7] = byte(len(data)) //nolint:gosec // the low byte is meant
	s.word(binary.LittleEndian.Uint64(last[:]))
	s[2] ^= 0xff
	s.rounds(4)
	return s[0] ^ s[1] ^ s[2] ^ s[3]
}
