package decode

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

func isPercentU(in layer) bool {
	for rest := in.data; ; rest = rest[2:] {
		i := bytes.Index(rest, []byte("%u"))
		if i < 0 {
			return false
		}
		if rest = rest[i:]; escapedUnit(rest) {
			return isMostlyText(in.data)
		}
	}
}

// escapedUnit reports whether s starts with "%u" and four digits.
func escapedUnit(s []byte) bool {
	if len(s) < 6 || s[0] != '%' || s[1] != 'u' {
		return false
	}
	_, digits := number(s[2:], 16, 4)
	return digits == 4
}

// decodePercentU undoes what escape of old JavaScript writes: "%uXXXX" for a
// code unit of UTF-16 and "%XX" for one below 256.
func decodePercentU(in layer, emit func(part) bool) error {
	out := make([]byte, 0, len(in.data))
	for rest := in.data; len(rest) > 0; {
		switch {
		case escapedUnit(rest):
			r, size := escapedPair(rest)
			out, rest = utf8.AppendRune(out, r), rest[size:]
		case escaped(rest):
			r, _ := number(rest[1:], 16, 2)
			out, rest = utf8.AppendRune(out, r), rest[3:]
		default:
			out, rest = append(out, rest[0]), rest[1:]
		}
	}
	emit(in.whole("percent-u", out))
	return nil
}

// escapedPair reads the unit at the start of s, and the next one too if both
// make one character.
func escapedPair(s []byte) (r rune, size int) {
	r, _ = number(s[2:], 16, 4)
	if utf16.IsSurrogate(r) && escapedUnit(s[6:]) {
		low, _ := number(s[8:], 16, 4)
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return r, 6
}
