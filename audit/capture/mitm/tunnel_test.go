package mitm

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
)

// A client that does not take our certificate is recorded with what it said.
func TestRefused(t *testing.T) {
	stranger := errors.New("not this one")
	for _, tc := range []struct {
		name   string
		config *tls.Config
		alert  string
	}{
		{"unknown authority", &tls.Config{ServerName: "sni.example", NextProtos: []string{"h2", "http/1.1"}}, "remote error: tls: bad certificate"},
		{"tls 1.2", &tls.Config{ServerName: "sni.example", NextProtos: []string{"h2", "http/1.1"}, MaxVersion: tls.VersionTLS12}, "remote error: tls: bad certificate"},
		{"pinned", &tls.Config{
			ServerName: "sni.example", NextProtos: []string{"h2", "http/1.1"}, InsecureSkipVerify: true,
			VerifyConnection: func(tls.ConnectionState) error { return stranger },
		}, "remote error: tls: bad certificate"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := newLab(t)
			if err := tls.Client(l.dial(t, "a.example:443"), tc.config).HandshakeContext(t.Context()); err == nil {
				t.Fatal("the client took the certificate")
			}
			want := audit.Event{Time: noon, Place: place, Refused: &audit.Refused{
				Conn: 1, Host: "a.example", SNI: "sni.example", ALPN: []string{"h2", "http/1.1"}, Alert: tc.alert,
			}}
			if diff := cmp.Diff(want, l.wait(t, 1)[0]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A broken conn gives its reader rubbish once it is told to.
type brokenConn struct {
	net.Conn
	broken atomic.Bool
}

func (b *brokenConn) Read(p []byte) (int, error) {
	if b.broken.Load() {
		return copy(p, "\x17\x03\x03\x00\x20this is not how TLS looks like.."), nil
	}
	return b.Conn.Read(p)
}

// An alert in place of the first bytes is a refusal too.
func TestRefusedAfterHandshake(t *testing.T) {
	l := newLab(t)
	b := &brokenConn{Conn: l.dial(t, "a.example:443")}
	config := l.trusting()
	config.ServerName = "a.example"
	c := tls.Client(b, config)
	if err := c.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.broken.Store(true)
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Fatal("rubbish was read")
	}
	if r := l.wait(t, 1)[0].Refused; r == nil || r.Alert != "remote error: tls: bad record MAC" {
		t.Errorf("%+v", r)
	}
}

// A handshake that just ends is a refusal; one that is complete is none, even
// if nothing follows.
func TestHandshakeAndAway(t *testing.T) {
	t.Run("within", func(t *testing.T) {
		l := newLab(t)
		c := l.dial(t, "a.example:443")
		io.WriteString(c, "\x16\x03\x01\x00\xff")
		c.Close()
		if r := l.wait(t, 1)[0].Refused; r == nil || r.Alert != "closed without a reason" || r.Host != "a.example" {
			t.Errorf("%+v", r)
		}
	})
	t.Run("after", func(t *testing.T) {
		l := newLab(t)
		config := l.trusting()
		config.ServerName = "a.example"
		c := tls.Client(l.dial(t, "a.example:443"), config)
		if err := c.HandshakeContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.Close()
		l.session.Close()
		if got := l.all(); len(got) != 0 {
			t.Errorf("%+v", got)
		}
	})
	t.Run("silent", func(t *testing.T) {
		l := newLab(t, func(_ *Config, p *patience) { p.handshake = 10 * time.Millisecond })
		c := l.dial(t, "a.example:443")
		io.WriteString(c, "\x16\x03\x01\x00\xff")
		if r := l.wait(t, 1)[0].Refused; r == nil || r.Alert != "no answer in 10ms" {
			t.Errorf("%+v", r)
		}
	})
}

// A tunnel that nobody can read is kept byte by byte, inside of TLS too.
func TestOpaque(t *testing.T) {
	const sent = "\x10\x2a\x00\x04MQTT\x04"
	want := audit.Tunnel{Conn: 1, Host: "push.example", Port: "8883"}
	check := func(t *testing.T, l *lab) {
		t.Helper()
		got := l.wait(t, 1)[0].Tunnel
		if got == nil {
			t.Fatalf("no tunnel: %+v", l.all())
		}
		if text := l.text(got.Out); text != sent {
			t.Errorf("got %q, want %q", text, sent)
		}
		want.Out = audit.Body{SHA256: got.Out.SHA256, Size: int64(len(sent))}
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Error(diff)
		}
	}
	t.Run("plain", func(t *testing.T) {
		l := newLab(t)
		c := l.dial(t, "push.example:8883")
		io.WriteString(c, sent)
		c.Close()
		check(t, l)
	})
	t.Run("idle", func(t *testing.T) {
		l := newLab(t, func(_ *Config, p *patience) { p.idle = 50 * time.Millisecond })
		c := l.dial(t, "push.example:8883")
		io.WriteString(c, sent)
		if b, err := io.ReadAll(c); len(b) > 0 || err != nil {
			t.Errorf("the sinkhole said %q, %v", b, err)
		}
		check(t, l)
	})
	t.Run("tls", func(t *testing.T) {
		l := newLab(t)
		config := l.trusting()
		config.ServerName, config.NextProtos = "push.example", []string{"mqtt"}
		c := tls.Client(l.dial(t, "push.example:8883"), config)
		io.WriteString(c, sent)
		c.Close()
		check(t, l)
	})
}

// A silent client is on record with the host that it asked for.
func TestSilentTunnel(t *testing.T) {
	l := newLab(t, func(_ *Config, p *patience) { p.hello, p.idle = 10*time.Millisecond, 10*time.Millisecond })
	l.dial(t, "imap.example:143")
	want := &audit.Tunnel{Conn: 1, Host: "imap.example", Port: "143"}
	if diff := cmp.Diff(want, l.wait(t, 1)[0].Tunnel); diff != "" {
		t.Error(diff)
	}
}

// Plain HTTP in a tunnel is HTTP, version 2 too.
func TestPlainHTTPInTunnel(t *testing.T) {
	for proto, set := range map[string]func(*http.Protocols, bool){
		"HTTP/1.1": (*http.Protocols).SetHTTP1, "HTTP/2.0": (*http.Protocols).SetUnencryptedHTTP2,
	} {
		l := newLab(t)
		protocols := new(http.Protocols)
		set(protocols, true)
		c := l.dial(t, "a.example:8080")
		tr := &http.Transport{Protocols: protocols, DialContext: func(context.Context, string, string) (net.Conn, error) { return c, nil }}
		do(t, &http.Client{Transport: tr}, request(t, "PUT", "http://a.example:8080/x", strings.NewReader("body")))
		x := l.wait(t, 1)[0].Exchange
		if x.Proto != proto || x.URL != "http://a.example:8080/x" || l.text(x.Body) != "body" {
			t.Errorf("%s: %+v", proto, x)
		}
		tr.CloseIdleConnections()
	}
}

// A request for a tunnel that comes where none can be opened is recorded, and
// not granted.
func TestNoTunnelInTunnel(t *testing.T) {
	l := newLab(t)
	c := l.dial(t, "a.example:80")
	io.WriteString(c, "CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n")
	x := l.wait(t, 1)[0].Exchange
	if x.Method != "CONNECT" || x.URL != "b.example:443" || x.Host != "b.example" || x.Status != http.StatusMethodNotAllowed {
		t.Errorf("%+v", x)
	}
}
