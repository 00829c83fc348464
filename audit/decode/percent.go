package decode

import "bytes"

// isPercent wants an escape, and text around it: binary data has escapes too.
func isPercent(in layer) bool {
	return hasEscape(in.data) && isMostlyText(in.data)
}

func hasEscape(data []byte) bool {
	for rest := data; ; rest = rest[1:] {
		i := bytes.IndexByte(rest, '%')
		if i < 0 {
			return false
		}
		if rest = rest[i:]; escaped(rest) {
			return true
		}
	}
}

// decodePercent takes one layer of percent encoding off. Whether a plus sign
// means a space cannot be known here, so both readings are given.
func decodePercent(in layer, emit func(part) bool) error {
	if !emit(in.whole("percent", unescape(in.data, false))) {
		return nil
	}
	if bytes.IndexByte(in.data, '+') >= 0 && bytes.IndexByte(in.data, ' ') < 0 {
		emit(in.whole("percent+", unescape(in.data, true)))
	}
	return nil
}

// unescape replaces each "%" with two hexadecimal digits by the byte that it
// means, and a plus sign by a space if plus is set. The rest stays.
func unescape(data []byte, plus bool) []byte {
	if bytes.IndexByte(data, '%') < 0 && (!plus || bytes.IndexByte(data, '+') < 0) {
		return data
	}
	out := make([]byte, 0, len(data))
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case escaped(data[i:]):
			out = append(out, unhex[data[i+1]]<<4|unhex[data[i+2]])
			i += 2
		case plus && c == '+':
			out = append(out, ' ')
		default:
			out = append(out, c)
		}
	}
	return out
}

// escaped reports whether s starts with a percent sign and two digits.
func escaped(s []byte) bool {
	return len(s) > 2 && s[0] == '%' && unhex[s[1]] != noDigit && unhex[s[2]] != noDigit
}
