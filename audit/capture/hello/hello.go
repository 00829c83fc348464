// Package hello reads what a TLS client says before anything is encrypted, and
// names the kind of client by it: JA4, as FoxIO publishes it for TLS clients.
package hello

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

// A Client is the client hello of TLS (RFC 8446 section 4.1.2). With an
// encrypted hello inside (ECH) it is the outer one.
type Client struct {
	Version    uint16   // as the hello itself says
	Versions   []uint16 // of the extension, if there is one
	Ciphers    []uint16
	Extensions []uint16
	Signatures []uint16
	ALPN       []string
	SNI        string
	Named      bool // the extension for the server's name is there, even empty
	ECH        bool
	Early      bool // early data (0-RTT) follows
}

// Extensions that are read (IANA TLS ExtensionType Values).
const (
	extServerName = 0
	extSignatures = 13
	extALPN       = 16
	extEarlyData  = 42
	extVersions   = 43
	extECH        = 0xfe0d
)

const (
	recordHandshake = 22
	recordHeader    = 5
	messageHello    = 1
	messageHeader   = 4
	maxRecord       = 1<<14 + 256
	maxList         = 1 << 10 // of the values of one list that are kept
)

// MaxSize is the longest run of records that a hello is looked for in.
const MaxSize = 64 << 10

// ErrShort means that the hello is not all there yet.
var ErrShort = errors.New("the client hello is not complete")

// Records reads a client hello at the start of a TLS stream. It returns
// ErrShort if more bytes are needed.
func Records(b []byte) (*Client, error) {
	message, err := joined(b)
	if err != nil {
		return nil, err
	}
	return Message(message)
}

// joined takes the first handshake message out of its records.
func joined(b []byte) ([]byte, error) {
	var message []byte
	for {
		if len(message) >= messageHeader {
			if message[0] != messageHello {
				return nil, fmt.Errorf("a TLS handshake begins with message %d; want a client hello", message[0])
			}
			size := messageHeader + int(message[1])<<16 + int(message[2])<<8 + int(message[3])
			switch {
			case size > MaxSize:
				return nil, fmt.Errorf("a client hello of %d bytes; at most %d are read", size, MaxSize)
			case len(message) >= size:
				return message[:size], nil
			}
		}
		if len(b) < recordHeader {
			return nil, ErrShort
		}
		size := int(b[3])<<8 | int(b[4])
		if b[0] != recordHandshake || b[1] != 3 || size == 0 || size > maxRecord {
			return nil, fmt.Errorf("a TLS record of type %d, version %d, %d bytes; want a handshake", b[0], b[1], size)
		}
		if len(b) < recordHeader+size {
			return nil, ErrShort
		}
		message = append(message, b[recordHeader:recordHeader+size]...)
		b = b[recordHeader+size:]
	}
}

// Message reads a client hello as a handshake message, with its header: the
// way in which QUIC carries it. What is behind a broken extension is not read.
func Message(b []byte) (*Client, error) {
	s := cryptobyte.String(b)
	var c Client
	var kind uint8
	var body, session, ciphers, compressions, extensions cryptobyte.String
	if !s.ReadUint8(&kind) || kind != messageHello || !s.ReadUint24LengthPrefixed(&body) ||
		!body.ReadUint16(&c.Version) || !body.Skip(32) || !body.ReadUint8LengthPrefixed(&session) ||
		!body.ReadUint16LengthPrefixed(&ciphers) || !body.ReadUint8LengthPrefixed(&compressions) {
		return nil, errors.New("the client hello breaks off")
	}
	c.Ciphers = numbers(ciphers)
	if body.ReadUint16LengthPrefixed(&extensions) {
		var kind uint16
		var data cryptobyte.String
		for extensions.ReadUint16(&kind) && extensions.ReadUint16LengthPrefixed(&data) && len(c.Extensions) < maxList {
			c.Extensions = append(c.Extensions, kind)
			c.extension(kind, data)
		}
	}
	return &c, nil
}

func (c *Client) extension(kind uint16, data cryptobyte.String) {
	var list, item cryptobyte.String
	switch kind {
	case extServerName:
		c.Named = true
		var of uint8
		if data.ReadUint16LengthPrefixed(&list) && list.ReadUint8(&of) && of == 0 && list.ReadUint16LengthPrefixed(&item) {
			c.SNI = string(item)
		}
	case extALPN:
		if data.ReadUint16LengthPrefixed(&list) {
			for list.ReadUint8LengthPrefixed(&item) && len(c.ALPN) < maxList {
				c.ALPN = append(c.ALPN, string(item))
			}
		}
	case extSignatures:
		if data.ReadUint16LengthPrefixed(&list) {
			c.Signatures = numbers(list)
		}
	case extVersions:
		if data.ReadUint8LengthPrefixed(&list) {
			c.Versions = numbers(list)
		}
	case extEarlyData:
		c.Early = true
	case extECH:
		c.ECH = true
	}
}

// Note fills what follows from the numbers of the extensions, for a hello that
// was read by somebody else.
func (c *Client) Note() {
	c.Named = slices.Contains(c.Extensions, extServerName)
	c.ECH = slices.Contains(c.Extensions, extECH)
	c.Early = slices.Contains(c.Extensions, extEarlyData)
}

func numbers(s cryptobyte.String) []uint16 {
	var list []uint16
	var n uint16
	for s.ReadUint16(&n) && len(list) < maxList {
		list = append(list, n)
	}
	return list
}
