package detect

import (
	"encoding/binary"
	"math/bits"
)

// sm3Sum returns the SM3 digest (GB/T 32905-2016; draft-sca-cfrg-sm3-02).
func sm3Sum(data []byte) []byte {
	state := [8]uint32{0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e}
	padded := append(append([]byte(nil), data...), 0x80)
	for len(padded)%64 != 56 {
		padded = append(padded, 0)
	}
	padded = binary.BigEndian.AppendUint64(padded, uint64(len(data))*8)
	for ; len(padded) > 0; padded = padded[64:] {
		sm3Block(&state, padded[:64])
	}
	var out []byte
	for _, s := range state {
		out = binary.BigEndian.AppendUint32(out, s)
	}
	return out
}

// sm3Block compresses one block of 64 bytes into the state.
func sm3Block(state *[8]uint32, block []byte) {
	var w [68]uint32
	for i := range 16 {
		w[i] = binary.BigEndian.Uint32(block[4*i:])
	}
	for i := 16; i < len(w); i++ {
		x := w[i-16] ^ w[i-9] ^ bits.RotateLeft32(w[i-3], 15)
		w[i] = x ^ bits.RotateLeft32(x, 15) ^ bits.RotateLeft32(x, 23) ^ bits.RotateLeft32(w[i-13], 7) ^ w[i-6]
	}
	a, b, c, d, e, f, g, h := state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]
	for i := range 64 {
		constant, ff, gg := uint32(0x79cc4519), a^b^c, e^f^g
		if i >= 16 {
			constant, ff, gg = 0x7a879d8a, a&b|a&c|b&c, e&f|^e&g
		}
		rotated := bits.RotateLeft32(a, 12)
		ss1 := bits.RotateLeft32(rotated+e+bits.RotateLeft32(constant, i), 7)
		ss2 := ss1 ^ rotated
		tt1 := ff + d + ss2 + (w[i] ^ w[i+4])
		tt2 := gg + h + ss1 + w[i]
		a, b, c, d = tt1, a, bits.RotateLeft32(b, 9), c
		e, f, g, h = tt2^bits.RotateLeft32(tt2, 9)^bits.RotateLeft32(tt2, 17), e, bits.RotateLeft32(f, 19), g
	}
	for i, v := range [8]uint32{a, b, c, d, e, f, g, h} {
		state[i] ^= v
	}
}
