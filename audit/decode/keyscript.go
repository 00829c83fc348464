package decode

import (
	"bytes"
	"iter"
	"slices"
	"strings"

	"telltale/audit"
)

// Answer looks for keys in what a server delivered: a page that encrypts what
// it sends has its key from there. An answer is no exhibit, and nothing else
// in it counts.
func (s *KeySearch) Answer(answer audit.Exhibit) {
	text := answer.Data.Reveal()
	if !isMostlyText(text[:min(len(text), headSize)]) {
		return
	}
	var found []material
	for name, value := range assigned(text) {
		as := roleOf(string(name))
		if as == 0 && slices.Contains(toBytes, string(name)) {
			as = asKey | asIV
		}
		label := "answer:" + string(name)
		for _, raw := range spellings(value) {
			found = append(found, fitting(label, as, raw)...)
			found = append(found, phrase(label, as, raw)...)
		}
		if len(found) >= maxOfExhibit {
			break
		}
	}
	for i := range found {
		found[i].data = bytes.Clone(found[i].data)
		found[i].at = position{request: requestOf(answer), order: i}
	}
	s.note(audit.Exhibit{}, found, false)
}

// toBytes are the functions by which scripts turn text into bytes: what they
// are called with may be a key.
var toBytes = []string{"parse", "encode", "from"}

// maxScriptKey is the length of the longest string of a script that may be a
// key: 32 bytes in hexadecimal digits.
const maxScriptKey = 64

const quotes = "\"'`"

// assigned yields the strings that stand behind a name with a colon, an equals
// sign or a bracket, in a script, in JSON or in HTML, with that name.
func assigned(text []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for at := 0; ; at++ {
			i := bytes.IndexAny(text[at:], quotes)
			if i < 0 {
				return
			}
			at += i
			name := assignee(text[:at])
			if len(name) == 0 {
				continue
			}
			value := text[at+1 : min(len(text), at+2+maxScriptKey)]
			end := bytes.IndexByte(value, text[at])
			if end > 0 && bytes.IndexByte(value[:end], '\\') < 0 && !yield(name, value[:end]) {
				return
			}
		}
	}
}

// assignee returns the name that stands before the sign at the end of text,
// nothing if there is none.
func assignee(text []byte) []byte {
	text = trimRight(text, jsonSpace)
	if len(text) == 0 || strings.IndexByte(":=(", text[len(text)-1]) < 0 {
		return nil
	}
	text = trimRight(text[:len(text)-1], jsonSpace)
	if len(text) > 0 && strings.IndexByte(quotes, text[len(text)-1]) >= 0 {
		text = text[:len(text)-1]
	}
	start := len(text)
	for start > max(0, len(text)-maxScriptName) && nameBytes[text[start-1]] {
		start--
	}
	return text[start:]
}

// maxScriptName is how much of a name is looked at.
const maxScriptName = 40

var nameBytes = byteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_$-")

// trimRight takes characters off the end, a few at most: text may be long.
func trimRight(text []byte, set string) []byte {
	for range 8 {
		if len(text) == 0 || strings.IndexByte(set, text[len(text)-1]) < 0 {
			break
		}
		text = text[:len(text)-1]
	}
	return text
}
