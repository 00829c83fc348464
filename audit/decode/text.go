package decode

import (
	"unicode"
	"unicode/utf8"
)

// isText reports whether all of data is printable characters of UTF-8 and line
// ends, and some is there. A character that is cut off at the end counts.
func isText(data []byte) bool { return len(data) > 0 && isTextBut(data, 0) }

// isMostlyText reports whether data is text with some faults: nine bytes in
// ten are.
func isMostlyText(data []byte) bool { return len(data) > 0 && isTextBut(data, len(data)/10) }

// isTextBut reports whether no more than so many bytes are not text. It looks
// no further than it must: random bytes show what they are at once.
func isTextBut(data []byte, faults int) bool {
	for i := 0; i < len(data); {
		if asciiText[data[i]] {
			i++
			continue
		}
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			if data[i] >= utf8.RuneSelf && len(data)-i < utf8.UTFMax && !utf8.FullRune(data[i:]) {
				return true
			}
			faults--
		case !unicode.IsPrint(r):
			faults -= size
		}
		if faults < 0 {
			return false
		}
		i += size
	}
	return true
}

var asciiText = func() (set [256]bool) {
	for c := ' '; c <= '~'; c++ {
		set[c] = true
	}
	set['\n'], set['\r'], set['\t'] = true, true, true
	return set
}()
