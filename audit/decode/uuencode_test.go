package decode

import (
	"bytes"
	"slices"
	"testing"
)

// toUuencode writes lines of 45 bytes.
func toUuencode(in []byte) []byte {
	var out bytes.Buffer
	out.WriteString("begin 644 data\n")
	digit := func(v uint32) {
		out.WriteByte("`!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_"[v&63])
	}
	for line := range slices.Chunk(in, 45) {
		digit(uint32(len(line)))
		for three := range slices.Chunk(line, 3) {
			var b [3]byte
			copy(b[:], three)
			bits := uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
			for shift := 18; shift >= 0; shift -= 6 {
				digit(bits >> shift)
			}
		}
		out.WriteByte('\n')
	}
	out.WriteString("`\nend\n")
	return out.Bytes()
}

// FuzzUuencode reads what the encoder wrote.
func FuzzUuencode(f *testing.F) {
	f.Add([]byte("any bytes \x00\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 0 {
			roundTrip(t, "uuencode", layer{data: toUuencode(data)}, "uuencode", data)
		}
		_ = run(t, named(t, "uuencode"), layer{data: append([]byte("begin 644 a\n"), data...)})
	})
}

// The program uuencode of GNU sharutils writes this.
func TestUuencodeSample(t *testing.T) {
	roundTrip(t, "uuencode", layer{data: []byte("begin 644 cat.txt\n#0V%T\n`\nend\n")}, "uuencode", []byte("Cat"))
}
