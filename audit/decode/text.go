package decode

import (
	"unicode"
	"unicode/utf8"
)

// mostlyText is the share of printable bytes from which on bytes count as text
// with some faults.
const mostlyText = 0.9

// printableShare returns the share of bytes that belong to printable
// characters of UTF-8. A character that is cut off at the end counts.
func printableShare(data []byte) float64 {
	if len(data) == 0 {
		return 0
	}
	good := 0
	for i := 0; i < len(data); {
		if c := data[i]; ' ' <= c && c <= '~' {
			good++
			i++
			continue
		}
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			if !utf8.FullRune(data[i:]) {
				return float64(good+len(data)-i) / float64(len(data))
			}
		case unicode.IsPrint(r) || r == '\n' || r == '\r' || r == '\t':
			good += size
		}
		i += size
	}
	return float64(good) / float64(len(data))
}
