package decode

import (
	"bytes"
	"crypto/sha256"
	"math/big"
)

// radixes are the bases in which bytes are written as one long number. Of
// base 62 both orders of the letters are in use; base 58 has the order of
// Bitcoin addresses.
var radixes = []radix{
	{"base10", 10, digitTable("0123456789")},
	{"base36", 36, digitTable("0123456789abcdefghijklmnopqrstuvwxyz", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")},
	{"base58", 58, digitTable("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")},
	{"base62", 62, digitTable("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")},
	{"base62", 62, digitTable("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")},
}

// A number is read if it has at least the digits of 16 bytes in base 62. The
// time to read it grows with the square of its length, hence the other limit.
const (
	minNumber  = 22
	minDecimal = 37 // the digits of 15 bytes
	maxNumber  = 8192
)

func isRadix(in layer) bool {
	for run := range runs(in.data, sextets) {
		if isNumber(in.data[run.Start:run.End]) {
			return true
		}
	}
	return false
}

// isNumber reports whether a run of base64 digits could be a number: letters
// and digits only, that are not base64 of text, and not all of them digits of
// hex, unless all are decimal.
func isNumber(text []byte) bool {
	if len(text) < minNumber || len(text) > maxNumber || isText(fromBase64(text[:minNumber])) {
		return false
	}
	allHex, decimal := true, true
	for _, c := range text {
		if alnum[c] == noDigit {
			return false
		}
		allHex = allHex && unhex[c] != noDigit
		decimal = decimal && c <= '9'
	}
	return !allHex || decimal && len(text) >= minDecimal
}

// decodeRadix gives each number whose bytes read well.
func decodeRadix(in layer, emit func(part) bool) error {
	for run := range runs(in.data, sextets) {
		text := in.data[run.Start:run.End]
		if !isNumber(text) {
			continue
		}
		for _, r := range radixes {
			if !r.all(text) {
				continue
			}
			step, out := r.read(text)
			if out != nil && !emit(part{step, out, run}) {
				return nil
			}
		}
	}
	return nil
}

// read returns the bytes of a number and the step that they are, none if they
// read like nothing. Bytes of zero before the others are as many zeros before
// the number.
func (r radix) read(text []byte) (step string, out []byte) {
	out = r.number(text)
	if content, ok := checked(out, text); ok && r.base == 58 {
		return "base58check", content
	}
	zeros := 0
	for zeros < len(text) && r.digits[text[zeros]] == 0 {
		zeros++
	}
	if zeros > 0 && !isText(out) {
		out = append(make([]byte, zeros), out...)
	}
	if !plain(out) {
		return "", nil
	}
	return r.step, out
}

// checked takes the version and the checksum off that Base58Check puts around
// bytes: a Bitcoin address is made so. The zeros that the bytes start with are
// ones before the number.
func checked(number, text []byte) (content []byte, ok bool) {
	zeros := len(text) - len(bytes.TrimLeft(text, "1"))
	data := append(make([]byte, zeros), number...)
	if len(data) < 1+minRun/2+4 {
		return nil, false
	}
	n := len(data) - 4
	once := sha256.Sum256(data[:n])
	twice := sha256.Sum256(once[:])
	return data[1:n], bytes.Equal(twice[:4], data[n:])
}

// number returns the bytes of the number that text is.
func (r radix) number(text []byte) []byte {
	const most = 10 // digits that fit a word in any base
	sum, word, scale := new(big.Int), new(big.Int), new(big.Int)
	for len(text) > 0 {
		n := min(most, len(text))
		value, size := uint64(0), uint64(1)
		for _, c := range text[:n] {
			value = value*uint64(r.base) + uint64(r.digits[c]) //nolint:gosec // a base is positive
			size *= uint64(r.base)                             //nolint:gosec // a base is positive
		}
		sum.Mul(sum, scale.SetUint64(size))
		sum.Add(sum, word.SetUint64(value))
		text = text[n:]
	}
	return sum.Bytes()
}
