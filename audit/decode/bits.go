package decode

import "bytes"

// minBits is how many bits the least number of characters takes.
const minBits = 8 * minCodes

var bitSeparators = byteSet(" ,\r\n\t-_;")

// isBits wants nothing but the digits 0 and 1, and separators.
func isBits(in layer) bool {
	if len(in.data) < minBits {
		return false
	}
	for _, c := range in.data {
		if c != '0' && c != '1' && !bitSeparators[c] {
			return false
		}
	}
	return true
}

// decodeBits reads groups of eight or of seven bits, with separators between
// them or without.
func decodeBits(in layer, emit func(part) bool) error {
	groups := bytes.FieldsFunc(in.data, func(r rune) bool { return bitSeparators[byte(r)] }) //nolint:gosec // ASCII
	size := len(groups[0])
	for _, g := range groups {
		if len(g) != size {
			return nil
		}
	}
	for _, bits := range []int{8, 7} {
		if size%bits != 0 {
			continue
		}
		if out := fromBits(bytes.Join(groups, nil), bits); plain(out) || worded(out) {
			emit(in.whole("bits", out))
			break
		}
	}
	return nil
}

// fromBits reads characters of so many bits each.
func fromBits(digits []byte, bits int) []byte {
	out := make([]byte, 0, len(digits)/bits)
	for ; len(digits) > 0; digits = digits[bits:] {
		var c byte
		for _, d := range digits[:bits] {
			c = c<<1 | (d - '0')
		}
		out = append(out, c)
	}
	return out
}
