package personal

import (
	"strings"
)

// isEmail reports whether a value is an address of a person: a local part of
// the usual characters (RFC 5321, dot-string), and a domain of two labels or
// more whose last one is letters and no ending of a file.
func isEmail(value string) bool {
	at := strings.IndexByte(value, '@')
	if at < 1 || at > 64 || strings.IndexByte(value[at+1:], '@') >= 0 {
		return false
	}
	return isLocalPart(value[:at]) && isDomain(value[at+1:])
}

func isLocalPart(s string) bool {
	if s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !isLower(c) && !isUpper(c) && !isDigit(c) && strings.IndexByte(".!#$%&'*+-/=?^_`{|}~", c) < 0 {
			return false
		}
	}
	return true
}

// isDomain accepts letters, digits and hyphens (RFC 1035 with RFC 1123).
func isDomain(s string) bool {
	label, labels := 0, 0 // length of the label so far, labels before it
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			if label == 0 || s[i-1] == '-' {
				return false
			}
			label, labels = 0, labels+1
		case isLower(c) || isUpper(c) || isDigit(c) || c == '-' && label > 0:
			if label++; label > 63 {
				return false
			}
		default:
			return false
		}
	}
	return labels > 0 && label >= 2 && isTopLevel(s[len(s)-label:])
}

// isTopLevel reports whether the last label of a domain is letters, or an
// internationalised one, and no ending of a file: logo@2x.png is a picture.
func isTopLevel(s string) bool {
	if strings.HasPrefix(s, "xn--") {
		return true
	}
	for i := range len(s) {
		if !isLower(s[i]) && !isUpper(s[i]) {
			return false
		}
	}
	switch s {
	case "png", "jpg", "jpeg", "gif", "webp", "svg", "bmp", "js", "css", "html", "json", "xml", "dll", "exe", "jar", "so", "dex":
		return false
	}
	return true
}
