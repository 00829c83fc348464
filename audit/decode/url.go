package decode

import (
	"bytes"
	"strconv"

	"telltale/audit"
)

// isURL reports whether the whole layer is the address of something on the web,
// or the path and the query of one, as HTTP/2 has them in ":path", or the query
// alone with its mark.
func isURL(in layer) bool {
	if len(in.data) > 0 && in.data[0] == '?' {
		return isForm(layer{data: in.data[1:]}) && isURLText(in.data)
	}
	if len(in.data) > 0 && in.data[0] == '/' {
		i := bytes.IndexByte(in.data, '?')
		return i > 0 && bytes.IndexByte(in.data[i:], '=') > 0 && isURLText(in.data)
	}
	scheme, rest, ok := bytes.Cut(in.data[:min(len(in.data), 16)], []byte("://"))
	if !ok || len(rest) == 0 {
		return false
	}
	for _, s := range webSchemes {
		if bytes.EqualFold(scheme, s) {
			return isURLText(in.data)
		}
	}
	return false
}

var webSchemes = [][]byte{[]byte("https"), []byte("http"), []byte("ws"), []byte("wss")}

// isURLText reports whether data has no character that ends an address.
func isURLText(data []byte) bool {
	for _, c := range data {
		if c <= ' ' || c == '"' || c == '<' || c == '>' || c == 0x7f {
			return false
		}
	}
	return true
}

// decodeURL takes an address apart. The parts of the path are numbered from 1
// and stay as they are; names and values of the query lose their percent
// encoding.
func decodeURL(in layer, emit func(part) bool) error {
	rest := piece{in.data, audit.Span{End: len(in.data)}}
	rest, fragment := rest.cut("#")
	rest, query := rest.cut("?")
	switch i := bytes.Index(rest.data, schemeEnd); {
	case bytes.HasPrefix(rest.data, []byte("//")) && !bytes.HasPrefix(rest.data, []byte("///")): // a host without a scheme
		rest = rest.from(len("//"))
	case i >= 0 && rest.data[0] != '/':
		rest = rest.from(i + len(schemeEnd))
	}
	host, path := rest.cut("/")
	if i := bytes.LastIndexByte(host.data, '@'); i >= 0 {
		user := piece{host.data[:i], audit.Span{Start: host.span.Start, End: host.span.Start + i}}
		if !emit(part{"userinfo", unescape(user.data, false), user.span}) {
			return nil
		}
		host = host.from(i + 1)
	}
	if decodeHost(host, emit) && decodePath(path, emit) && decodeQuery(query, emit) {
		emit(part{"fragment", fragment.data, fragment.span})
	}
	return nil
}

// decodeHost gives the host if a label is long enough to carry something.
func decodeHost(host piece, emit func(part) bool) bool {
	for label := range split(host.data, '.') {
		if len(label.data) >= minRun {
			return emit(part{"host", host.data, host.span})
		}
	}
	return true
}

// pathSteps are the steps of the first segments.
var pathSteps = func() (steps [16]string) {
	for n := range steps {
		steps[n] = "path:" + strconv.Itoa(n)
	}
	return steps
}()

func pathStep(n int) string {
	if n < len(pathSteps) {
		return pathSteps[n]
	}
	return "path:" + strconv.Itoa(n)
}

// decodePath gives the segments, and also the whole if base64 with its slashes
// could be in it.
func decodePath(path piece, emit func(part) bool) bool {
	n := 0
	j := joiner{step: "path-join"}
	for seg := range split(path.data, '/') {
		n++
		p := piece{seg.data, path.within(seg.span)}
		if !emit(part{pathStep(n), p.data, p.span}) || !j.add(p, emit) {
			return false
		}
	}
	if !j.flush(emit) {
		return false
	}
	if n == 1 || len(path.data) < minRun {
		return true
	}
	return emit(part{"path", path.data, path.span})
}

// decodeQuery gives the pairs, and also the whole if it is not made of pairs.
func decodeQuery(query piece, emit func(part) bool) bool {
	if len(query.data) == 0 {
		return true
	}
	if !isForm(layer{data: query.data}) && !emit(part{"query", query.data, query.span}) {
		return false
	}
	return decodePairs("query:", query.data, query.span.Start, emit)
}

// cut slices a piece around the first separator, which belongs to neither side.
func (p piece) cut(sep string) (before, after piece) {
	i := bytes.Index(p.data, []byte(sep))
	if i < 0 {
		return p, piece{nil, audit.Span{Start: p.span.End, End: p.span.End}}
	}
	mid := p.span.Start + i
	before = piece{p.data[:i], audit.Span{Start: p.span.Start, End: mid}}
	return before, piece{p.data[i+len(sep):], audit.Span{Start: mid + len(sep), End: p.span.End}}
}

// within returns where a range of p's data lies in the layer.
func (p piece) within(s audit.Span) audit.Span {
	return audit.Span{Start: p.span.Start + s.Start, End: p.span.Start + s.End}
}
