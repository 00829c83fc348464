package tlsread

import (
	"crypto"
	"crypto/hkdf"
	"crypto/hmac"
	"encoding/binary"
	"hash"
)

// prf expands a secret as TLS 1.2 does (RFC 5246 section 5).
func prf(h crypto.Hash, secret []byte, label string, seed []byte, n int) []byte {
	seed = append([]byte(label), seed...)
	mac := func(parts ...[]byte) []byte {
		m := hmac.New(h.New, secret)
		for _, p := range parts {
			m.Write(p)
		}
		return m.Sum(nil)
	}
	var out []byte
	for a := mac(seed); len(out) < n; a = mac(a) {
		out = append(out, mac(a, seed)...)
	}
	return out[:n]
}

// oldPRF expands a secret as TLS 1.0 and 1.1 do (RFC 2246 section 5).
func oldPRF(secret []byte, label string, seed []byte, n int) []byte {
	half := (len(secret) + 1) / 2
	out := prf(crypto.MD5, secret[:half], label, seed, n)
	for i, b := range prf(crypto.SHA1, secret[len(secret)-half:], label, seed, n) {
		out[i] ^= b
	}
	return out
}

// expand is HKDF-Expand-Label of TLS 1.3 (RFC 8446 section 7.1), without a
// context.
func expand(h crypto.Hash, secret []byte, label string, n int) ([]byte, error) {
	label = "tls13 " + label
	info := binary.BigEndian.AppendUint16(nil, uint16(n)) //nolint:gosec // a key's length
	info = append(info, byte(len(label)))                 //nolint:gosec // short
	info = append(append(info, label...), 0)
	return hkdf.Expand(func() hash.Hash { return h.New() }, secret, string(info), n)
}

// phase is what the records of one side are sealed with until it changes.
func phase(s suite, secret []byte) (*opener, error) {
	key, err := expand(s.hash, secret, "key", s.key)
	if err != nil {
		return nil, err
	}
	iv, err := expand(s.hash, secret, "iv", 12)
	if err != nil {
		return nil, err
	}
	aead, err := s.aead(key)
	if err != nil {
		return nil, err
	}
	return &opener{aead: aead, iv: iv, tls13: true}, nil
}

// openers are what the records of client and server are sealed with under a
// master secret.
func openers(s suite, version uint16, etm bool, block func(n int) []byte) (client, server *opener, err error) {
	mac, iv := 0, s.implicit
	if s.aead == nil {
		mac, iv = s.mac.Size(), 16
	}
	keys := block(2 * (mac + s.key + iv))
	next := func(n int) []byte {
		b := keys[:n:n]
		keys = keys[n:]
		return b
	}
	sides := [2]*opener{}
	for i := range sides {
		sides[i] = &opener{suite: s, version: version, etm: etm, macKey: next(mac)}
	}
	for _, o := range sides {
		if err := o.use(next(s.key)); err != nil {
			return nil, nil, err
		}
	}
	for _, o := range sides {
		o.iv = next(iv)
	}
	return sides[0], sides[1], nil
}
