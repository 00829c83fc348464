// Package tlsread reads TLS connections that somebody else made and captured,
// with the secrets that one of the two sides has logged (SSLKEYLOGFILE): TLS
// 1.0 to 1.2 (RFC 2246, 4346, 5246) and TLS 1.3 (RFC 8446). It checks the tag
// or MAC of every record, and so takes nothing for readable that is not.
package tlsread

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A Side is one end of a connection.
type Side int

// The two sides.
const (
	Client Side = iota
	Server
)

// Other is the side at the other end.
func (s Side) Other() Side { return 1 - s }

// Types of records.
const (
	typeChange    = 20
	typeAlert     = 21
	typeHandshake = 22
	typeData      = 23
	typeHeartbeat = 24
)

// Types of handshake messages that matter.
const (
	msgClientHello = 1
	msgServerHello = 2
	msgFinished    = 20
	msgKeyUpdate   = 24
)

// Bounds of what is kept of one side.
const (
	maxRecord  = 1<<14 + 2048 // RFC 5246 section 6.2.3
	maxMessage = 64 << 10     // a hello is far shorter
	maxHeld    = 1 << 20      // records that wait for the other side's hello
)

// sealedAlert is the length of an alert of TLS 1.3 with its type and tag: no
// other message of a handshake is so short.
const sealedAlert = 2 + 1 + 16

// Reasons why a connection cannot be read.
var (
	ErrNoKey = errors.New("no key for this connection")
	ErrNoTLS = errors.New("no TLS record where one should be")
)

// A Conn reads both sides of a connection. Bytes go in as they were sent, what
// was said comes out.
type Conn struct {
	// Hello is what the client said, once Heard.
	Hello ClientHello
	Heard bool
	// Version is the number of the version agreed on, 0 before that.
	Version uint16
	// Alerts are the last fatal alert of each side that could be read, 0 if
	// there was none: close_notify is none.
	Alerts [2]uint8
	// Sealed says that all the client said behind the server's hello, in TLS 1.3
	// and without a key to read it, was an alert, as its length tells.
	Sealed bool
	// Read says that data of a side was read.
	Read [2]bool

	keys   map[string][]byte
	lookup *Keys
	suite  suite
	said   func(Side, []byte) error
	sides  [2]half
}

// A half is one side's stream of records.
type half struct {
	held    []byte
	opener  *opener
	pending *opener // that a change of cipher activates
	early   *opener // of data before the handshake's end
	secret  []byte  // traffic secret of TLS 1.3
	next    []byte  // secret after the side's Finished
	message []byte  // a handshake message that is not whole
	skip    int     // bytes of a message that is of no interest
	done    bool    // the handshake of TLS 1.3 is
	blind   bool    // there is no key for what is encrypted
	blocked bool    // until the other side has said hello
	err     error
}

// New returns a Conn that calls said with what each side said. The bytes are
// valid during the call. An error of said ends the side's reading.
func New(keys *Keys, said func(Side, []byte) error) *Conn {
	return &Conn{lookup: keys, said: said}
}

// Write takes bytes that a side sent. An error is the end of that side: from
// there on it cannot be read. It may be that of the other side, if that has
// waited for these bytes; Err says which side ended.
func (c *Conn) Write(s Side, b []byte) error {
	h := &c.sides[s]
	if h.err != nil {
		return h.err
	}
	if h.blocked && len(h.held)+len(b) > maxHeld {
		h.err = errors.New("the other side's hello is not in the capture")
		return h.err
	}
	h.held = append(h.held, b...)
	c.records(s)
	if o := s.Other(); c.sides[o].blocked && !h.blocked {
		c.records(o)
	}
	return h.err
}

// Err returns why a side cannot be read any more, nil if it can.
func (c *Conn) Err(s Side) error { return c.sides[s].err }

// Fail ends a side that cannot be followed any further.
func (c *Conn) Fail(s Side, err error) {
	if h := &c.sides[s]; h.err == nil {
		h.err, h.held = err, nil
	}
}

// records reads the whole records that have arrived.
func (c *Conn) records(s Side) {
	const head = 5
	h := &c.sides[s]
	h.blocked = false
	b := h.held
	for h.err == nil && len(b) >= head {
		n := int(binary.BigEndian.Uint16(b[3:]))
		if b[0] < typeChange || b[0] > typeHeartbeat || b[1] != 3 || n > maxRecord {
			h.err = ErrNoTLS
			break
		}
		if len(b) < head+n {
			break
		}
		if c.waits(s, b[0]) {
			h.blocked = true
			break
		}
		h.err = c.record(s, b[:head:head], b[head:head+n:head+n])
		b = b[head+n:]
	}
	h.held = append(h.held[:0], b...)
	if h.err != nil {
		h.held = nil
	}
}

