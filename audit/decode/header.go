package decode

import (
	"bytes"
	"iter"
	"strings"

	"telltale/audit"
)

func isHeader(in layer) bool { return in.step == "request.header" }

// decodeHeader reads lines of "Name: value".
func decodeHeader(in layer, emit func(part) bool) error {
	decodeFields(piece{in.data, audit.Span{End: len(in.data)}}, emit)
	return nil
}

// decodeFields gives the fields of a header. It reports whether emit wants more.
func decodeFields(header piece, emit func(part) bool) bool {
	n := 0
	j := joiner{step: "header-join"}
	for f := range fields(header) {
		n++
		if !emit(part{"header:" + fieldName(f.name, n), f.value.data, f.value.span}) || !j.add(f.value, emit) {
			return false
		}
	}
	return j.flush(emit)
}

// A field is one of a header.
type field struct {
	name  []byte
	value piece
}

// fields yields the fields of a header. A line that starts with a space goes on
// with the one before (RFC 5322, section 2.2.3). Names of HTTP/2 may start with
// a colon.
func fields(header piece) iter.Seq[field] {
	return func(yield func(field) bool) {
		for start := 0; start < len(header.data); {
			line, next := foldedLine(header.data[start:])
			p := piece{line, audit.Span{Start: header.span.Start + start, End: header.span.Start + start + len(line)}}
			start += next
			i := bytes.IndexByte(line[min(len(line), 1):], ':') + 1
			if i == 0 {
				continue
			}
			value := p.from(i + 1).trimmed()
			value.data = unfold(value.data)
			if !yield(field{line[:i], value}) {
				return
			}
		}
	}
}

// foldedLine returns the first line with those that it goes on in, and where
// the next one starts.
func foldedLine(data []byte) (line []byte, next int) {
	for next < len(data) {
		end := bytes.IndexByte(data[next:], '\n')
		if end < 0 {
			return data, len(data)
		}
		next += end + 1
		if next == len(data) || data[next] != ' ' && data[next] != '\t' {
			break
		}
	}
	return bytes.TrimRight(data[:next], "\r\n"), next
}

// unfold takes the ends of lines out of a value.
func unfold(value []byte) []byte {
	if bytes.IndexByte(value, '\n') < 0 {
		return value
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(value, []byte("\r"), nil), []byte("\n"), nil)
}

func isCookie(in layer) bool {
	return strings.EqualFold(in.step, "header:Cookie") || strings.EqualFold(in.step, "header:Set-Cookie")
}

// decodeCookie reads the value of a Cookie field, "name=value; name=value", or
// of a Set-Cookie field, which has its attributes in the same form (RFC 6265).
func decodeCookie(in layer, emit func(part) bool) error {
	n := 0
	for pair := range split(in.data, ';') {
		n++
		name, value, ok := bytes.Cut(pair.data, []byte("="))
		if !ok {
			continue
		}
		start := pair.span.End - len(value)
		if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
			value = value[1 : len(value)-1]
			start++
		}
		key := piece{name, audit.Span{Start: pair.span.Start, End: pair.span.Start + len(name)}}.trimmed()
		if !key.emitName("cookie:", n, emit) || !emit(part{"cookie:" + fieldName(key.data, n), value, audit.Span{Start: start, End: start + len(value)}}) {
			return nil
		}
	}
	return nil
}
