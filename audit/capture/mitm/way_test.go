package mitm

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/proxy"

	"telltale/audit"
)

// by starts a session with a way beside the lab's own.
func (l *lab) by(t *testing.T, way Way) *Session {
	t.Helper()
	nl, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.proxy.Serve(place, nl, way)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Another implementation of SOCKS5 gets through, with a password and without.
func TestSOCKS(t *testing.T) {
	for name, tc := range map[string]struct {
		way  Way
		auth *proxy.Auth
		ok   bool
	}{
		"open":           {SOCKS("", ""), nil, true},
		"password":       {SOCKS("me", "secret"), &proxy.Auth{User: "me", Password: "secret"}, true},
		"wrong password": {SOCKS("me", "secret"), &proxy.Auth{User: "me", Password: "Secret"}, false},
		"no password":    {SOCKS("me", "secret"), nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			s := l.by(t, tc.way)
			d, err := proxy.SOCKS5("tcp", s.Addr(), tc.auth, proxy.Direct)
			if err != nil {
				t.Fatal(err)
			}
			c := l.client(t, func(tr *http.Transport) {
				tr.Proxy, tr.DialContext = nil, d.(proxy.ContextDialer).DialContext
			})
			for _, target := range []string{"https://a.example/x", "http://[2001:db8::1]:8080/y", "http://192.0.2.7/z"} {
				resp, err := c.Do(request(t, "GET", target, nil))
				if (err == nil) != tc.ok {
					t.Errorf("%s: %v", target, err)
				}
				if err == nil {
					resp.Body.Close()
				}
			}
			s.Close()
			var got []string
			for _, e := range l.all() {
				if e.Exchange != nil {
					got = append(got, e.Exchange.URL)
				} else {
					got = append(got, e.Tunnel.Out.Error)
				}
			}
			want := []string{"https://a.example/x", "http://[2001:db8::1]:8080/y", "http://192.0.2.7/z"}
			switch name {
			case "wrong password":
				want = []string{"not let in: the user or password of SOCKS was wrong"}
			case "no password":
				want = []string{"not let in: the client of SOCKS offers the methods [0]; wanted is 2"}
			}
			if !tc.ok {
				got = got[:1] // one for each try
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What SOCKS5 has besides CONNECT is refused in its own words, and recorded
// with where it was to go.
func TestSOCKSRefuses(t *testing.T) {
	for _, tc := range []struct {
		name, say string
		answer    string
		want      string
	}{
		{"udp", "\x05\x01\x00\x05\x03\x00\x01\xc0\x00\x02\x07\x01\xbb", "\x05\x00\x05\x07", "192.0.2.7:443 " + errSOCKSUDP.Error()},
		{"bind", "\x05\x01\x00\x05\x02\x00\x03\x01a\x00\x50", "\x05\x00\x05\x07", "a:80 command 2 of SOCKS was refused: only CONNECT (1) is let through"},
		{"address", "\x05\x01\x00\x05\x01\x00\x09", "\x05\x00\x05\x08", " an address of type 9 in SOCKS; known are 1, 3 and 4"},
		{"socks4", "\x04\x01\x00\x50\xc0\x00\x02\x07\x00", "", " SOCKS begins with 4; only SOCKS5 is spoken here"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := newLab(t)
			c, err := net.Dial("tcp", l.by(t, SOCKS("", "")).Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			io.WriteString(c, tc.say)
			got := make([]byte, len(tc.answer))
			if _, err := io.ReadFull(c, got); err != nil || string(got) != tc.answer {
				t.Errorf("answer % x, %v", got, err)
			}
			tun := l.wait(t, 1)[0].Tunnel
			where := ""
			if tc.want[0] != ' ' {
				where = net.JoinHostPort(tun.Host, tun.Port)
			}
			if said := where + " " + strings.TrimPrefix(tun.Out.Error, "not let in: "); said != tc.want {
				t.Errorf("got %q, want %q", said, tc.want)
			}
			if sent := l.text(tun.Out); !strings.HasPrefix(tc.say, sent) || sent == "" {
				t.Errorf("kept %q of %q", sent, tc.say)
			}
		})
	}
}

// Whatever a client of SOCKS says, the talk ends, and a destination that it
// yields is one that can be dialled.
func FuzzSOCKS(f *testing.F) {
	f.Add([]byte("\x05\x01\x00\x05\x01\x00\x03\x09a.example\x01\xbb"), "")
	f.Add([]byte("\x05\x02\x00\x02\x01\x02me\x06secret\x05\x01\x00\x04"+strings.Repeat("\x00", 18)), "me")
	f.Fuzz(func(t *testing.T, said []byte, user string) {
		near, far := net.Pipe()
		go func() {
			_, _ = near.Write(said)
			near.Close()
		}()
		go func() { _, _ = io.Copy(io.Discard, near) }()
		to, err := SOCKS(user, "secret")(far)
		far.Close()
		if err != nil {
			return
		}
		if _, _, err := net.SplitHostPort(to.Addr); err != nil {
			t.Errorf("%q: %v", to.Addr, err)
		}
		if user != "" && !bytes.Contains(said, []byte(user)) {
			t.Errorf("let in without the user %q", user)
		}
	})
}

// A reverse proxy sends everything to its server, whatever the Host, and says
// so in the record.
func TestReverse(t *testing.T) {
	for _, secure := range []bool{false, true} {
		server := serve(t, secure, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host, r.RequestURI) })
		scheme := "http"
		if secure {
			scheme = "https"
		}
		u := &url.URL{Scheme: scheme, Host: server}
		up := NewUpstream((&net.Dialer{}).DialContext, &tls.Config{InsecureSkipVerify: true})
		t.Cleanup(up.Close)
		l := newLab(t, func(c *Config, _ *patience) { c.Online = up })
		s := l.by(t, Reverse(u))
		resp, err := http.DefaultClient.Do(request(t, "GET", "http://"+s.Addr()+"/p?q=1", nil))
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(b) != server+"/p?q=1" {
			t.Errorf("the server saw %q", b)
		}
		if x := l.wait(t, 1)[0].Exchange; x.URL != u.String()+"/p?q=1" || x.Answered != audit.ByOnline || x.Host != "127.0.0.1" {
			t.Errorf("%+v", x)
		}
		resp, err = l.client(t, func(tr *http.Transport) { tr.Proxy = nil }).Do(request(t, "GET", "https://"+s.Addr()+"/tls", nil))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if x := l.wait(t, 2)[1].Exchange; x.URL != u.String()+"/tls" {
			t.Errorf("%+v", x)
		}
	}
}

// mirrored starts a proxy in front of a server that has its own certificate and
// protocols.
func mirrored(t *testing.T, protocols ...string) (l *lab, server string) {
	t.Helper()
	like, err := NewCA(noon)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := like.leaf("*.a.example", &x509.Certificate{DNSNames: []string{"*.a.example", "b.example"}, IPAddresses: []net.IP{net.IPv4(192, 0, 2, 7)}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	nl, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{*cert}, NextProtos: protocols})
	if err != nil {
		t.Fatal(err)
	}
	http1 := new(http.Protocols)
	http1.SetHTTP1(true)
	for _, p := range protocols {
		http1.SetHTTP2(http1.HTTP2() || p == "h2")
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto, r.TLS.ServerName) }), Protocols: http1}
	go s.Serve(nl)
	t.Cleanup(func() { s.Close() })
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, nl.Addr().String())
	}
	up := NewUpstream(dial, &tls.Config{InsecureSkipVerify: true})
	t.Cleanup(up.Close)
	return newLab(t, func(c *Config, _ *patience) { c.Online, c.Dial, c.Hellos = up, dial, true }), nl.Addr().String()
}

