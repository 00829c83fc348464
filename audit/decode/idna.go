package decode

import (
	"bytes"

	"golang.org/x/net/idna"

	"telltale/audit"
)

var aceMark = []byte("xn--")

// isIDNA wants an address or a host; in a document its fields are such.
func isIDNA(in layer) bool {
	return bytes.Contains(in.data, aceMark) && isURLText(in.data)
}

// decodeIDNA writes the labels of hosts that stand in Punycode (RFC 5891) in
// their own letters. It gives the whole layer, because an address is searched
// for as a whole.
func decodeIDNA(in layer, emit func(part) bool) error {
	out, done := make([]byte, 0, len(in.data)), 0
	for done < len(in.data) {
		label := nextLabel(in.data, done)
		out = append(out, in.data[done:label.Start]...)
		text := in.data[label.Start:label.End]
		if name, err := idna.Punycode.ToUnicode(string(text)); err == nil {
			text = []byte(name)
		}
		out, done = append(out, text...), label.End
	}
	if !bytes.Equal(out, in.data) {
		emit(in.whole("idna", out))
	}
	return nil
}

// nextLabel returns the range of the next label in Punycode, the end of the
// data if there is none.
func nextLabel(data []byte, from int) audit.Span {
	i := bytes.Index(data[from:], aceMark)
	if i < 0 {
		return audit.Span{Start: len(data), End: len(data)}
	}
	start := from + i
	end := start + len(aceMark)
	for end < min(len(data), start+63) && hostBytes[data[end]] && data[end] != '.' {
		end++
	}
	return audit.Span{Start: start, End: end}
}
