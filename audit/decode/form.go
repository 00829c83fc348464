package decode

import (
	"bytes"

	"telltale/audit"
)

// isForm reports whether every piece between ampersands has a name that a
// form's field may have, or none, and some named piece has a value. Padded
// base64 has the look of a field without a value.
func isForm(in layer) bool {
	if bytes.IndexByte(in.data, '=') < 0 {
		return false
	}
	valued := false
	for piece := range split(in.data, '&') {
		name, value, ok := bytes.Cut(piece.data, []byte("="))
		if !isFormName(name) && (!ok || len(name) > 0) || bytes.ContainsFunc(value, isFormControl) {
			return false
		}
		valued = valued || len(name) > 0 && len(value) > 0 && value[0] != '='
	}
	return valued
}

// isFormControl reports characters that no form has in a value; a line end may
// stand after the last one.
func isFormControl(r rune) bool { return r < ' ' && r != '\r' && r != '\n' }

var formNames = byteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.$-[]%:+~*@!")

func isFormName(name []byte) bool {
	for _, c := range name {
		if !formNames[c] {
			return false
		}
	}
	return 0 < len(name) && len(name) <= maxName
}

// decodeForm reads "name=value&name=value" and takes the percent encoding off,
// and the charset if the sender gave one.
func decodeForm(in layer, emit func(part) bool) error {
	charset := charsetOf(in.media)
	decodePairs("form:", in.data, 0, func(p part) bool {
		p.data = transcode(charset, p.data)
		return emit(p)
	})
	return nil
}

// decodePairs reads the pairs of a form or a query that starts at offset of
// its layer. It reports whether emit wants more.
func decodePairs(prefix string, data []byte, offset int, emit func(part) bool) bool {
	n := 0
	j := joiner{step: prefix[:len(prefix)-1] + "-join"}
	for field := range split(data, '&') {
		n++
		name, value, _ := bytes.Cut(field.data, []byte("="))
		end := offset + field.span.End
		p := piece{unescape(value, true), audit.Span{Start: end - len(value), End: end}}
		start := offset + field.span.Start
		key := piece{unescape(name, true), audit.Span{Start: start, End: start + len(name)}}
		if !key.emitName(prefix, n, emit) || !emit(part{prefix + fieldName(key.data, n), p.data, p.span}) || !j.add(p, emit) {
			return false
		}
	}
	return j.flush(emit)
}

// emitName hands out the name of the nth field as a value, if data may stand
// in it. It reports whether emit wants more.
func (p piece) emitName(prefix string, n int, emit func(part) bool) bool {
	return plainName(p.data) || emit(part{prefix[:len(prefix)-1] + "-name:" + fieldName(p.data, n), p.data, p.span})
}

// byteSet returns the table of the characters in s.
func byteSet(s string) (set [256]bool) {
	for i := range len(s) {
		set[s[i]] = true
	}
	return set
}
