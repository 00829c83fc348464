package decode

import "bytes"

// isQuoted wants every equals sign to start an escape of quoted-printable or
// to end a line (RFC 2045). A form may look so: its values are told by digits
// without a letter, or by an escape of a character that needs none. Who
// escapes everything is no form: a field of one takes five characters.
func isQuoted(in layer) bool {
	escapes, marked, needless := 0, false, false
	for rest := in.data; ; rest = rest[1:] {
		i := bytes.IndexByte(rest, '=')
		if i < 0 {
			return marked && !needless || escapes > 1 && 3*escapes >= len(in.data) ||
				escapes >= minCodes && 4*escapes >= len(in.data)
		}
		rest = rest[i:]
		if softBreak(rest) {
			marked = true
			continue
		}
		n, digits := number(rest[1:], 16, 2)
		if digits < 2 {
			return false
		}
		escapes++
		marked = marked || rest[1] > '9' || rest[2] > '9'
		needless = needless || isAlnum(byte(n)) //nolint:gosec // two digits
	}
}

// softBreak reports whether s starts with the end of a line that goes on.
func softBreak(s []byte) bool {
	return bytes.HasPrefix(s, []byte("=\r\n")) || bytes.HasPrefix(s, []byte("=\n"))
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func decodeQuoted(in layer, emit func(part) bool) error {
	if out := unquotePrintable(in.data); isText(out) || isWrapped(out) || compressed(out) {
		emit(in.whole("quoted-printable", out))
	}
	return nil
}

// unquotePrintable undoes quoted-printable. What is no escape stays.
func unquotePrintable(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for rest := data; len(rest) > 0; {
		n, digits := number(rest[1:], 16, 2)
		switch {
		case softBreak(rest):
			rest = rest[bytes.IndexByte(rest, '\n')+1:]
		case rest[0] == '=' && digits == 2:
			out, rest = append(out, byte(n)), rest[3:] //nolint:gosec // two digits
		default:
			out, rest = append(out, rest[0]), rest[1:]
		}
	}
	return out
}
