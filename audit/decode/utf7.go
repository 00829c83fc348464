package decode

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// shiftedASCII is how each run of characters starts that has ASCII in it: the
// upper bits of its units of UTF-16 are zero.
var shiftedASCII = []byte("+A")

// isUTF7 wants ASCII with a shift: a plus sign, digits of base64 and a dash. What
// is looked for in it has such a shift to ASCII.
func isUTF7(in layer) bool {
	for rest := in.data; ; {
		i := bytes.Index(rest, shiftedASCII)
		if i < 0 {
			return false
		}
		if _, size := shifted(rest[i:]); size > 2 {
			return isText(in.data)
		}
		rest = rest[i+1:]
	}
}

// decodeUTF7 reads UTF-7 (RFC 2152), if that shows an address or JSON. Sums
// and product names have plus signs too.
func decodeUTF7(in layer, emit func(part) bool) error {
	out := make([]byte, 0, len(in.data))
	for rest := in.data; len(rest) > 0; {
		text, size := shifted(rest)
		if size == 0 {
			text, size = rest[:1], 1
		}
		out, rest = append(out, text...), rest[size:]
	}
	if isText(out) && telling(out) && !telling(in.data) {
		emit(in.whole("utf7", out))
	}
	return nil
}

// shifted reads the characters between a plus sign at the start of s and a
// dash. Its size is 0 if these are not whole units of UTF-16.
func shifted(s []byte) (text []byte, size int) {
	if len(s) < 2 || s[0] != '+' {
		return nil, 0
	}
	end := 1
	for end < len(s) && sextets[s[end]] != noDigit && s[end] != '-' && s[end] != '_' {
		end++
	}
	if end == 1 && s[end] == '-' {
		return []byte("+"), 2
	}
	units := fromBase64(s[1:end])
	if len(units) < 2 || (end-1)*6-len(units)/2*16 >= 6 {
		return nil, 0
	}
	if end < len(s) && s[end] == '-' {
		end++
	}
	return utf16BE(units), end
}

func utf16BE(data []byte) []byte {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = uint16(data[2*i])<<8 | uint16(data[2*i+1])
	}
	var out []byte
	for _, r := range utf16.Decode(units) {
		out = utf8.AppendRune(out, r)
	}
	return out
}
