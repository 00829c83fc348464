package decode

import (
	"fmt"
	"slices"
	"testing"
)

// toYEnc writes lines of 128 bytes.
func toYEnc(in []byte) []byte {
	out := fmt.Appendf(nil, "=ybegin line=128 size=%d name=data\r\n", len(in))
	for line := range slices.Chunk(in, 128) {
		for _, c := range line {
			if c += 42; c == 0 || c == '\n' || c == '\r' || c == '=' {
				out = append(out, '=')
				c += 64
			}
			out = append(out, c)
		}
		out = append(out, "\r\n"...)
	}
	return fmt.Appendf(out, "=yend size=%d\r\n", len(in))
}

// FuzzYEnc reads what the encoder wrote.
func FuzzYEnc(f *testing.F) {
	f.Add([]byte("any bytes \x00\xff\xd6\xe0\xe3\x13"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 0 {
			roundTrip(t, "yenc", layer{data: toYEnc(data)}, "yenc", data)
		}
		_ = run(t, named(t, "yenc"), layer{data: append([]byte("=ybegin "), data...)})
	})
}
