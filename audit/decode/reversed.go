package decode

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// reversedHead is how many digits are read backwards to judge them.
const reversedHead = 256

// isReversed wants a sign that text stands backwards: an address, an at sign,
// the brackets of JSON, or nothing but digits of hex or base64.
func isReversed(in layer) bool {
	if len(in.data) < minRun || in.step == "reversed" {
		return false
	}
	return bytes.Contains(in.data, []byte("//:")) || bytes.IndexByte(in.data, '@') >= 0 ||
		in.data[0] == '}' || in.data[0] == ']' ||
		isDigits(bytes.TrimLeft(in.data, "=")) && (bothCases(in.data) || isDigitsOf(in.data, unhex))
}

// isDigits reports whether data has base64 digits only.
func isDigits(data []byte) bool { return isDigitsOf(data, sextets) }

// decodeReversed reads the layer backwards if that is telling and the layer
// is not.
func decodeReversed(in layer, emit func(part) bool) error {
	if telling(in.data) || isDigits(bytes.TrimLeft(in.data, "=")) && !tellingDigits(backwards(lastDigits(in.data))) {
		return nil
	}
	if out := backwards(in.data); telling(out) || tellingDigits(out) && !tellingDigits(in.data) {
		emit(in.whole("reversed", out))
	}
	return nil
}

// lastDigits are as many of the digits as are needed to judge them.
func lastDigits(digits []byte) []byte { return digits[max(0, len(digits)-reversedHead):] }

// backwards reverses the characters of text, the bytes of anything else.
func backwards(data []byte) []byte {
	out := slices.Clone(data)
	slices.Reverse(out)
	if !utf8.Valid(data) {
		return out
	}
	for i := 0; i < len(out); i++ { // each character is now the wrong way round
		start := i
		for out[i] >= utf8.RuneSelf && !utf8.RuneStart(out[i]) {
			i++
		}
		slices.Reverse(out[start : i+1])
	}
	return out
}

// tellingDigits reports whether data is base64 or hex of something telling.
func tellingDigits(data []byte) bool {
	head := trimPadding(data)
	head = head[:min(len(head), reversedHead)]
	if len(head) < minRun || !isDigits(head) {
		return false
	}
	out := fromBase64(head)
	if isHex(layer{data: head}) {
		out = append(out, fromHex(head)...)
	}
	return isText(out) && len(head) >= minBinary && mixed(head) || telling(out) || tellingHead(out)
}

// tellingHead reports whether JSON begins, or something compressed.
func tellingHead(out []byte) bool {
	return bytes.HasPrefix(out, []byte(`{"`)) && isText(out) || compressed(out) && inflatable(out)
}
