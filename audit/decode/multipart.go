package decode

import (
	"bytes"
	"mime"
	"strconv"
	"strings"

	"telltale/audit"
)

// maxBoundary is the length that a boundary may have (RFC 2046, section 5.1.1).
const maxBoundary = 70

// isMultipart reports whether a layer starts with a boundary and then a header.
func isMultipart(in layer) bool {
	boundary, rest, ok := boundaryLine(in.data)
	if !ok {
		return false
	}
	name, _, ok := bytes.Cut(rest[:min(len(rest), 2*maxName)], []byte(":"))
	return ok && isFieldName(name) || bytes.HasPrefix(rest, boundary) || bytes.HasPrefix(rest, []byte("\r\n"))
}

// isFieldName reports whether text is a name of a header field.
func isFieldName(name []byte) bool {
	for _, c := range name {
		if !headerNames[c] {
			return false
		}
	}
	return len(name) > 0
}

var headerNames = byteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

// boundaryLine cuts the first line, dashes included, from what follows it.
func boundaryLine(data []byte) (line, rest []byte, ok bool) {
	if !bytes.HasPrefix(data, []byte("--")) {
		return nil, nil, false
	}
	i := bytes.IndexByte(data[:min(len(data), maxBoundary+4)], '\n')
	if i < 0 {
		return nil, nil, false
	}
	line = bytes.TrimRight(data[:i], "\r")
	return line, data[i+1:], len(line) > 2
}

// decodeMultipart gives the body of each part under the name that its header
// says, the name of a file under "part-file", and the other fields of its
// header under "part-header". The boundary is read from the body itself; where
// the last one is missing, the last part ends with the body.
func decodeMultipart(in layer, emit func(part) bool) error {
	boundary, rest, _ := boundaryLine(in.data)
	start := len(in.data) - len(rest)
	for n := 0; ; n++ {
		end, next, last := nextBoundary(in.data, start, boundary)
		if !decodeFormPart(piece{in.data[start:end], audit.Span{Start: start, End: end}}, n, emit) {
			return nil
		}
		if last {
			if rest := in.data[next:]; len(bytes.TrimSpace(rest)) > 0 {
				emit(part{"part-epilogue", rest, audit.Span{Start: next, End: len(in.data)}})
			}
			return nil
		}
		if end == len(in.data) {
			return nil
		}
		start = next
	}
}

// nextBoundary returns where the part from start ends and the next one starts,
// and whether there is no other.
func nextBoundary(data []byte, start int, boundary []byte) (end, next int, last bool) {
	for at := start; ; {
		i := bytes.Index(data[at:], boundary)
		if i < 0 {
			return len(data), len(data), false
		}
		at += i + len(boundary)
		before := data[start : at-len(boundary)]
		if len(before) > 0 && before[len(before)-1] != '\n' {
			continue
		}
		after := data[at:]
		line := bytes.IndexByte(after, '\n')
		next = at + line + 1
		switch {
		case bytes.HasPrefix(after, []byte("--")):
			next, last = at+len("--"), true
		case line < 0 || len(bytes.TrimSpace(after[:line])) > 0:
			continue // a longer line that starts like the boundary
		}
		before = bytes.TrimSuffix(before, []byte("\n"))
		return start + len(bytes.TrimSuffix(before, []byte("\r"))), next, last
	}
}

// decodeFormPart reads the nth part: a header, an empty line, a body, from which
// it takes the encodings that the header says.
func decodeFormPart(p piece, n int, emit func(part) bool) bool {
	header, body := p.header()
	name, file := partNames(header.data)
	name = fieldName([]byte(name), n)
	if name == "" {
		name = "#" + strconv.Itoa(n)
	}
	if file != "" && !emit(part{"part-file:" + name, []byte(file), header.span}) {
		return false
	}
	for line := range split(header.data, '\n') {
		field, value, ok := bytes.Cut(line.data, []byte(":"))
		if !ok || strings.EqualFold(string(field), "Content-Disposition") {
			continue
		}
		span := header.within(line.span)
		span.Start = span.End - len(value)
		if !emit(part{"part-header:" + name + "/" + fieldName(field, n), bytes.TrimSpace(value), span}) {
			return false
		}
	}
	return emit(part{"part:" + name, undeclared(header, body.data), body.span})
}

// header cuts p at the first empty line. Without one it has no header.
func (p piece) header() (header, body piece) {
	for _, empty := range []string{"\r\n", "\n"} {
		if bytes.HasPrefix(p.data, []byte(empty)) { // no field at all
			return piece{span: audit.Span{Start: p.span.Start, End: p.span.Start}}, p.from(len(empty))
		}
	}
	crlf := bytes.Index(p.data, []byte("\r\n\r\n"))
	lf := bytes.Index(p.data, []byte("\n\n"))
	switch {
	case crlf >= 0 && (lf < 0 || crlf < lf):
		header, _ = p.cut("\r\n\r\n")
		return header, p.from(crlf + 4)
	case lf >= 0:
		header, _ = p.cut("\n\n")
		return header, p.from(lf + 2)
	}
	return piece{}, p
}

// from returns p without its first n bytes.
func (p piece) from(n int) piece {
	return piece{p.data[n:], audit.Span{Start: p.span.Start + n, End: p.span.End}}
}

// partNames returns the names of a part and of its file.
func partNames(header []byte) (name, file string) {
	for line := range split(header, '\n') {
		field, value, _ := bytes.Cut(line.data, []byte(":"))
		if !strings.EqualFold(string(field), "Content-Disposition") {
			continue
		}
		if _, params, err := mime.ParseMediaType(string(bytes.TrimSpace(value))); err == nil {
			return params["name"], params["filename"]
		}
		return quotedParam(value, "name"), quotedParam(value, "filename")
	}
	return "", ""
}

// quotedParam finds a parameter in a field that is not written by the rules.
func quotedParam(value []byte, name string) string {
	_, after, _ := bytes.Cut(value, []byte(" "+name+`="`))
	text, _, _ := bytes.Cut(after, []byte(`"`))
	return string(text)
}
