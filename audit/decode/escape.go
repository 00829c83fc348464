package decode

import (
	"bytes"
	"unicode/utf8"
)

// isEscape wants an escape that programs write, and text around it. A
// backslash alone stands in the paths of files.
func isEscape(in layer) bool {
	for rest := in.data; ; rest = rest[1:] {
		i := bytes.IndexByte(rest, '\\')
		if i < 0 || i+1 == len(rest) {
			return false
		}
		rest = rest[i:]
		if _, size := escapeAt(rest); size > 2 || rest[1] == '/' || rest[1] == '"' {
			return isMostlyText(in.data)
		}
	}
}

// decodeEscape undoes the escapes of C, JavaScript and their kin outside of
// JSON. What is no escape stays.
func decodeEscape(in layer, emit func(part) bool) error {
	emit(in.whole("escape", unescapeText(in.data)))
	return nil
}

func unescapeText(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		c, size := escapeAt(text)
		if size == 0 {
			c, size = text[:1], 1
		}
		out, text = append(out, c...), text[size:]
	}
	return out
}

// simpleEscapes are the escapes of one character.
var simpleEscapes = map[byte]string{
	'"': "\"", '\'': "'", '\\': "\\", '/': "/", 'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
}

// escapeAt reads the escape at the start of s. Its size is 0 if there is none.
func escapeAt(s []byte) (text []byte, size int) {
	if len(s) < 2 || s[0] != '\\' {
		return nil, 0
	}
	if r, size := unicodeEscape(s); size > 0 {
		return utf8.AppendRune(nil, r), size
	}
	switch s[1] {
	case 'x':
		n, digits := number(s[2:], 16, 2)
		if digits == 2 {
			return []byte{byte(n)}, 4 //nolint:gosec // n is at most 255
		}
	case 'u':
		if n, digits := number(s[min(3, len(s)):], 16, 6); digits > 0 && s[2] == '{' && len(s) > 3+digits && s[3+digits] == '}' {
			return utf8.AppendRune(nil, n), 4 + digits
		}
	case 'U':
		if n, digits := number(s[2:], 16, 8); digits == 8 && n <= utf8.MaxRune {
			return utf8.AppendRune(nil, n), 10
		}
	case '0', '1', '2', '3', '4', '5', '6', '7':
		if n, digits := number(s[1:], 8, 3); digits == 3 && n <= 0xff {
			return []byte{byte(n)}, 4 //nolint:gosec // n is at most 255
		}
	}
	if text, ok := simpleEscapes[s[1]]; ok {
		return []byte(text), 2
	}
	return nil, 0
}

// number reads up to most digits of a base.
func number(s []byte, base rune, most int) (n rune, digits int) {
	for digits < min(most, len(s)) {
		v := rune(unhex[s[digits]])
		if v >= base {
			break
		}
		n = n*base + v
		digits++
	}
	return n, digits
}
