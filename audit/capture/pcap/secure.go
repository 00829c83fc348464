package pcap

import (
	"cmp"
	"crypto/tls"
	"time"

	"telltale/audit"
	"telltale/audit/capture/pcap/tlsread"
)

// A secure is a talk in TLS.
type secure struct {
	*talk
	start  time.Time
	tls    *tlsread.Conn
	inner  *talk // from the first byte of data
	unread unread
	total  [2]int64
}

func newSecure(t *talk) *secure {
	s := &secure{talk: t, start: t.im.now}
	s.tls = tlsread.New(t.im.config.Keys, func(from side, b []byte) error {
		s.open().said(from, b)
		return nil
	})
	return s
}

// open returns the talk inside, with the host that the client asked for.
func (t *secure) open() *talk {
	if t.inner == nil {
		t.inner = t.inside(cmp.Or(hostname(t.tls.Hello.SNI), t.host), t.port, "tls")
		t.inner.secure = true
	}
	return t.inner
}

func (t *secure) said(s side, b []byte) {
	t.total[s] += int64(len(b))
	before := [2]error{t.tls.Err(client), t.tls.Err(server)}
	if err := t.tls.Write(s, b); err != nil {
		t.unread.bytes[s] += int64(len(b))
	}
	for s := range before {
		if err := t.tls.Err(side(s)); err != nil && before[s] == nil {
			t.unread.fail(side(s), err)
			t.breakOff(side(s))
		}
	}
}

// breakOff tells the talk inside that a side cannot be followed any more.
func (t *secure) breakOff(s side) {
	if t.inner != nil {
		t.inner.lost(s, 0)
	}
}

func (t *secure) lost(s side, n int64) {
	t.tls.Fail(s, gap(n))
	t.unread.fail(s, gap(n))
	if t.inner != nil {
		t.inner.lost(s, n)
	}
}

func (t *secure) ended(s side) {
	if t.inner != nil {
		t.inner.ended(s)
	}
}

func (t *secure) close(why error) {
	if t.inner != nil {
		t.inner.close(why)
	}
	e := t.event()
	e.Time = t.start
	if hello := t.tls.Hello; hello.SNI != "" {
		t.host = hostname(hello.SNI)
	}
	if alert := t.refusal(); alert != "" {
		e.Refused = &audit.Refused{Conn: t.conn, Host: t.host, SNI: t.tls.Hello.SNI, ALPN: t.tls.Hello.ALPN, Alert: alert}
		t.im.record(e)
		return
	}
	if t.inner == nil { // all of it is unread, the handshake too
		t.unread.bytes = t.total
		if t.unread.why[client] == nil && t.unread.why[server] == nil && why != nil {
			t.unread.fail(client, why)
		}
	}
	if t.unread.any() {
		out, in := t.unread.bodies()
		t.tunnel(e, t.protocol(), out, in)
	}
}

// refusal returns the words of the client's alert, if it ended the handshake
// with one that could be read.
func (t *secure) refusal() string {
	if code := t.tls.Alerts[client]; code != 0 && t.inner == nil {
		return "remote error: " + tls.AlertError(code).Error()
	}
	if t.tls.Sealed {
		return "remote error: an alert that cannot be read without a key"
	}
	return ""
}

// protocol names the version.
func (t *secure) protocol() string {
	if t.tls.Version == 0 {
		return "tls"
	}
	return tls.VersionName(t.tls.Version)
}