// waits reports whether a record can only be read after the other side's hello.
func (c *Conn) waits(s Side, kind byte) bool {
	if s == Server {
		return !c.Heard
	}
	return c.Heard && c.Version == 0 && kind == typeData
}

// record reads one record.
func (c *Conn) record(s Side, head, b []byte) error {
	h := &c.sides[s]
	kind, data := head[0], b
	sealed := h.opener != nil && (!h.opener.tls13 || kind == typeData)
	if sealed {
		var err error
		if kind, data, err = c.open(h, head, b); err != nil || data == nil {
			return err
		}
	} else if h.blind && kind == typeData {
		c.Sealed = len(data) == sealedAlert
		return ErrNoKey
	} else if kind == typeData {
		return fmt.Errorf("%w: its beginning is not in the capture", ErrNoKey)
	}
	switch kind {
	case typeChange:
		return c.change(h)
	case typeAlert:
		const fatal = 2
		if len(data) == 2 && (data[0] == fatal || c.Version == versionTLS13 && data[1] != 0) {
			c.Alerts[s] = data[1]
		}
	case typeHandshake:
		return c.handshake(s, data)
	case typeData:
		if len(data) > 0 {
			c.Read[s] = true
			return c.said(s, data)
		}
	}
	return nil
}

// open opens a record. Early data that no key is there for is passed over: it
// comes without an error and without data.
func (c *Conn) open(h *half, head, b []byte) (byte, []byte, error) {
	kind, data, err := h.opener.open(head, b)
	if err == nil {
		h.early = nil
		if data == nil {
			data = []byte{}
		}
		return kind, data, nil
	}
	if h.opener.seq > 0 || !c.Hello.early || c.Version != versionTLS13 || h != &c.sides[Client] {
		return 0, nil, err
	}
	if h.early == nil {
		return 0, nil, nil
	}
	return h.early.open(head, b)
}

// change activates the cipher that was agreed on. In TLS 1.3 the message means
// nothing.
func (c *Conn) change(h *half) error {
	if c.Version == versionTLS13 || c.Version == 0 {
		return nil
	}
	if h.pending == nil {
		return ErrNoKey
	}
	h.opener, h.pending = h.pending, nil
	return nil
}

// handshake takes messages apart, of which most are passed over.
func (c *Conn) handshake(s Side, data []byte) error {
	h := &c.sides[s]
	for len(data) > 0 {
		if h.skip > 0 {
			n := min(h.skip, len(data))
			h.skip -= n
			data = data[n:]
			continue
		}
		n := min(handshakeHeaderSize-min(len(h.message), handshakeHeaderSize), len(data))
		h.message = append(h.message, data[:n]...)
		data = data[n:]
		if len(h.message) < handshakeHeaderSize {
			return nil
		}
		size := int(binary.BigEndian.Uint32(h.message) & 0xffffff)
		if !matters(h.message[0]) {
			h.skip, h.message = size, h.message[:0]
			continue
		}
		if size > maxMessage {
			return fmt.Errorf("a hello of %d bytes: %w", size, ErrNoTLS)
		}
		n = min(handshakeHeaderSize+size-len(h.message), len(data))
		h.message = append(h.message, data[:n]...)
		data = data[n:]
		if len(h.message) < handshakeHeaderSize+size {
			return nil
		}
		kind, body := h.message[0], h.message[handshakeHeaderSize:]
		h.message = nil
		if err := c.message(s, kind, body); err != nil {
			return err
		}
	}
	return nil
}

func matters(kind byte) bool {
	return kind == msgClientHello || kind == msgServerHello || kind == msgFinished || kind == msgKeyUpdate
}

func (c *Conn) message(s Side, kind byte, body []byte) error {
	switch {
	case kind == msgClientHello && s == Client:
		hello, ok := ParseClientHello(body)
		if !ok {
			return fmt.Errorf("the client hello is broken: %w", ErrNoTLS)
		}
		if c.Heard { // again after a retry, or to renegotiate: the name stays that of the first
			hello.SNI = c.Hello.SNI
		}
		c.Hello, c.Heard = hello, true
	case kind == msgServerHello && s == Server:
		hello, ok := parseServerHello(body)
		if !ok {
			return fmt.Errorf("the server hello is broken: %w", ErrNoTLS)
		}
		if !hello.retry {
			return c.agreed(hello)
		}
	case c.Version == versionTLS13 && kind == msgFinished:
		return c.finished(s)
	case c.Version == versionTLS13 && kind == msgKeyUpdate:
		return c.update(s)
	}
	return nil
}
