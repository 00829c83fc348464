package sensors

import (
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the scheme is defined with it
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// ECIES as both native SDKs use it. Android asks SpongyCastle for "ECIES" with
// its defaults: ECDH, KDF2 with SHA-1 over the ephemeral point and the shared
// x coordinate, XOR with the derived stream, HMAC-SHA-1 with a key of 128 bits
// over the ciphertext and eight zero bytes, which are the length of an absent
// parameter (IEEE 1363a, DHAES mode; Bouncy Castle's IESEngine). iOS asks
// Crypto++ for ECIES<ECP>, whose documentation says that its defaults are
// Bouncy Castle's. Bouncy Castle's old engine wrote the length in four bytes;
// such a message is opened too.
//
// This was written from those sources and checked against vectors of KDF2. No
// message of a real SDK has been opened with it. Of curves there are the ones
// of NIST that crypto/ecdh has; the server chooses when it hands out its key.
const (
	macSize = sha1.Size
	macKey  = 16
)

var lengthTags = [][]byte{make([]byte, 8), make([]byte, 4)}

// openECIES returns the key in sealed, nil if it does not open, and whether
// sealed has the right length.
func openECIES(private *ecdh.PrivateKey, sealed []byte) (key []byte, fits bool) {
	point := len(private.PublicKey().Bytes())
	if len(sealed) != point+aesKey+macSize {
		return nil, false
	}
	ephemeral, body, mac := sealed[:point], sealed[point:point+aesKey], sealed[point+aesKey:]
	public, err := private.Curve().NewPublicKey(ephemeral)
	if err != nil {
		return nil, true
	}
	shared, err := private.ECDH(public)
	if err != nil {
		return nil, true
	}
	stream := kdf2(slices.Concat(ephemeral, shared), macKey+aesKey)
	for _, tag := range lengthTags {
		if hmac.Equal(mac, authenticate(stream[:macKey], body, tag)) {
			return xored(body, stream[macKey:]), true
		}
	}
	return nil, true
}

// sealECIES wraps a key for public.
func sealECIES(public *ecdh.PublicKey, key []byte, random io.Reader) ([]byte, error) {
	ephemeral, err := public.Curve().GenerateKey(random)
	if err != nil {
		return nil, fmt.Errorf("making an ephemeral key: %w", err)
	}
	shared, err := ephemeral.ECDH(public)
	if err != nil {
		return nil, fmt.Errorf("agreeing on a key: %w", err)
	}
	point := ephemeral.PublicKey().Bytes()
	stream := kdf2(slices.Concat(point, shared), macKey+len(key))
	body := xored(key, stream[macKey:])
	return slices.Concat(point, body, authenticate(stream[:macKey], body, lengthTags[0])), nil
}

func authenticate(key, body, tag []byte) []byte {
	h := hmac.New(sha1.New, key)
	h.Write(body)
	h.Write(tag)
	return h.Sum(nil)
}

// kdf2 derives n bytes (ISO/IEC 18033-2, KDF2 with SHA-1).
func kdf2(secret []byte, n int) []byte {
	var out []byte
	for i := uint32(1); len(out) < n; i++ {
		sum := sha1.Sum(binary.BigEndian.AppendUint32(slices.Clip(secret), i)) //nolint:gosec // see above
		out = append(out, sum[:]...)
	}
	return out[:n]
}

func xored(a, b []byte) []byte {
	out := make([]byte, len(a))
	for i := range a {
		out[i] = a[i] ^ b[i]
	}
	return out
}