// Our certificate has the names of the real one, and we speak what the real
// server speaks.
func TestLikeness(t *testing.T) {
	for _, tc := range []struct {
		server []string
		proto  string
	}{
		{[]string{"h2", "http/1.1"}, "HTTP/2.0"},
		{[]string{"http/1.1"}, "HTTP/1.1"},
	} {
		l, _ := mirrored(t, tc.server...)
		resp, err := l.client(t, h2).Do(request(t, "GET", "https://x.a.example/", nil))
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		leaf := resp.TLS.PeerCertificates[0]
		if diff := cmp.Diff([]string{"*.a.example", "b.example"}, leaf.DNSNames); diff != "" {
			t.Error(diff)
		}
		if len(leaf.IPAddresses) != 1 || leaf.IPAddresses[0].String() != "192.0.2.7" {
			t.Errorf("addresses %v", leaf.IPAddresses)
		}
		if resp.Proto != tc.proto || string(b) != tc.proto+"x.a.example" {
			t.Errorf("%v: %s to us, the server saw %s", tc.server, resp.Proto, b)
		}
	}
}

// A connection to an address goes to that address, with the name that the
// client asks for.
func TestNameAndAddress(t *testing.T) {
	l, _ := mirrored(t, "h2", "http/1.1")
	s := l.by(t, func(net.Conn) (Destination, error) { return Destination{Addr: "[2001:db8::9]:443"}, nil })
	c := l.client(t, func(tr *http.Transport) {
		tr.Proxy = nil
		tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, s.Addr())
		}
	})
	if a := do(t, c, request(t, "GET", "https://y.a.example/", nil)); a.body != "HTTP/2.0y.a.example" {
		t.Errorf("%+v", a)
	}
	for _, e := range l.wait(t, 2) {
		if e.Hello != nil && e.Hello.Host != "y.a.example" || e.Exchange != nil && e.Exchange.Host != "y.a.example" {
			t.Errorf("%+v %+v", e.Hello, e.Exchange)
		}
	}
}

