package decode

import (
	"math/big"
	"slices"
	"testing"
)

const (
	digits36 = "0123456789abcdefghijklmnopqrstuvwxyz"
	digits58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	digits62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// toRadix divides the number by the base until nothing is left.
func toRadix(in []byte, base int64, digits string) []byte {
	n, rest, by := new(big.Int).SetBytes(in), new(big.Int), big.NewInt(base)
	var out []byte
	for n.Sign() > 0 {
		n.DivMod(n, by, rest)
		out = append(out, digits[rest.Int64()])
	}
	slices.Reverse(out)
	return out
}

// FuzzRadix reads what long division wrote, and what math/big writes in its
// own order of digits.
func FuzzRadix(f *testing.F) {
	f.Add([]byte("text"))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = letters(data[:min(len(data), 300)])
		roundTrip(t, "radix", layer{data: toRadix(data, 36, digits36)}, "base36", data)
		roundTrip(t, "radix", layer{data: toRadix(data, 58, digits58)}, "base58", data)
		roundTrip(t, "radix", layer{data: toRadix(data, 62, digits62)}, "base62", data)
		roundTrip(t, "radix", layer{data: []byte(new(big.Int).SetBytes(data).Text(62))}, "base62", data)
	})
}
