// Package stamp gets time stamps from authorities and checks them (RFC 3161,
// with the update of RFC 5816).
package stamp

import (
	"crypto/x509"
	"time"
)

// A Token is what a time stamp says, after it was checked.
type Token struct {
	Time time.Time
}

// Verify checks.
func Verify(token, data []byte, roots *x509.CertPool) (Token, error) { return Token{}, nil }

// Near checks.
func Near(t Token, sealed time.Time) error { return nil }
