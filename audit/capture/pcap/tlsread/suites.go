package tlsread

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	_ "crypto/md5"    //nolint:gosec // hash of TLS 1.0 and 1.1
	_ "crypto/sha1"   //nolint:gosec // hash of TLS 1.0 and 1.1, and of many suites
	_ "crypto/sha256" // hash of TLS 1.2 and 1.3
	_ "crypto/sha512" // SHA-384

	"golang.org/x/crypto/chacha20poly1305"
)

// A suite says how the records of a cipher suite are made.
type suite struct {
	key  int         // bytes
	mac  crypto.Hash // of CBC suites; 0: the cipher authenticates itself
	hash crypto.Hash // of the key schedule
	aead func(key []byte) (cipher.AEAD, error)
	// implicit is how many bytes of the nonce come from the key schedule; the
	// rest is sent with each record.
	implicit int
}

func gcm(key []byte) (cipher.AEAD, error) {
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(b)
}

var (
	gcm128  = suite{key: 16, hash: crypto.SHA256, aead: gcm, implicit: 4}
	gcm256  = suite{key: 32, hash: crypto.SHA384, aead: gcm, implicit: 4}
	chacha  = suite{key: 32, hash: crypto.SHA256, aead: chacha20poly1305.New, implicit: 12}
	cbc128  = suite{key: 16, hash: crypto.SHA256, mac: crypto.SHA1}
	cbc256  = suite{key: 32, hash: crypto.SHA256, mac: crypto.SHA1}
	cbc128s = suite{key: 16, hash: crypto.SHA256, mac: crypto.SHA256}
	cbc256s = suite{key: 32, hash: crypto.SHA256, mac: crypto.SHA256}
	cbc384  = suite{key: 32, hash: crypto.SHA384, mac: crypto.SHA384}
)

// suites are the cipher suites by their number
// (https://www.iana.org/assignments/tls-parameters). A new one is a row. How
// the key was agreed on does not matter to who is given it.
var suites = map[uint16]suite{
	// TLS 1.3
	0x1301: gcm128, 0x1302: gcm256, 0x1303: chacha,
	// RSA, DHE_RSA, DHE_DSS, ECDHE_ECDSA, ECDHE_RSA with AES-GCM
	0x009c: gcm128, 0x009d: gcm256, 0x009e: gcm128, 0x009f: gcm256, 0x00a2: gcm128, 0x00a3: gcm256,
	0xc02b: gcm128, 0xc02c: gcm256, 0xc02f: gcm128, 0xc030: gcm256,
	// PSK, DHE_PSK, RSA_PSK
	0x00a8: gcm128, 0x00a9: gcm256, 0x00aa: gcm128, 0x00ab: gcm256, 0x00ac: gcm128, 0x00ad: gcm256,
	// ChaCha20-Poly1305 (RFC 7905)
	0xcca8: chacha, 0xcca9: chacha, 0xccaa: chacha, 0xccab: chacha, 0xccac: chacha, 0xccad: chacha, 0xccae: chacha,
	// CBC with HMAC-SHA-1
	0x002f: cbc128, 0x0032: cbc128, 0x0033: cbc128, 0x0035: cbc256, 0x0038: cbc256, 0x0039: cbc256,
	0xc009: cbc128, 0xc00a: cbc256, 0xc013: cbc128, 0xc014: cbc256,
	// CBC with HMAC-SHA-256 and -384
	0x003c: cbc128s, 0x003d: cbc256s, 0x0040: cbc128s, 0x0067: cbc128s, 0x006a: cbc256s, 0x006b: cbc256s,
	0xc023: cbc128s, 0xc024: cbc384, 0xc027: cbc128s, 0xc028: cbc384,
}
