package mitm

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"telltale/audit"
)

// newOnline starts a proxy that carries everything to the given address,
// whatever host is asked for.
func newOnline(t *testing.T, server string) *lab {
	t.Helper()
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, server)
	}
	tr := &http.Transport{
		DialContext: dial, DisableCompression: true, ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // the server's certificate is for another name
	}
	t.Cleanup(tr.CloseIdleConnections)
	return newLab(t, func(c *Config, _ *patience) { c.Online, c.Dial, c.Stage = tr, dial, stage{} })
}

// serve starts a real server, with HTTP/2 if it has TLS.
func serve(t *testing.T, secure bool, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// Online, a request arrives as the client made it, and so does the answer; the
// record has both.
func TestOnline(t *testing.T) {
	for name, target := range map[string]string{"plain": "http://a.example/p%2Fq?x=1;y", "tls": "https://a.example/p%2Fq?x=1;y"} {
		for version, change := range map[string]func(*http.Transport){"h1": func(*http.Transport) {}, "h2": h2} {
			t.Run(name+" "+version, func(t *testing.T) {
				var got *http.Request
				var body string
				server := serve(t, name == "tls", func(w http.ResponseWriter, r *http.Request) {
					b, _ := io.ReadAll(r.Body)
					got, body = r, string(b)
					w.Header().Set("Content-Encoding", "br")
					w.Header().Set("Trailer", "Grpc-Status")
					w.WriteHeader(http.StatusAccepted)
					http.NewResponseController(w).Flush() // no Content-Length: it would leave no room for a trailer
					io.WriteString(w, "compressed")
					w.Header().Set("Grpc-Status", "0")
				})
				l := newOnline(t, server)
				r := request(t, "POST", target, strings.NewReader("sent"))
				r.Header = http.Header{"Accept-Encoding": {"br, zstd"}, "X-Forwarded-For": {"192.0.2.1"}, "Te": {"trailers"}}
				answer := do(t, l.client(t, change), r)
				if answer.code != http.StatusAccepted || answer.body != "compressed" || answer.trailer.Get("Grpc-Status") != "0" {
					t.Errorf("%+v", answer)
				}
				if got.Host != "a.example" || got.RequestURI != "/p%2Fq?x=1;y" || body != "sent" {
					t.Errorf("%s %s %q", got.Host, got.RequestURI, body)
				}
				for name, want := range r.Header {
					if diff := cmp.Diff(want, got.Header[name]); diff != "" {
						t.Errorf("%s: %s", name, diff)
					}
				}
				x := l.wait(t, 1)[0].Exchange
				if x.Answered != audit.ByOnline || x.Server != "127.0.0.1" || x.Status != http.StatusAccepted || x.URL != target ||
					l.text(x.Body) != "sent" || l.text(x.Reply) != "compressed" || value(x.Answer, "Content-Encoding") != "br" {
					t.Errorf("%+v", x)
				}
			})
		}
	}
}

// A server that answers while the client still talks, as gRPC does, is passed
// on as it speaks.
func TestOnlineBothWays(t *testing.T) {
	server := serve(t, true, func(w http.ResponseWriter, r *http.Request) {
		b := make([]byte, 4)
		for {
			n, err := r.Body.Read(b)
			w.Write(b[:n])
			http.NewResponseController(w).Flush()
			if err != nil {
				return
			}
		}
	})
	l := newOnline(t, server)
	body, w := io.Pipe()
	go io.WriteString(w, "ping")
	resp, err := l.client(t, h2).Do(request(t, "POST", "https://a.example/", body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for range 3 {
		if _, err := io.ReadFull(resp.Body, make([]byte, 4)); err != nil {
			t.Fatal(err)
		}
		go io.WriteString(w, "ping")
	}
	io.ReadFull(resp.Body, make([]byte, 4))
	w.Close()
	io.Copy(io.Discard, resp.Body)
	if x := l.wait(t, 1)[0].Exchange; x.Body.Size != 16 || x.Reply.Size != 16 || x.Body.Error != "" {
		t.Errorf("%+v", x)
	}
}

// A server that cannot be reached, and one that breaks off, are on record.
func TestOnlineErrors(t *testing.T) {
	t.Run("unreachable", func(t *testing.T) {
		l := newOnline(t, "127.0.0.1:1")
		answer := do(t, l.client(t), request(t, "POST", "https://a.example/", strings.NewReader("sent")))
		x := l.wait(t, 1)[0].Exchange
		if answer.code != http.StatusBadGateway || x.Answered != audit.ByNobody || x.Error == "" || l.text(x.Body) != "sent" {
			t.Errorf("%+v", x)
		}
	})
	t.Run("broken", func(t *testing.T) {
		server := serve(t, false, func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "half")
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
		l := newOnline(t, server)
		resp, err := l.client(t).Do(request(t, "GET", "http://a.example/", nil))
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if err == nil {
			t.Error("the client did not learn that the answer broke off")
		}
		x := l.wait(t, 1)[0].Exchange
		if x.Error != "the answer broke off" || l.text(x.Reply) != "half" {
			t.Errorf("%+v", x)
		}
	})
}

// Online too, the sites of the lab are answered by the stage alone.
func TestOnlineStage(t *testing.T) {
	server := serve(t, false, func(http.ResponseWriter, *http.Request) { t.Error("the stage's request went online") })
	l := newOnline(t, server)
	do(t, l.client(t), request(t, "GET", "http://page.canary.test/", nil))
	dialWebSocket(t, l.client(t), "ws://page.canary.test/").CloseNow()
	c := l.dial(t, "page.canary.test:22")
	io.WriteString(c, "SSH-2.0-x")
	c.Close()
	events := l.wait(t, 3)
	if got := events[0].Exchange.Answered; got != audit.ByStage {
		t.Errorf("answered by %s", got)
	}
	if got := events[1].Exchange.Answered; got != audit.BySinkhole {
		t.Errorf("WebSocket answered by %s", got)
	}
}

// Messages go both ways, each on record with its direction.
func TestOnlineWebSocket(t *testing.T) {
	for scheme, secure := range map[string]bool{"ws": false, "wss": true} {
		server := serve(t, secure, func(w http.ResponseWriter, r *http.Request) {
			ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"v1"}, OriginPatterns: []string{"page.example"}})
			if err != nil {
				t.Error(err)
				return
			}
			_, b, _ := ws.Read(r.Context())
			ws.Write(r.Context(), websocket.MessageText, append([]byte("got "), b...))
			ws.Close(4001, "enough")
		})
		l := newOnline(t, server)
		ws := dialWebSocket(t, l.client(t), scheme+"://a.example/live")
		if got := ws.Subprotocol(); got != "v1" {
			t.Errorf("subprotocol %q", got)
		}
		ws.Write(t.Context(), websocket.MessageText, []byte("hello"))
		_, b, err := ws.Read(t.Context())
		if err != nil || string(b) != "got hello" {
			t.Fatalf("%q, %v", b, err)
		}
		if _, _, err = ws.Read(t.Context()); websocket.CloseStatus(err) != 4001 {
			t.Errorf("closed with %v", err)
		}
		events := l.wait(t, 3)
		if x := events[0].Exchange; x.Answered != audit.ByOnline || x.Server != "127.0.0.1" || x.Status != http.StatusSwitchingProtocols {
			t.Errorf("%+v", x)
		}
		for i, want := range []string{"hello", "got hello"} {
			if m := events[i+1].Message; m.Out != (i == 0) || l.text(m.Body) != want {
				t.Errorf("%+v, want %q", m, want)
			}
		}
	}
}

