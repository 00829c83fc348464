package decode

import (
	"bytes"

	"telltale/audit"
)

// A JSON document in text has little before it and less behind it.
const (
	maxJSONPrefix = 64
	maxJSONSuffix = 8
)

// isJSONInText wants an object or an array after a word or two.
func isJSONInText(in layer) bool { return len(in.data) >= minRun/2 && jsonInText(in.data).Len() > 0 }

// decodeJSONInText gives the document in what scripts and protocols put around
// one: a call ("callback({…});"), an assignment, a mark against being run as a
// script (")]}'"), the type of a Socket.IO packet ("42[…]").
func decodeJSONInText(in layer, emit func(part) bool) error {
	span := jsonInText(in.data)
	emit(part{"json-in", in.data[span.Start:span.End], span})
	return nil
}

// jsonInText returns the range of the document, an empty one if there is none.
func jsonInText(data []byte) audit.Span {
	head := data[:min(len(data), maxJSONPrefix)]
	if bytes.IndexAny(head, "{[") < 1 {
		return audit.Span{} // nothing before it
	}
	for i, c := range head {
		if c < ' ' && c != '\n' && c != '\r' || c > '~' {
			break
		}
		if c != '{' && c != '[' || !opensJSON(data[i:]) {
			continue
		}
		s := &jsonScanner{data: data[i:]}
		if s.value() != nil || s.leaves == 0 {
			continue
		}
		rest := bytes.TrimSpace(data[i+s.pos:])
		if len(rest) > maxJSONSuffix || len(bytes.Trim(rest, ";)]}'\"*/ ")) > 0 {
			break
		}
		return audit.Span{Start: i, End: i + s.pos}
	}
	return audit.Span{}
}

// opensJSON reports whether a document may start so: with a name or a value.
func opensJSON(data []byte) bool {
	rest := bytes.TrimLeft(data[1:min(len(data), maxJSONPrefix)], jsonSpace)
	return len(rest) > 0 && (bytes.IndexByte([]byte(`"'{[`), rest[0]) >= 0 || data[0] == '{' && isAlnum(rest[0]))
}
