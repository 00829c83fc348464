package anonymity

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"telltale/personal"
)

// bareDigits is the form of an ANDROID_ID, which package personal tells only
// under a name: sixteen hexadecimal digits are many things. Behind an encoding
// they are worth a hint.
func bareDigits(s string) bool {
	return len(s) == 16 && strings.Trim(s, "0123456789abcdef") == "" && strings.Trim(s, "0123456789") != ""
}

// Shape returns the kind that a value of a column has the form of, or "".
func Shape(column, value string) personal.Kind {
	if m, ok := personal.Recognise(column, value); ok {
		return m.Form.Kind
	}
	if bareDigits(value) {
		return "id/device/android-id"
	}
	return ""
}

// encodings is the table of the ways to write bytes that need no key to undo.
var encodings = []struct {
	name   string
	decode func(string) ([]byte, error)
}{
	{"base64", base64.StdEncoding.DecodeString},
	{"base64", base64.RawStdEncoding.DecodeString},
	{"base64url", base64.URLEncoding.DecodeString},
	{"base64url", base64.RawURLEncoding.DecodeString},
	{"hex", hex.DecodeString},
}

// decoded undoes an encoding, if what comes out has the form of an identifier.
func decoded(column, value string) (plain, encoding string, ok bool) {
	for _, enc := range encodings {
		b, err := enc.decode(value)
		if err != nil || !utf8.Valid(b) {
			continue
		}
		if plain = strings.TrimSpace(string(b)); Shape(column, plain) != "" {
			return plain, enc.name, true
		}
	}
	return "", "", false
}
