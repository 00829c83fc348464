package har

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// text is a string of an archive as the bytes that it stands for.
type text []byte

// UnmarshalJSON reads a string. Null is the empty string, and what is no
// string stands for itself.
func (t *text) UnmarshalJSON(b []byte) error {
	switch {
	case string(b) == "null":
		*t = nil
	case b[0] == '"':
		*t = oneByteEach(unquote(b[1 : len(b)-1]))
	default:
		*t = bytes.Clone(b)
	}
	return nil
}

// escapes are those of one letter; all others stand for themselves.
var escapes = map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unquote undoes the escapes of a JSON string, which package json has found to
// be well formed. Unlike that package it keeps bytes that are no UTF-8, and
// takes \udc80 to \udcff without their other half for the bytes 80 to ff, which
// is how Python writes such bytes.
func unquote(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		plain, rest, found := bytes.Cut(b, []byte{'\\'})
		out = append(out, plain...)
		if !found || len(rest) == 0 {
			break
		}
		if rest[0] != 'u' {
			c, ok := escapes[rest[0]]
			if !ok {
				c = rest[0]
			}
			out, b = append(out, c), rest[1:]
			continue
		}
		r, n := escaped(rest)
		if 0xdc80 <= r && r <= 0xdcff {
			out = append(out, byte(r&0xff))
		} else {
			out = utf8.AppendRune(out, r)
		}
		b = rest[n:]
	}
	return out
}

// escaped reads a character that begins after its backslash, such as u20ac,
// and returns how long it is. Two halves of a character are one.
func escaped(b []byte) (r rune, n int) {
	const half = len("u20ac")
	first := unit(b)
	if utf16.IsSurrogate(first) && len(b) > half && b[half] == '\\' {
		if r := utf16.DecodeRune(first, unit(b[half+1:])); r != utf8.RuneError {
			return r, half + 1 + half
		}
	}
	return first, min(half, len(b))
}

func unit(b []byte) rune {
	if len(b) < 5 || b[0] != 'u' {
		return utf8.RuneError
	}
	n, err := strconv.ParseUint(string(b[1:5]), 16, 16)
	if err != nil {
		return utf8.RuneError
	}
	return rune(n)
}

// oneByteEach undoes what some writers do to bytes: a character each, of the
// first 256. It is told by a control character of the range 80 to 9f, which no
// text has.
func oneByteEach(s []byte) []byte {
	if !utf8.Valid(s) {
		return s
	}
	out := make([]byte, 0, len(s))
	control := false
	for _, r := range string(s) {
		if r > 0xff {
			return s
		}
		control = control || 0x80 <= r && r <= 0x9f
		out = append(out, byte(r&0xff))
	}
	if !control {
		return s
	}
	return out
}
