package decode

import (
	"crypto/aes"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // not ours: the usual digest of OAEP
	"crypto/sha256"
	"fmt"
	"hash"
)

// maxEnvelope is how many blocks of RSA a wrapped key may have.
const maxEnvelope = 4

// unwrap decrypts blocks of RSA with one padding for all: PKCS #1 v1.5, or OAEP
// with SHA-1 or SHA-256 (RFC 8017). It returns nil if no padding fits.
func unwrap(key *rsa.PrivateKey, data []byte) []byte {
	size := key.Size()
	if len(data) == 0 || len(data)%size != 0 || len(data) > maxEnvelope*size {
		return nil
	}
	for _, open := range []func(block []byte) ([]byte, error){
		func(b []byte) ([]byte, error) { return rsa.DecryptPKCS1v15(nil, key, b) }, //nolint:staticcheck // not ours
		oaep(key, sha1.New),
		oaep(key, sha256.New),
	} {
		if out := eachBlock(data, size, open); out != nil {
			return out
		}
	}
	return nil
}

func oaep(key *rsa.PrivateKey, digest func() hash.Hash) func([]byte) ([]byte, error) {
	return func(b []byte) ([]byte, error) { return rsa.DecryptOAEP(digest(), nil, key, b, nil) }
}

// eachBlock joins what open makes of each block, nil if it fails.
func eachBlock(data []byte, size int, open func([]byte) ([]byte, error)) (out []byte) {
	for ; len(data) > 0; data = data[size:] {
		block, err := open(data[:size])
		if err != nil {
			return nil
		}
		out = append(out, block...)
	}
	return out
}

// envelope opens data that starts with its own key in one block of RSA: 16, 24
// or 32 bytes of key, then an IV of 16 if it is longer. AppMetrica writes its
// reports so (github.com/appmetrica/appmetrica-sdk-android).
func (t *trial) envelope() (opened, bool) {
	for _, p := range t.lock.ring.private {
		size := p.key.Size()
		if len(t.data) <= size || (len(t.data)-size)%blockSize != 0 || !t.spend() {
			continue
		}
		wrapped := unwrap(p.key, t.data[:size])
		for _, n := range []int{16, 24, 32} {
			out, ok := t.wrapped(wrapped, n, t.data[size:])
			if ok {
				return opened{fmt.Sprintf("rsa+aes-%d-cbc:key=%s,iv=%s", 8*n, p.label, out.step), out.data}, true
			}
		}
	}
	return opened{}, false
}

// wrapped tries the first n bytes as the key. The step of the result says where
// the IV is.
func (t *trial) wrapped(wrapped []byte, n int, body []byte) (opened, bool) {
	r := reading{"envelope", nil, body}
	switch len(wrapped) {
	case n:
		r = reading{"prefix", body[:blockSize], body[blockSize:]}
	case n + blockSize:
		r.iv = wrapped[n:]
	default:
		return opened{}, false
	}
	block, err := aes.NewCipher(wrapped[:n])
	if err != nil {
		return opened{}, false
	}
	out, ok := t.accept(cbcFrom(block, r.iv), r.body, true)
	return opened{r.source, out}, ok
}
