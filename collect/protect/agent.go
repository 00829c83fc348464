package protect

import (
	"strconv"
	"strings"
)

// families are the browsers that are told apart, by the product token in the
// header User-Agent (RFC 9110, 10.1.5). An earlier row wins: most browsers name
// others, too.
var families = []struct{ token, family string }{
	{"Edg/", "Edge"},
	{"EdgA/", "Edge"},
	{"EdgiOS/", "Edge"},
	{"OPR/", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"},
	{"MiuiBrowser/", "Mi Browser"},
	{"UCBrowser/", "UC Browser"},
	{"Firefox/", "Firefox"},
	{"FxiOS/", "Firefox"},
	{"CriOS/", "Chrome"},
	{"Chrome/", "Chrome"},
}

// agent reduces a User-Agent to a family and a major version, "" and 0 if none
// is known. Nothing else of it goes further.
func agent(header string) (family string, version int64) {
	for _, f := range families {
		if _, rest, ok := strings.Cut(header, f.token); ok {
			return f.family, major(rest)
		}
	}
	if _, rest, ok := strings.Cut(header, "Version/"); ok && strings.Contains(rest, "Safari/") {
		return "Safari", major(rest)
	}
	return "", 0
}

// major reads a number of up to three digits.
func major(s string) int64 {
	n := 0
	for n < len(s) && n < 4 && isDigit(s[n]) {
		n++
	}
	v, err := strconv.ParseInt(s[:n], 10, 64)
	if err != nil || n > 3 {
		return 0
	}
	return v
}
