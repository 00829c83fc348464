package sensors

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// aesKey is the length of all symmetric keys: AES-128.
const aesKey = 16

// Keys are those that containers are tried with.
type Keys struct {
	Private []PrivateKey
	Static  []StaticKey
}

// A PrivateKey is the other half of a public key that an SDK was given.
type PrivateKey struct {
	Version int64             // pkv; 0: tried on each container
	Key     crypto.PrivateKey // *rsa.PrivateKey, *ecdh.PrivateKey or *ecdsa.PrivateKey
}

// A StaticKey is a symmetric key: one that stands in a page, or one that was
// found in another way and is tried on the payloads of any container.
type StaticKey struct {
	Version int64 // key_id or pkv; 0: tried on each container
	Key     []byte
}

// Errors of [Open].
var (
	// ErrNoKey says that there is no key for this container: it is opaque.
	ErrNoKey = errors.New("no key for the container")
	// ErrSealed says that the keys do not open the container. It does not say
	// why, because a sender who learns at which step it failed can find out
	// more than that.
	ErrSealed = errors.New("the keys do not open the container")
)

// Open returns the JSON texts in a container, one a payload. The errors are
// [ErrNoKey], [ErrSealed], and those that wrap [ErrLimit]; sizes are bounded
// by Inflated and Ratio of lim.
//
// RSA (PKCS #1 v1.5), ECIES and AES-128-CBC are known. SM2 and SM4 are not in
// the standard library; their containers are as opaque as one whose key is not
// known.
func Open(c Container, keys Keys, lim Limits) ([]string, error) {
	symmetric, tried := keys.of(c)
	if !tried {
		return nil, ErrNoKey
	}
	for _, key := range symmetric {
		texts, err := openAll(c, key, lim)
		if !errors.Is(err, ErrSealed) {
			return texts, err
		}
	}
	return nil, ErrSealed
}

// of returns the symmetric keys that a container may have been closed with,
// and whether any key is meant for it.
func (k Keys) of(c Container) (found [][]byte, tried bool) {
	for _, s := range k.Static {
		if len(s.Key) == aesKey && (s.Version == 0 || s.Version == c.KeyVersion) {
			found = append(found, s.Key)
		}
	}
	tried = len(found) > 0
	ekey, err := unbase64(c.EKey)
	if c.Variant == Static || err != nil {
		return found, tried
	}
	for _, p := range k.Private {
		if p.Version != 0 && p.Version != c.KeyVersion {
			continue
		}
		key, fits := unwrap(p.Key, ekey)
		tried = tried || fits
		if key != nil {
			found = append(found, key)
		}
	}
	return found, tried
}

// unwrap returns the symmetric key in ekey, nil if it does not open, and
// whether ekey has the length that is due for the private key.
func unwrap(private crypto.PrivateKey, ekey []byte) (key []byte, fits bool) {
	switch p := private.(type) {
	case *rsa.PrivateKey:
		if len(ekey) != p.Size() {
			return nil, false
		}
		return unwrapRSA(p, ekey), true
	case *ecdsa.PrivateKey:
		dh, err := p.ECDH()
		if err != nil {
			return nil, false
		}
		return openECIES(dh, ekey)
	case *ecdh.PrivateKey:
		return openECIES(p, ekey)
	}
	return nil, false
}

// unwrapRSA returns a key whether the padding is right or not: a wrong one
// gives a key that only we could know and that opens nothing, so that nobody
// learns about the padding from us (RFC 3218, 2.3.2).
func unwrapRSA(private *rsa.PrivateKey, ekey []byte) []byte {
	sum := sha256.Sum256(append(x509.MarshalPKCS1PrivateKey(private), ekey...))
	key := sum[:aesKey]
	// The SDKs know nothing better; on an error key stays as it is.
	_ = rsa.DecryptPKCS1v15SessionKey(nil, private, ekey, key) //nolint:staticcheck // see above
	return key
}

func openAll(c Container, key []byte, lim Limits) ([]string, error) {
	texts := make([]string, 0, len(c.Payloads))
	for _, p := range c.Payloads {
		text, err := openPayload(p, key, lim)
		if err != nil {
			return nil, err
		}
		lim.Inflated -= len(text) // what is left for the next ones
		texts = append(texts, text)
	}
	return texts, nil
}

// openPayload undoes base64, AES-128-CBC with PKCS #7 padding, and gzip if
// that is inside.
func openPayload(payload string, key []byte, lim Limits) (string, error) {
	sealed, err := unbase64(payload)
	if err != nil {
		return "", ErrSealed
	}
	// GeneralEncryption encodes the text that the page's function returned,
	// which is base64 already.
	if inner, err := unbase64(string(sealed)); err == nil && len(sealed) >= 4*aes.BlockSize/3 {
		sealed = inner
	}
	clear, ok := openCBC(sealed, key)
	if !ok {
		return "", ErrSealed
	}
	if isGzip(clear) {
		clear, err = inflate(clear, lim)
		switch {
		case errors.Is(err, ErrLimit):
			return "", err
		case err != nil:
			return "", ErrSealed
		}
	}
	if text := string(clear); strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		return text, nil
	}
	return "", ErrSealed
}

// openCBC reads an initialisation vector and what was encrypted with it.
func openCBC(sealed, key []byte) ([]byte, bool) {
	if len(sealed) < 2*aes.BlockSize || len(sealed)%aes.BlockSize != 0 {
		return nil, false
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, false
	}
	out := make([]byte, len(sealed)-aes.BlockSize)
	cipher.NewCBCDecrypter(block, sealed[:aes.BlockSize]).CryptBlocks(out, sealed[aes.BlockSize:])
	pad := int(out[len(out)-1])
	if pad == 0 || pad > aes.BlockSize {
		return nil, false
	}
	good := 1
	for _, c := range out[len(out)-pad:] {
		good &= subtle.ConstantTimeByteEq(c, byte(pad))
	}
	return out[:len(out)-pad], good == 1
}

// PublicKey returns the public half as an SDK wants it: base64 of the
// SubjectPublicKeyInfo (RFC 5280).
func PublicKey(public crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", fmt.Errorf("encoding a public key of type %T: %w; use RSA or a NIST curve", public, err)
	}
	return base64.StdEncoding.EncodeToString(der), nil
}
