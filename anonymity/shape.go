package anonymity

import (
	"encoding/base64"
	"encoding/hex"
	"net/mail"
	"net/netip"
	"strings"
	"unicode/utf8"

	"telltale/personal"
)

// A shape is a form that values of one kind have.
type shape struct {
	kind  personal.Kind
	match func(s string) bool
}

// shapes is the table of the forms that tell what an identifier is. A form is a
// hint: sixteen hexadecimal digits may be something else than an ANDROID_ID.
var shapes = []shape{
	{"id/device/imei", func(s string) bool { return len(s) == 15 && digitsOnly(s) && luhn([]byte(s[:14])) == s[14] }},
	{"id/device/android-id", func(s string) bool { return len(s) == 16 && hexOnly(s) && !digitsOnly(s) }},
	{"id/device/mac", isMAC},
	{"id/install", isUUID},
	{"contact/email", isMail},
	{"contact/phone", func(s string) bool {
		return strings.HasPrefix(s, "+") && len(s) >= 8 && len(s) <= 16 && digitsOnly(s[1:])
	}},
	{"network/ip", func(s string) bool { _, err := netip.ParseAddr(s); return err == nil }},
}

// Shape returns the kind that a value has the form of, or "".
func Shape(value string) personal.Kind {
	for _, s := range shapes {
		if s.match(value) {
			return s.kind
		}
	}
	return ""
}

func digitsOnly(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func hexOnly(s string) bool {
	return s != "" && (strings.Trim(s, "0123456789abcdef") == "" || strings.Trim(s, "0123456789ABCDEF") == "")
}

func isMAC(s string) bool {
	if len(s) != 17 {
		return false
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ':' || r == '-' })
	return len(parts) == 6 && hexOnly(strings.ToLower(strings.Join(parts, ""))) && len(strings.Join(parts, "")) == 12
}

func isUUID(s string) bool {
	return len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' &&
		hexOnly(strings.ToLower(strings.ReplaceAll(s, "-", ""))) && strings.Count(s, "-") == 4
}

func isMail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && strings.Contains(s[strings.IndexByte(s, '@')+1:], ".")
}

// decoded undoes an encoding that needs no key, if what comes out has the form
// of an identifier.
func decoded(value string) (plain, encoding string, ok bool) {
	for _, enc := range []struct {
		name   string
		decode func(string) ([]byte, error)
	}{
		{"base64", base64.StdEncoding.DecodeString},
		{"base64", base64.RawStdEncoding.DecodeString},
		{"base64url", base64.URLEncoding.DecodeString},
		{"base64url", base64.RawURLEncoding.DecodeString},
		{"hex", hex.DecodeString},
	} {
		b, err := enc.decode(value)
		if err == nil && utf8.Valid(b) && Shape(strings.TrimSpace(string(b))) != "" {
			return strings.TrimSpace(string(b)), enc.name, true
		}
	}
	return "", "", false
}
