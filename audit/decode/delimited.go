package decode

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"telltale/audit"
)

// delimiters are what programs put between the values of a list or a row that
// has no names, the ones that stand in text least often first. The controls are
// the separators of ASCII, the first of which also stands between the packets of
// Engine.IO (github.com/socketio/engine.io-protocol).
const delimiters = "\x1e\x1f\x1d\x1c\x01\t|~"

// minWord is the least length of a word of a header that is looked at by itself:
// the names and versions of programs are shorter.
const minWord = 24

// maxDelimited bounds the values of a list.
const maxDelimited = 4096

func isDelimited(in layer) bool {
	return in.data[0] != '{' && in.data[0] != '[' && in.data[0] != '<' && delimiter(in.data) > 0 && !isDenseDigits(in.data)
}

// isDenseDigits reports whether data is made of digits of base 85 or 91, some of
// which are delimiters.
func isDenseDigits(data []byte) bool {
	if bytes.Contains(data, ascii85Begin) {
		return true
	}
	if !isDense(data) {
		return false
	}
	for _, r := range base85s {
		if r.dense(data, r.from85) != nil {
			return true
		}
	}
	return base91.dense(data, base91.from91) != nil
}

// delimiter returns the first of the delimiters that stands in text, 0 if there
// is none, or if the layer is something else.
func delimiter(data []byte) byte {
	for _, sep := range []byte(delimiters) {
		if bytes.IndexByte(data, sep) < 0 {
			continue
		}
		for rest := range split(data, sep) {
			if len(rest.data) > 0 && !isText(rest.data) {
				return 0
			}
		}
		return sep
	}
	return 0
}

// decodeDelimited gives the values of a list that are long enough to be more
// than a word, each line being a row. The list stays what it is, too: its
// separators are digits of some encodings.
func decodeDelimited(in layer, emit func(part) bool) error {
	sep := delimiter(in.data)
	rows := byte('\n')
	if !isTable(in.data, sep) {
		rows = sep
	}
	n := 0
	for line := range split(in.data, rows) {
		for cell := range split(line.data, sep) {
			n++
			value := piece{cell.data, line.within(cell.span)}.trimmed()
			if len(value.data) < minRun || len(value.data) == len(in.data) {
				continue
			}
			if n > maxDelimited || !emit(part{"list:" + strconv.Itoa(n), value.data, value.span}) {
				return nil
			}
		}
	}
	return nil
}

// isTable reports whether each line has as many delimiters as the first one,
// except empty ones. Otherwise the ends of lines are part of the values.
func isTable(data []byte, sep byte) bool {
	columns := -1
	for line := range split(data, '\n') {
		n := bytes.Count(line.data, []byte{sep})
		if columns < 0 {
			columns = n
		}
		if n != columns && len(line.data) > 0 {
			return false
		}
	}
	return columns > 0
}

// isWords wants a header that has a long word among others. Media types have
// parameters, not words, and JSON has names.
func isWords(in layer) bool {
	if !strings.HasPrefix(in.step, "header:") || bytes.IndexByte(in.data, ' ') < 0 || bytes.Contains(in.data, []byte("boundary=")) ||
		in.data[0] == '{' || in.data[0] == '[' || in.data[0] == '"' {
		return false
	}
	for word := range split(in.data, ' ') {
		if len(word.data) >= minWord {
			return true
		}
	}
	return false
}

// decodeWords gives long words of a header, such as the token behind the name
// of a scheme, or what an application adds to its name in brackets, if they are
// more than digits: these are found where they stand.
func decodeWords(in layer, emit func(part) bool) error {
	n := 0
	for p := range split(in.data, ' ') {
		n++
		word := bytes.TrimSuffix(bytes.TrimLeft(p.data, "("), []byte(";"))
		if bytes.IndexByte(word, '(') < 0 {
			word = bytes.TrimRight(word, ");,")
		}
		if len(word) < minWord || !utf8.Valid(word) || isDigits(bytes.ReplaceAll(trimPadding(word), []byte("."), nil)) && !tellingDigits(backwards(lastDigits(word))) {
			continue
		}
		start := p.span.Start + bytes.Index(p.data, word)
		if !emit(part{"word:" + strconv.Itoa(n), word, audit.Span{Start: start, End: start + len(word)}}) {
			break
		}
	}
	return nil
}
