package decode

import "unicode/utf8"

// isBinaryString wants UTF-8 that starts with a mark of something compressed
// or of a container, each byte of which was made a character: JavaScript keeps
// bytes in strings so.
func isBinaryString(in layer) bool {
	if len(in.data) < minRun || !binaryStarts[in.data[0]] {
		return false
	}
	head, _ := charBytes(in.data[:min(len(in.data), 4*minRun)])
	return compressed(head) || marked(head)
}

// binaryStarts are the first bytes of such marks; 0xc2 is that of a character
// above 127.
var binaryStarts = byteSet("\x1fx(PbO\xc2")

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
