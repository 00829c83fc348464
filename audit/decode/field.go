package decode

import (
	"bytes"
	"iter"
	"strconv"
	"unicode"
	"unicode/utf8"

	"telltale/audit"
)

// maxName is how long a field's name may be in a step.
const maxName = 128

// fieldName returns the name of the nth field as it stands in a step. A name
// that is too long or that cannot be printed becomes "#" and the number.
func fieldName(name []byte, n int) string {
	if len(name) > maxName {
		return "#" + strconv.Itoa(n)
	}
	text := string(name)
	for _, r := range text {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return "#" + strconv.Itoa(n)
		}
	}
	return text
}

// A piece is a range of a layer.
type piece struct {
	data []byte
	span audit.Span
}

// split yields what stands between separators, empty pieces too.
func split(data []byte, sep byte) iter.Seq[piece] {
	return func(yield func(piece) bool) {
		for start := 0; ; {
			end := len(data)
			if i := bytes.IndexByte(data[start:], sep); i >= 0 {
				end = start + i
			}
			if !yield(piece{data[start:end], audit.Span{Start: start, End: end}}) || end == len(data) {
				return
			}
			start = end + 1
		}
	}
}
