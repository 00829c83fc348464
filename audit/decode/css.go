package decode

import (
	"bytes"
	"unicode/utf8"
)

// isCSSEscape wants a backslash and two hexadecimal digits.
func isCSSEscape(in layer) bool {
	for rest := in.data; len(rest) >= minRun/2; {
		i := bytes.IndexByte(rest, '\\')
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
		if isPair(rest) {
			return isMostlyText(in.data)
		}
	}
	return false
}

// decodeCSSEscape undoes the escapes of CSS (CSS Syntax, section 4.3.7): one to
// six hexadecimal digits, and a space that belongs to them. Other languages
// have such escapes with another meaning, so that an address must come out.
func decodeCSSEscape(in layer, emit func(part) bool) error {
	out := make([]byte, 0, len(in.data))
	for rest := in.data; len(rest) > 0; {
		r, digits := number(rest[1:], 16, 6)
		if rest[0] != '\\' || digits == 0 || !utf8.ValidRune(r) {
			out, rest = append(out, rest[0]), rest[1:]
			continue
		}
		out, rest = utf8.AppendRune(out, r), rest[1+digits:]
		if len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\n' || rest[0] == '\t') {
			rest = rest[1:]
		}
	}
	if telling(out) && !telling(in.data) {
		emit(in.whole("css-escape", out))
	}
	return nil
}
