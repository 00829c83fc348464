package decode

import (
	"bytes"
	"iter"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// minCodes is how many numbers must stand in a list of character codes.
const minCodes = 8

var codeDigits = digitTable("0123456789,; -\r\n\t")

func isCodes(in layer) bool {
	for range runs(in.data, codeDigits) {
		return true
	}
	return false
}

// decodeCodes reads lists of decimal or else octal numbers as the bytes or the
// characters with these numbers, where these are text. A list stands in
// brackets, as in String.fromCharCode(104, …), or is the whole layer.
func decodeCodes(in layer, emit func(part) bool) error {
	for run := range runs(in.data, codeDigits) {
		if run.Len() < len(in.data) && (run.Start == 0 || bytes.IndexByte([]byte("[({"), in.data[run.Start-1]) < 0) {
			continue
		}
		for _, base := range []int{10, 8} {
			out := fromCodes(in.data[run.Start:run.End], base)
			if !worded(out) {
				continue
			}
			if !emit(part{"codes", out, run}) {
				return nil
			}
			break
		}
	}
	return nil
}

// fromCodes returns nothing if an item of the list is no code. Java counts
// bytes from -128 on; codes above 255 are units of UTF-16 or characters.
func fromCodes(list []byte, base int) []byte {
	var octets []byte
	var units []rune
	least, most := int64(0), int64(0)
	for item := range items(list) {
		n, err := strconv.ParseInt(string(item), base, 32)
		if err != nil || n < -128 || n > utf8.MaxRune || len(item) > len("1114111") {
			return nil
		}
		octets = append(octets, byte(n)) //nolint:gosec // counted if it fits
		units = append(units, rune(n))
		least, most = min(least, n), max(most, n)
	}
	switch {
	case len(units) < minCodes:
		return nil
	case most < 256 && (utf8.Valid(octets) || compressed(octets) || worthy(octets)):
		return octets
	case least < 0:
		return nil
	default:
		return []byte(string(joined(units)))
	}
}

// joined makes one character of each pair of surrogates.
func joined(units []rune) (chars []rune) {
	for i := 0; i < len(units); i++ {
		r := units[i]
		if utf16.IsSurrogate(r) && i+1 < len(units) {
			if pair := utf16.DecodeRune(r, units[i+1]); pair != utf8.RuneError {
				r = pair
				i++
			}
		}
		chars = append(chars, r)
	}
	return chars
}

// items yields what stands between commas, semicolons and space.
func items(list []byte) iter.Seq[[]byte] {
	return bytes.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ';' || r <= ' ' })
}

// worded reports whether text has mostly letters and digits, long text at
// least some. Temperatures and percentages are codes of printable characters
// too.
func worded(out []byte) bool {
	if len(out) < minCodes || !isText(out) {
		return isWrapped(out) || compressed(out) || worthy(out)
	}
	if telling(out) {
		return true
	}
	letters := 0
	for _, r := range string(out) {
		if r >= utf8.RuneSelf || r == '%' || isAlnum(byte(r)) { //nolint:gosec // below RuneSelf
			letters++
		}
	}
	share := float64(letters) / float64(utf8.RuneCount(out))
	return len(out) >= minGuess && share >= 0.75 || len(out) >= 4*minGuess && share >= 0.25
}
