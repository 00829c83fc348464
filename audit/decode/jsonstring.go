package decode

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonEscapes are the escapes of one character. A character that is not in it
// stands for itself with its backslash.
var jsonEscapes = map[byte]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// unquoteJSON undoes the escapes of a JSON string. What is no escape stays.
func unquoteJSON(text []byte) []byte {
	i := bytes.IndexByte(text, '\\')
	if i < 0 {
		return text
	}
	out := append(make([]byte, 0, len(text)), text[:i]...)
	for i < len(text) {
		if text[i] != '\\' || i+1 == len(text) {
			out = append(out, text[i])
			i++
			continue
		}
		if c, ok := jsonEscapes[text[i+1]]; ok {
			out = append(out, c)
			i += 2
			continue
		}
		r, size := unicodeEscape(text[i:])
		if size == 0 {
			out = append(out, text[i])
			i++
			continue
		}
		out = utf8.AppendRune(out, r)
		i += size
	}
	return out
}

// unicodeEscape reads \uXXXX at the start of text, or a pair of them that
// makes one character. Its size is 0 if there is none.
func unicodeEscape(text []byte) (r rune, size int) {
	r, ok := codeUnit(text)
	if !ok {
		return 0, 0
	}
	if low, ok := codeUnit(text[6:]); ok && utf16.IsSurrogate(r) {
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return r, 6 // AppendRune replaces half a pair
}

func codeUnit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(n), err == nil
}
