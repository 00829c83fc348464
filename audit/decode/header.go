package decode

import (
	"bytes"
	"strings"

	"telltale/audit"
)

func isHeader(in layer) bool { return in.step == "request.header" }

// decodeHeader reads lines of "Name: value".
func decodeHeader(in layer, emit func(part) bool) error {
	n := 0
	j := joiner{step: "header-join"}
	for line := range split(in.data, '\n') {
		name, value, ok := bytes.Cut(line.data, []byte(": "))
		if !ok {
			continue
		}
		n++
		start := line.span.Start + len(name) + len(": ")
		value = bytes.TrimRight(value, "\r")
		p := piece{value, audit.Span{Start: start, End: start + len(value)}}
		if !emit(part{"header:" + fieldName(name, n), p.data, p.span}) || !j.add(p, emit) {
			return nil
		}
	}
	j.flush(emit)
	return nil
}

func isCookie(in layer) bool { return strings.EqualFold(in.step, "header:Cookie") }

// decodeCookie reads the value of a Cookie field: "name=value; name=value".
func decodeCookie(in layer, emit func(part) bool) error {
	n := 0
	for piece := range split(in.data, ';') {
		n++
		name, value, ok := bytes.Cut(piece.data, []byte("="))
		if !ok {
			continue
		}
		start := piece.span.End - len(value)
		if !emit(part{"cookie:" + fieldName(bytes.TrimSpace(name), n), value, audit.Span{Start: start, End: piece.span.End}}) {
			return nil
		}
	}
	return nil
}
