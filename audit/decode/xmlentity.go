package decode

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// xmlEntities are those that need no declaration.
var xmlEntities = map[string]byte{"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\''}

// unescapeXML replaces what stands for one character. Any other entity stays.
func unescapeXML(text []byte) []byte {
	i := bytes.IndexByte(text, '&')
	if i < 0 {
		return text
	}
	out := append(make([]byte, 0, len(text)), text[:i]...)
	for i < len(text) {
		if text[i] == '&' {
			if r, size := entity(text[i:]); size > 0 {
				out = utf8.AppendRune(out, r)
				i += size
				continue
			}
		}
		out = append(out, text[i])
		i++
	}
	return out
}

// entity reads "&name;", "&#10;" or "&#xa;", with size 0 if it is not known.
func entity(text []byte) (r rune, size int) {
	end := bytes.IndexByte(text[:min(len(text), 12)], ';')
	if end < 3 {
		return 0, 0
	}
	name := string(text[1:end])
	if c, ok := xmlEntities[name]; ok {
		return rune(c), end + 1
	}
	if name[0] != '#' {
		return 0, 0
	}
	base, digits := 10, name[1:]
	if digits[0] == 'x' {
		base, digits = 16, digits[1:]
	}
	n, err := strconv.ParseUint(digits, base, 21)
	if err != nil {
		return 0, 0
	}
	return rune(n), end + 1
}
