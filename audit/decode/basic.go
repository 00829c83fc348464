package decode

import (
	"bytes"
	"strings"

	"telltale/audit"
)

// isBasic wants a user and a password in a header (RFC 7617). They may be
// shorter than what is taken for base64 elsewhere.
func isBasic(in layer) bool {
	return (strings.EqualFold(in.step, "header:Authorization") || strings.EqualFold(in.step, "header:Proxy-Authorization")) &&
		len(basicDigits(in.data)) > 0
}

// basicDigits returns the digits behind the name of the scheme.
func basicDigits(data []byte) []byte {
	const scheme = "basic "
	if len(data) <= len(scheme) || !strings.EqualFold(string(data[:len(scheme)]), scheme) {
		return nil
	}
	digits := bytes.TrimLeft(data[len(scheme):], " ")
	if !isDigits(bytes.TrimRight(digits, "=")) {
		return nil
	}
	return digits
}

// decodeBasic gives "user:password".
func decodeBasic(in layer, emit func(part) bool) error {
	digits := basicDigits(in.data)
	emit(part{"base64", fromBase64(digits), audit.Span{Start: len(in.data) - len(digits), End: len(in.data)}})
	return nil
}
