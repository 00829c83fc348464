package decode

import (
	"bytes"
	"html"
)

// isHTML wants a whole character reference, and text around it.
func isHTML(in layer) bool {
	for rest := in.data; ; rest = rest[1:] {
		i := bytes.IndexByte(rest, '&')
		if i < 0 {
			return false
		}
		if rest = rest[i:]; isReference(rest) {
			return isMostlyText(in.data)
		}
	}
}

// isReference reports whether s starts with a character reference, such as
// "&amp;", "&#38;" or "&#x26;". The longest name has 31 letters.
func isReference(s []byte) bool {
	end := bytes.IndexByte(s[:min(len(s), 34)], ';')
	return end > 2 && html.UnescapeString(string(s[:end+1])) != string(s[:end+1])
}

// decodeHTML replaces the character references of HTML.
func decodeHTML(in layer, emit func(part) bool) error {
	emit(in.whole("html", []byte(html.UnescapeString(string(in.data)))))
	return nil
}
