package pcap

import (
	"bytes"
	"net"
	"regexp"
	"strconv"

	"telltale/audit"
)

// A reader reads what two sides say to each other, in the order of the
// capture. Bytes are lent for the call.
type reader interface {
	said(s side, b []byte)
	lost(s side, n int64)
	ended(s side)
	// close ends it. why says why it was cut short, nil if it was not.
	close(why error)
}

// A talk is what two sides say, whatever it is: it finds out, and goes on as
// the reader of that.
type talk struct {
	im     *Importer
	conn   int
	host   string // that the client believes to talk to, or its address
	port   uint16
	proto  string // tcp, tls: what carries it
	app    string
	secure bool
	depth  int // of talks in talks

	reader reader // nil while it is not known what is spoken
	held   [2][]byte
}

// Bounds of a talk.
const (
	maxSniffed = 64 << 10 // said while it is not known what is spoken
	maxDepth   = 4        // TLS in CONNECT in TLS
)

// h2Preface is what a client of HTTP/2 says first (RFC 9113 section 3.4).
const h2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// request is a request line of HTTP/1, opening the beginning of one.
var (
	request = regexp.MustCompile(`^(\r?\n)*[A-Z][A-Z_-]{1,23} [^\r\n]+ HTTP/1\.[0-9]\r?\n`)
	opening = regexp.MustCompile(`^[\r\n]*[A-Z_-]{0,24}( [^\r\n]*\r?)?$`)
)

func (t *talk) said(s side, b []byte) {
	if t.reader == nil {
		t.held[s] = append(t.held[s], b...)
		t.sniff(false)
		return
	}
	t.reader.said(s, b)
}

func (t *talk) lost(s side, n int64) {
	t.decide()
	t.reader.lost(s, n)
}

func (t *talk) ended(s side) {
	t.decide()
	t.reader.ended(s)
}

func (t *talk) close(why error) {
	t.decide()
	t.reader.close(why)
}

func (t *talk) decide() {
	if t.reader == nil {
		t.sniff(true)
	}
}

// sniff finds out by the client's first bytes what is spoken. If there will be
// no more of them, it has to do with what is there.
func (t *talk) sniff(final bool) {
	b := t.held[client]
	switch {
	case len(b) >= 3 && b[0] == 0x16 && b[1] == 3 && b[2] <= 4 && t.depth < maxDepth:
		t.reader = newSecure(t)
	case bytes.HasPrefix(b, []byte(h2Preface)):
		t.reader = newHTTP2(t)
	case request.Match(b):
		t.reader = newHTTP1(t)
	case !final && t.open(b):
		return
	case t.port == 53 && t.depth == 0:
		t.reader = newNames(t)
	default:
		t.reader = &raw{talk: t, sides: [2]spool{{im: t.im}, {im: t.im}}, start: t.im.now}
	}
	held := t.held
	t.held = [2][]byte{}
	for s, b := range held {
		if len(b) > 0 {
			t.reader.said(side(s), b)
		}
	}
}

// open reports whether the client's first bytes may become what can be read.
func (t *talk) open(b []byte) bool {
	if len(b)+len(t.held[server]) > maxSniffed {
		return false
	}
	return bytes.HasPrefix([]byte{0x16, 3}, b) || bytes.HasPrefix([]byte(h2Preface), b) || opening.Match(b)
}

// inside is the talk in a tunnel or in TLS.
func (t *talk) inside(host string, port uint16, proto string) *talk {
	in := *t
	in.reader, in.held = nil, [2][]byte{}
	in.host, in.port, in.proto = host, port, proto
	in.depth++
	return &in
}

// event starts an event of this talk, at the time of the packet at hand.
func (t *talk) event() audit.Event { return audit.Event{Time: t.im.now, App: t.app} }

// tunnel records bytes that could not be read.
func (t *talk) tunnel(e audit.Event, proto string, out, in audit.Body) {
	e.Tunnel = &audit.Tunnel{Conn: t.conn, Host: t.host, Port: strconv.Itoa(int(t.port)), Proto: proto, Out: out, In: in}
	t.im.record(e)
}

// authority is host and port as a URL has them.
func (t *talk) authority() string {
	if t.port == 80 && !t.secure || t.port == 443 && t.secure {
		return t.host
	}
	return net.JoinHostPort(t.host, strconv.Itoa(int(t.port)))
}

// unread counts what was said behind the point where reading had to end.
type unread struct {
	bytes [2]int64
	why   [2]error
}

// fail notes why a side is not read from here on; the first reason counts.
func (u *unread) fail(s side, why error) {
	if u.why[s] == nil {
		u.why[s] = why
	}
}

// bodies are the counts as bodies that were not kept.
func (u *unread) bodies() (out, in audit.Body) {
	var b [2]audit.Body
	for s := range b {
		b[s].Size = u.bytes[s]
		if u.why[s] != nil && u.bytes[s] > 0 {
			b[s].Error = u.why[s].Error()
		}
	}
	return b[client], b[server]
}

func (u *unread) any() bool { return u.bytes[client]+u.bytes[server] > 0 }
