package decode

import (
	"bytes"
	"iter"
	"strconv"

	"telltale/audit"
)

var (
	indexedBegin = []byte(`"0"`)
	indexDigits  = byteSet("-0123456789")
)

func isIndexed(in layer) bool {
	for range indexedLists(in.data) {
		return true
	}
	return false
}

// decodeIndexed reads JSON objects whose names are the numbers from 0 on and
// whose values are bytes or characters: JSON.stringify writes a Uint8Array so.
func decodeIndexed(in layer, emit func(part) bool) error {
	for p := range indexedLists(in.data) {
		if !emit(p) {
			break
		}
	}
	return nil
}

// indexedLists yields the objects that are worth reading.
func indexedLists(data []byte) iter.Seq[part] {
	return func(yield func(part) bool) {
		for at := 0; ; {
			i := bytes.Index(data[at:], indexedBegin)
			if i < 0 {
				return
			}
			at += i
			start := bytes.LastIndexByte(data[:at], '{')
			if start < 0 || len(bytes.Trim(data[start+1:at], jsonSpace)) > 0 {
				at++
				continue
			}
			step, out, size := indexed(data[at:])
			at += max(size, 1)
			if size > 0 && !yield(part{step, out, audit.Span{Start: start, End: at}}) {
				return
			}
		}
	}
}

// indexed reads the members of an object, from the first name to the closing
// bracket. The size is 0 if they are something else.
func indexed(s []byte) (step string, out []byte, size int) {
	var codes, text []byte
	n := 0
	for at := 0; ; n++ {
		name := `"` + strconv.Itoa(n) + `"`
		if !bytes.HasPrefix(s[at:], []byte(name)) {
			return "", nil, 0
		}
		at = skipSpace(s, at+len(name))
		if at == len(s) || s[at] != ':' {
			return "", nil, 0
		}
		at = skipSpace(s, at+1)
		if char, end := character(s[at:]); end > 0 {
			text = append(text, char...)
			at += end
		} else {
			start := at
			for at < len(s) && indexDigits[s[at]] {
				at++
			}
			if at == start {
				return "", nil, 0
			}
			codes = append(append(codes, s[start:at]...), ',')
		}
		at = skipSpace(s, at)
		switch {
		case at == len(s) || codes != nil && text != nil:
			return "", nil, 0
		case s[at] == '}' && text != nil && n+1 >= minCodes:
			return "characters", text, at + 1
		case s[at] == '}':
			if out = fromCodes(codes, 10); !worded(out) {
				return "", nil, 0
			}
			return "codes", out, at + 1
		case s[at] != ',':
			return "", nil, 0
		}
		at = skipSpace(s, at+1)
	}
}
