package decode

import "unicode/utf8"

// isBinaryString wants UTF-8 that starts with a mark of something compressed
// or of a container, each byte of which was made a character: JavaScript keeps
// bytes in strings so.
func isBinaryString(in layer) bool {
	head, _ := charBytes(in.data[:min(len(in.data), minRun/2)])
	return len(head) > 0 && (compressed(append(head, make([]byte, minRun)...)) || marked(head))
}

// charBytes returns the characters of text as bytes, nothing if one is above
// 255, and whether one is above 127. A character that is cut off at the end does
// not count.
func charBytes(text []byte) (out []byte, ok bool) {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 && !utf8.FullRune(text) {
			break
		}
		if r == utf8.RuneError && size == 1 || r > 0xff {
			return nil, false
		}
		ok = ok || r >= utf8.RuneSelf
		out, text = append(out, byte(r)), text[size:] //nolint:gosec // checked above
	}
	return out, ok
}

// decodeBinaryString gives the bytes.
func decodeBinaryString(in layer, emit func(part) bool) error {
	out, ok := charBytes(in.data)
	if ok && (compressed(out) && inflatable(out) || marked(out)) {
		emit(in.whole("binary-string", out))
	}
	return nil
}