// TLS that is not to be opened gets through to the real server; only sizes and
// times are kept.
func TestPassthrough(t *testing.T) {
	l, _ := mirrored(t, "http/1.1")
	l.proxy.config.Passthrough = func(host string) bool { return host == "quiet.a.example" }
	c := tls.Client(l.dial(t, "quiet.a.example:443"), &tls.Config{InsecureSkipVerify: true, ServerName: "quiet.a.example"})
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: quiet.a.example\r\nConnection: close\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	c.Close()
	if string(b) != "HTTP/1.1quiet.a.example" || c.ConnectionState().PeerCertificates[0].Issuer.String() == "" {
		t.Errorf("%s", b)
	}
	e := l.wait(t, 1)[0]
	tun := e.Tunnel
	if tun == nil || tun.Proto != audit.Passthrough || tun.Host != "quiet.a.example" || tun.Out.Size < 300 || tun.In.Size < 300 ||
		tun.Out.SHA256 != "" || tun.In.SHA256 != "" || tun.Until.IsZero() {
		t.Errorf("%+v", tun)
	}
}

// A client is named, a session goes on, and an encrypted hello is said to be
// one; each connection has its hello before its requests.
func TestHellos(t *testing.T) {
	l := newLab(t, func(c *Config, _ *patience) { c.Hellos = true })
	cache := tls.NewLRUClientSessionCache(4)
	for range 2 {
		c := l.client(t, func(tr *http.Transport) {
			tr.TLSClientConfig.ClientSessionCache, tr.DisableKeepAlives = cache, true
		})
		do(t, c, request(t, "GET", "https://a.example/", nil))
	}
	var got []string
	for _, e := range l.wait(t, 4) {
		switch {
		case e.Hello != nil:
			got = append(got, fmt.Sprintf("%s %s %s resumed %v %s", e.Hello.Host, e.Hello.JA4[:4], e.Hello.Version, e.Hello.Resumed, e.Hello.Spoken))
		case e.Exchange != nil:
			got = append(got, e.Exchange.URL)
		}
	}
	want := []string{
		"a.example t13d TLS 1.3 resumed false ", "https://a.example/",
		"a.example t13d TLS 1.3 resumed true ", "https://a.example/",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Who sent it stands in every event of a connection.
func TestSender(t *testing.T) {
	l := newLab(t, func(c *Config, _ *patience) {
		c.Sender = func(net.Conn) func() Sender {
			return func() Sender { return Sender{App: "app", PID: 7, Device: "phone"} }
		}
	})
	do(t, l.client(t), request(t, "GET", "https://a.example/", nil))
	if e := l.wait(t, 1)[0]; e.App != "app" || e.PID != 7 || e.Device != "phone" {
		t.Errorf("%+v", e)
	}
}

// A client that turns the certificate down in the clear, as OpenSSL does, is
// heard.
func TestPlainAlert(t *testing.T) {
	l := newLab(t)
	nc := l.dial(t, "a.example:443")
	w := &plainAlert{Conn: nc}
	c := tls.Client(w, &tls.Config{ServerName: "a.example", InsecureSkipVerify: true, VerifyConnection: func(tls.ConnectionState) error {
		w.now = true
		return errDisk
	}})
	if err := c.HandshakeContext(t.Context()); err == nil {
		t.Fatal("taken")
	}
	if r := l.wait(t, 1)[0].Refused; r == nil || r.Alert != "remote error: tls: unknown certificate authority" {
		t.Errorf("%+v", r)
	}
}

// A plainAlert sends its own alert in place of the sealed one.
type plainAlert struct {
	net.Conn
	now bool
}

func (p *plainAlert) Write(b []byte) (int, error) {
	if p.now {
		_, err := p.Conn.Write([]byte{21, 3, 3, 0, 2, 2, 48})
		return len(b), err
	}
	return p.Conn.Write(b)
}
