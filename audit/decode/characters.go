package decode

import (
	"bytes"
	"iter"
	"strings"
	"unicode/utf8"

	"telltale/audit"
)

func isCharacters(in layer) bool {
	for range characterLists(in.data) {
		return true
	}
	return false
}

// decodeCharacters joins JSON arrays of strings of one character.
func decodeCharacters(in layer, emit func(part) bool) error {
	for list := range characterLists(in.data) {
		text, _ := characters(in.data[list.Start:])
		if !emit(part{"characters", text, list}) {
			break
		}
	}
	return nil
}

// characterLists yields the ranges of the arrays.
func characterLists(data []byte) iter.Seq[audit.Span] {
	return func(yield func(audit.Span) bool) {
		for at := 0; ; {
			i := bytes.IndexByte(data[at:], '[')
			if i < 0 {
				return
			}
			at += i
			_, size := characters(data[at:])
			if size > 0 && !yield(audit.Span{Start: at, End: at + size}) {
				return
			}
			at += max(size, 1)
		}
	}
}

// characters reads the array at the start of s. Its size is 0 if it is none of
// characters, or too short.
func characters(s []byte) (text []byte, size int) {
	n := 0
	for at := skipSpace(s, 1); ; n++ {
		char, end := character(s[at:])
		if end == 0 {
			return nil, 0
		}
		text = append(text, char...)
		at = skipSpace(s, at+end)
		switch {
		case at < len(s) && s[at] == ']' && n+1 >= minCodes:
			return text, at + 1
		case at == len(s) || s[at] != ',':
			return nil, 0
		}
		at = skipSpace(s, at+1)
	}
}

// skipSpace returns the place of the next character that is no space.
func skipSpace(s []byte, at int) int {
	for at < len(s) && strings.IndexByte(jsonSpace, s[at]) >= 0 {
		at++
	}
	return at
}

// character reads a string of one character.
func character(s []byte) (char []byte, size int) {
	if len(s) < 3 || s[0] != '"' {
		return nil, 0
	}
	end := 1
	for end < min(len(s), 14) && (s[end] != '"' || end == 1) { // an escaped pair has 12 bytes
		if s[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(s) || s[end] != '"' {
		return nil, 0
	}
	char = unquoteJSON(s[1:end])
	if utf8.RuneCount(char) != 1 {
		return nil, 0
	}
	return char, end + 1
}
