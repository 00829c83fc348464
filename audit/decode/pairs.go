package decode

import (
	"bytes"
	"strings"

	"telltale/audit"
)

// pairSeparators are those that stand between pairs outside of forms.
const pairSeparators = ";,|"

// isPairs reports whether the layer is made of pairs of a name and a value, as
// fields of headers have them and parameters in a path.
func isPairs(in layer) bool { return len(namedPairs(in)) > 0 }

// decodeNamedPairs reads "name=value; name=value", and the same with commas or
// bars, perhaps behind a word: 'Digest username="me", realm="a"'. In the
// segment of a path the word and a semicolon come first.
func decodeNamedPairs(in layer, emit func(part) bool) error {
	for n, pair := range namedPairs(in) {
		name, value, _ := bytes.Cut(pair.data, []byte("="))
		p := pair.from(len(pair.data) - len(value)).trimmed()
		if size := len(p.data); size > 1 && p.data[0] == '"' && p.data[size-1] == '"' {
			p = piece{p.data[1 : size-1], audit.Span{Start: p.span.Start + 1, End: p.span.End - 1}}
		}
		if !emit(part{"pairs:" + fieldName(bytes.TrimSpace(name), n), p.data, p.span}) {
			break
		}
	}
	return nil
}

// namedPairs returns the pairs of a layer, none if it is something else.
func namedPairs(in layer) []piece {
	all := piece{in.data, audit.Span{End: len(in.data)}}
	equals := bytes.IndexByte(in.data[:min(len(in.data), 2*maxName)], '=')
	if equals < 1 {
		return nil
	}
	first := bytes.IndexByte(in.data[:equals], ';')
	switch word := bytes.IndexByte(in.data[:equals], ' '); {
	case first > 0 && (strings.HasPrefix(in.step, "path:") || in.data[0] == '/'):
		all = all.from(first + 1)
	case word > 0 && isFieldName(in.data[:word]):
		all = all.from(word + 1)
	}
	if all.span.Start > 0 && bytes.IndexByte(all.data, '&') > 0 && isForm(layer{data: all.data}) {
		return formPairs(all)
	}
	end := bytes.IndexAny(all.data, pairSeparators)
	if end < 0 {
		if all.span.Start > 0 && isNamedPair(all) {
			return []piece{all}
		}
		return nil
	}
	var pairs []piece
	for p := range split(all.data, all.data[end]) {
		p = piece{p.data, all.within(p.span)}.trimmed()
		if len(p.data) == 0 && len(pairs) > 0 {
			continue // after the last separator
		}
		if !isNamedPair(p) {
			return nil
		}
		pairs = append(pairs, p)
	}
	if len(pairs) < 2 && all.span.Start == 0 {
		return nil
	}
	return pairs
}

// formPairs returns the named fields of a form that stands behind a word.
func formPairs(form piece) (pairs []piece) {
	for p := range split(form.data, '&') {
		if bytes.IndexByte(p.data, '=') > 0 {
			pairs = append(pairs, piece{p.data, form.within(p.span)})
		}
	}
	return pairs
}

// isNamedPair reports whether p is a plain name, an equals sign and a value that
// is no padding of base64.
func isNamedPair(p piece) bool {
	name, value, ok := bytes.Cut(p.data, []byte("="))
	return ok && len(value) > 0 && value[0] != '=' && len(name) <= maxName && isFieldName(bytes.TrimSpace(name))
}
