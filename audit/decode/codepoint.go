package decode

import (
	"bytes"
	"unicode/utf8"

	"telltale/audit"
)

var codePointMark = []byte("U+")

func isCodePoints(in layer) bool {
	return len(in.data) >= minCodes*len("U+0000") && bytes.Count(in.data, codePointMark) >= minCodes
}

// decodeCodePoints reads lists of characters in the notation of the Unicode
// standard, such as "U+0068 U+0074".
func decodeCodePoints(in layer, emit func(part) bool) error {
	for at := 0; ; {
		i := bytes.Index(in.data[at:], codePointMark)
		if i < 0 {
			return nil
		}
		start := at + i
		out, size := codePoints(in.data[start:])
		at = start + max(size, len(codePointMark))
		span := audit.Span{Start: start, End: start + size}
		if utf8.RuneCount(out) >= minCodes && isText(out) && !emit(part{"codepoints", out, span}) {
			return nil
		}
	}
}

// codePoints reads the list at the start of s.
func codePoints(s []byte) (out []byte, size int) {
	for at := 0; bytes.HasPrefix(s[at:], codePointMark); {
		at += len(codePointMark)
		r, digits := number(s[at:], 16, 6)
		if digits < 4 || !utf8.ValidRune(r) {
			break
		}
		at += digits
		out, size = utf8.AppendRune(out, r), at
		at += len(s[at:]) - len(bytes.TrimLeft(s[at:], " ,;"))
	}
	return out, size
}
