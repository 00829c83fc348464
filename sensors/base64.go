package sensors

import (
	"encoding/base64"
	"errors"
	"strings"
)

var errBase64 = errors.New("no base64")

// fromForms turns what base64 may have become back into the standard alphabet:
// a form turns + into a space, and some clients use the alphabet for URLs.
var fromForms = strings.NewReplacer(" ", "+", "-", "+", "_", "/", "\r", "", "\n", "")

// unbase64 reads base64, padded or not.
func unbase64(s string) ([]byte, error) {
	if out, err := base64.StdEncoding.DecodeString(s); err == nil {
		return out, nil
	}
	out, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(fromForms.Replace(s), "="))
	if err != nil {
		return nil, errBase64
	}
	return out, nil
}
