package personal

import (
	"iter"
	"strings"
)

// A Found is personal data in a text: what it is, and the range of its bytes.
type Found struct {
	Match
	Start, End int
}

// Find yields the personal data that stands in a text, word by word: what
// [Recognise] tells without a name. Words end at white space, at quotes and
// brackets, and at what separates the parts of an address, so that data in a
// query is found. Numbers that are written in groups with spaces are not.
func Find(text string) iter.Seq[Found] {
	return func(yield func(Found) bool) {
		for at := 0; at < len(text); {
			n := strings.IndexFunc(text[at:], isBetween)
			if n < 0 {
				n = len(text) - at
			}
			word := strings.Trim(text[at:at+n], ".:!")
			word = strings.TrimPrefix(strings.TrimPrefix(word, "mailto:"), "tel:")
			start := at + strings.Index(text[at:at+n], word)
			if m, ok := Recognise("", word); ok && !yield(Found{m, start, start + len(word)}) {
				return
			}
			at += n + 1
			for at < len(text) && !utf8Start(text[at]) {
				at++
			}
		}
	}
}

// isBetween reports characters that end a word.
func isBetween(r rune) bool {
	switch r {
	case '"', '\'', '<', '>', '(', ')', '[', ']', '{', '}', ',', ';', '=', '&', '?', '#', '/', '|', '\\':
		return true
	}
	return r <= ' ' || r == 0x7f || r > 0x7f
}

// utf8Start reports whether a byte begins a character.
func utf8Start(c byte) bool { return c&0xC0 != 0x80 }
