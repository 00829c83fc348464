package decode

import (
	"fmt"
	"testing"
	"unicode/utf16"
)

// toPercentU writes what JavaScript's escape writes.
func toPercentU(in []byte) []byte {
	var out []byte
	for i, unit := range utf16.Encode([]rune(string(in))) {
		switch {
		case unit < 128 && isAlnum(byte(unit)) && i > 0:
			out = append(out, byte(unit))
		case unit < 256 && i > 0:
			out = fmt.Appendf(out, "%%%02X", unit)
		default:
			out = fmt.Appendf(out, "%%u%04X", unit)
		}
	}
	return out
}

// FuzzPercentU reads what the encoder wrote.
func FuzzPercentU(f *testing.F) {
	f.Add([]byte("ä你😀%u"))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = letters(data)
		roundTrip(t, "percent-u", layer{data: toPercentU(data)}, "percent-u", data)
	})
}
