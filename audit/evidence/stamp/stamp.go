// Package stamp gets time stamps from authorities and checks them (RFC 3161,
// with the certificate identifiers of RFC 5816).
//
// A time stamp is what an authority signed: that these data, of which it saw
// the hash alone, were there at a time. It is checked against the data
// themselves, never against the question that was asked: a question proves
// nothing about a file.
package stamp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// A Token is what a time stamp says, after it was checked.
type Token struct {
	Time      time.Time
	Accuracy  time.Duration // Time may be off by this; 0: the authority does not say
	Policy    string        // object identifier of the rules that the authority followed
	Serial    string        // of the stamp, decimal
	Authority string        // subject of the certificate that signed
	// Anchored says that the certificate leads to one of the given roots.
	// Without, anyone may have made the stamp.
	Anchored bool
}

// MaxSize bounds a time stamp.
const MaxSize = 1 << 20

// nonce makes a stamp an answer to a question about these data. It is drawn
// out of them, so that who has the data can check it for good; and nobody
// knows it before, since a signature over salted hashes cannot be foreseen.
func nonce(data []byte) *big.Int {
	sum := sha256.Sum256(append([]byte("telltale time stamp nonce\n"), data...))
	return new(big.Int).SetBytes(sum[:16])
}

// Query returns the question for a time stamp over data (TimeStampReq of
// section 2.4.1): their SHA-256, a nonce, and the wish for the certificate.
func Query(data []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidSHA256)
				b.AddASN1NULL()
			})
			sum := sha256.Sum256(data)
			b.AddASN1OctetString(sum[:])
		})
		b.AddASN1BigInt(nonce(data))
		b.AddASN1Boolean(true)
	})
	return b.Bytes()
}

// Get asks the authority at an address for a time stamp over data, and checks
// what it answers. The data themselves do not leave the machine.
func Get(ctx context.Context, client *http.Client, url string, data []byte, roots *x509.CertPool) ([]byte, Token, error) {
	var t Token
	query, err := Query(data)
	if err != nil {
		return nil, t, fmt.Errorf("asking for a time stamp: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(query))
	if err != nil {
		return nil, t, fmt.Errorf("asking for a time stamp: %w", err)
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	resp, err := client.Do(req)
	if err != nil {
		return nil, t, fmt.Errorf("asking for a time stamp: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, t, fmt.Errorf("asking for a time stamp: %s answers %s", url, resp.Status)
	}
	token, err := io.ReadAll(io.LimitReader(resp.Body, MaxSize+1))
	if err != nil {
		return nil, t, fmt.Errorf("asking for a time stamp: %w", err)
	}
	if t, err = Verify(token, data, roots); err != nil {
		return nil, t, fmt.Errorf("the time stamp of %s: %w", url, err)
	}
	return token, t, nil
}

// tolerance is how far the clocks of who sealed and of the authority may be
// apart. It bounds how much older a signature can be than its stamp.
const tolerance = 10 * time.Minute

// Near reports whether a stamp was made at about the time that who asked for
// it gives.
func Near(t Token, asked time.Time) error {
	if d := t.Time.Sub(asked); d > tolerance || d < -tolerance {
		return fmt.Errorf("its time %s is not within %s of %s; set the clock, or it was made for something else", t.Time.Format(time.RFC3339), tolerance, asked.Format(time.RFC3339))
	}
	return nil
}

// The object identifiers of RFC 5652, RFC 3161, RFC 5035 and RFC 5754.
var (
	oidSignedData   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidDigest       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCert  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCert2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidSHA1         = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	oidSHA256       = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384       = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512       = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
	oidExtKeyUsage  = asn1.ObjectIdentifier{2, 5, 29, 37}
)

// ErrForm means that bytes are no time stamp in DER.
var ErrForm = errors.New("this is no time stamp as RFC 3161 describes it")

func malformed(where string) error { return fmt.Errorf("%w: %s", ErrForm, where) }
