package tlsread

import (
	"crypto/sha256"

	"golang.org/x/crypto/cryptobyte"
)

// Versions of TLS.
const (
	versionTLS10 = 0x0301
	versionTLS12 = 0x0303
	versionTLS13 = 0x0304
)

// Extensions of hellos that are read.
const (
	extServerName       = 0
	extALPN             = 16
	extEncryptThenMAC   = 22
	extEarlyData        = 42
	extVersions         = 43
	extEncryptedHello   = 0xfe0d
	nameTypeHost        = 0
	maxProtocols        = 32
	handshakeHeaderSize = 4
)

// A ClientHello is what a client says before anything is encrypted. With an
// encrypted hello inside (ECH), its words are those that it shows to all.
type ClientHello struct {
	SNI  string
	ALPN []string
	ECH  bool

	random random
	early  bool
}

// ParseClientHello reads the body of a client hello (RFC 8446 section 4.1.2).
// What is behind a broken extension is not read.
func ParseClientHello(body []byte) (h ClientHello, ok bool) {
	s := cryptobyte.String(body)
	var version uint16
	var session, ciphers, compressions, extensions cryptobyte.String
	if !s.ReadUint16(&version) || !s.CopyBytes(h.random[:]) || !s.ReadUint8LengthPrefixed(&session) ||
		!s.ReadUint16LengthPrefixed(&ciphers) || !s.ReadUint8LengthPrefixed(&compressions) {
		return h, false
	}
	if s.ReadUint16LengthPrefixed(&extensions) {
		each(extensions, h.extension)
	}
	return h, true
}

func (h *ClientHello) extension(kind uint16, data cryptobyte.String) {
	var list, name cryptobyte.String
	switch kind {
	case extServerName:
		var of uint8
		if data.ReadUint16LengthPrefixed(&list) && list.ReadUint8(&of) && of == nameTypeHost && list.ReadUint16LengthPrefixed(&name) {
			h.SNI = string(name)
		}
	case extALPN:
		if !data.ReadUint16LengthPrefixed(&list) {
			return
		}
		for list.ReadUint8LengthPrefixed(&name) && len(h.ALPN) < maxProtocols {
			h.ALPN = append(h.ALPN, string(name))
		}
	case extEarlyData:
		h.early = true
	case extEncryptedHello:
		h.ECH = true
	}
}

// each calls f with every extension.
func each(extensions cryptobyte.String, f func(kind uint16, data cryptobyte.String)) {
	var kind uint16
	var data cryptobyte.String
	for extensions.ReadUint16(&kind) && extensions.ReadUint16LengthPrefixed(&data) {
		f(kind, data)
	}
}

// A serverHello is what the server chose.
type serverHello struct {
	version uint16
	random  random
	suite   uint16
	etm     bool
	retry   bool // it asks for another client hello
}

// retryRandom marks a HelloRetryRequest (RFC 8446 section 4.1.3).
var retryRandom = random(sha256.Sum256([]byte("HelloRetryRequest")))

func parseServerHello(body []byte) (h serverHello, ok bool) {
	s := cryptobyte.String(body)
	var session, extensions cryptobyte.String
	var compression uint8
	if !s.ReadUint16(&h.version) || !s.CopyBytes(h.random[:]) || !s.ReadUint8LengthPrefixed(&session) ||
		!s.ReadUint16(&h.suite) || !s.ReadUint8(&compression) {
		return h, false
	}
	h.retry = h.random == retryRandom
	if s.ReadUint16LengthPrefixed(&extensions) {
		each(extensions, func(kind uint16, data cryptobyte.String) {
			switch kind {
			case extVersions:
				data.ReadUint16(&h.version)
			case extEncryptThenMAC:
				h.etm = true
			}
		})
	}
	return h, true
}