// A WebSocket that the real server does not grant is none for the client.
func TestOnlineNoWebSocket(t *testing.T) {
	l := newOnline(t, serve(t, false, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	_, resp, err := websocket.Dial(t.Context(), "ws://a.example/", &websocket.DialOptions{HTTPClient: l.client(t)}) //nolint:bodyclose // Dial says that it need not be closed
	if err == nil || resp.StatusCode != http.StatusBadGateway {
		t.Errorf("%v %v", resp, err)
	}
	if x := l.wait(t, 1)[0].Exchange; x.Answered != audit.ByNobody || !strings.Contains(x.Error, "403") {
		t.Errorf("%+v", x)
	}
}

// A tunnel that nobody can read is carried both ways; without the other end
// the client is heard all the same.
func TestOnlineTunnel(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		c, err := server.Accept()
		if err != nil {
			return
		}
		b, _ := io.ReadAll(c)
		c.Write(append([]byte("got "), b...))
		c.Close()
	}()
	for _, tc := range []struct{ server, answer string }{{server.Addr().String(), "got \x00hello"}, {"127.0.0.1:1", ""}} {
		l := newOnline(t, tc.server)
		c := l.dial(t, "a.example:9000")
		io.WriteString(c, "\x00hello")
		c.(*net.TCPConn).CloseWrite()
		if b, err := io.ReadAll(c); string(b) != tc.answer || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		u := l.wait(t, 1)[0].Tunnel
		if l.text(u.Out) != "\x00hello" || l.text(u.In) != tc.answer || (u.In.Error == "") != (tc.answer != "") || u.Out.Error != "" {
			t.Errorf("%+v", u)
		}
	}
}
