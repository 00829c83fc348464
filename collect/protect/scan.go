package protect

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"telltale/claims"
	"telltale/collect"
	"telltale/personal"
)

// Limits of what a record may say in free text. What is longer, or has a longer
// run of digits or of letters and digits, may be an identifier.
const (
	maxText   = 256 // bytes
	maxDigits = 8   // in a row, also in groups, as phone numbers are written
	maxToken  = 11  // letters and digits in a row, digits among them
	maxJoined = 20  // the same, with hyphens and the like between
)

// looksPersonal reports whether a property looks like personal data. It is no
// proof that one that passes is none: a name in a free text passes. The plan is
// where that is prevented.
func looksPersonal(p collect.Property) bool {
	switch p.Value.Type {
	case claims.BoolType, claims.DateType:
		return false
	case claims.NumberType:
		return personalNumber(p.Name, p.Value.Text)
	}
	return p.Free && slices.ContainsFunc(texts(p.Value), func(s string) bool { return personalText(p.Name, s) })
}

// minID is the length from which an id of the user is searched in texts.
const minID = 4

// names reports whether a free text has an id of the user in it, in whatever case.
func names(p collect.Property, e *collect.Event) bool {
	if !p.Free {
		return false
	}
	for _, s := range texts(p.Value) {
		s = strings.ToLower(s)
		for _, id := range append([]string{e.Subject}, e.Aliases...) {
			if len(id) >= minID && strings.Contains(s, strings.ToLower(id)) {
				return true
			}
		}
	}
	return false
}

func personalNumber(name, text string) bool {
	_, found := personal.Recognise(name, text)
	return found || len(text) > 24 || longRun(text, isDigit, nil) > maxDigits
}

func personalText(name, text string) bool {
	if len(text) > maxText || !utf8.ValidString(text) || strings.Contains(text, "://") || strings.Contains(text, "www.") {
		return true
	}
	if _, found := personal.Recognise(name, text); found {
		return true
	}
	for range personal.Find(text) {
		return true
	}
	if groupedDigits(text) > maxDigits || longRun(text, isAlphanumeric, isDigit) > maxToken || longRun(text, isWord, isDigit) > maxJoined {
		return true
	}
	return slices.ContainsFunc(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,;[]()<>\"'/=", r) }), isAddress)
}

// groupedDigits returns how many digits the longest number has, whatever stands
// between its groups.
func groupedDigits(s string) (longest int) {
	n := 0
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c):
			n++
			longest = max(longest, n)
		case strings.IndexByte(" -./()", c) < 0:
			n = 0
		}
	}
	return longest
}

// isAddress reports an IP address, with a port or a zone or not.
func isAddress(word string) bool {
	if _, err := netip.ParseAddr(word); err == nil {
		return true
	}
	_, err := netip.ParseAddrPort(word)
	return err == nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlphanumeric(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' }

// isWord reports what tokens and UUIDs are written with.
func isWord(c byte) bool { return isAlphanumeric(c) || c == '-' || c == '_' || c == '+' }

// longRun returns the length of the longest run of characters, of those runs
// that have one of a second sort, if that is given.
func longRun(s string, in, needs func(byte) bool) (longest int) {
	n, has := 0, false
	for i := range len(s) {
		if !in(s[i]) {
			n, has = 0, false
			continue
		}
		n++
		has = has || needs == nil || needs(s[i])
		if has {
			longest = max(longest, n)
		}
	}
	return longest
}

// object writes properties as a JSON object, names in order.
func object(props []collect.Property) string {
	slices.SortFunc(props, func(a, b collect.Property) int { return strings.Compare(a.Name, b.Name) })
	out := make([]byte, 0, 24*len(props)+2)
	out = append(out, '{')
	for i, p := range props {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendText(out, p.Name), ':')
		out = appendValue(out, p.Value)
	}
	return string(append(out, '}'))
}

func appendValue(out []byte, v collect.Value) []byte {
	switch v.Type {
	case claims.NumberType:
		return append(out, v.Text...)
	case claims.BoolType:
		return strconv.AppendBool(out, v.True)
	case claims.StringsType:
		out = append(out, '[')
		for i, s := range v.List {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendText(out, s)
		}
		return append(out, ']')
	default:
		return appendText(out, v.Text)
	}
}

// appendText writes a JSON string (RFC 8259).
func appendText(out []byte, s string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r < ' ':
			out = append(out, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return append(out, '"')
}
