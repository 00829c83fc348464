package mitm

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"telltale/audit"
)

// A config that lacks what the proxy stands on is refused.
func TestNew(t *testing.T) {
	ca, err := caOnce()
	if err != nil {
		t.Fatal(err)
	}
	whole := Config{Recorder: newMemory(), CA: ca, Now: time.Now}
	if _, err := New(whole); err != nil {
		t.Error(err)
	}
	for want, spoil := range map[string]func(*Config){
		"no Recorder": func(c *Config) { c.Recorder = nil },
		"no CA":       func(c *Config) { c.CA = nil },
		"no clock":    func(c *Config) { c.Now = nil },
		"a sinkhole":  func(c *Config) { c.Dial = (&net.Dialer{}).DialContext },
	} {
		c := whole
		spoil(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

type noTransport struct{ t *testing.T }

func (n noTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	n.t.Errorf("a request went to %s", r.URL)
	return nil, errors.New("no network")
}

// A sinkhole dials nobody, whatever it is asked.
func TestSinkholeDialsNobody(t *testing.T) {
	l := newLab(t, func(c *Config, _ *patience) {
		c.Dial = func(_ context.Context, _, addr string) (net.Conn, error) {
			t.Errorf("a connection went to %s", addr)
			return nil, errors.New("no network")
		}
	})
	usual := http.DefaultTransport
	http.DefaultTransport = noTransport{t}
	defer func() { http.DefaultTransport = usual }()
	for _, u := range []string{"http://127.0.0.1:1/", "https://127.0.0.1:1/"} {
		do(t, l.client(t), request(t, "GET", u, nil))
		do(t, l.client(t, h2), request(t, "POST", u, strings.NewReader("x")))
	}
	for _, u := range []string{"ws://127.0.0.1:1/", "wss://127.0.0.1:1/"} {
		dialWebSocket(t, l.client(t), u).CloseNow()
	}
	c := l.dial(t, "127.0.0.1:1")
	io.WriteString(c, "SSH-2.0-client\r\n")
	c.Close()
	l.wait(t, 7)
}

// What cannot be recorded is not answered, and nothing after it.
func TestRecorderFails(t *testing.T) {
	for _, call := range []string{"body", "write", "close", "record"} {
		for name, change := range map[string]func(*http.Transport){"h1": func(*http.Transport) {}, "h2": h2} {
			t.Run(call+" "+name, func(t *testing.T) {
				l := newLab(t)
				l.broken = call
				resp, err := l.client(t, change).Do(request(t, "POST", "https://a.example/", strings.NewReader("x")))
				if err == nil {
					resp.Body.Close()
					t.Errorf("answered with %s", resp.Status)
				}
				<-l.proxy.Failed()
				if err := l.proxy.Err(); !errors.Is(err, errDisk) {
					t.Errorf("got %v", err)
				}
				got := do(t, l.client(t), request(t, "GET", "http://a.example/", nil))
				if got.code != http.StatusBadGateway || !got.last {
					t.Errorf("afterwards: %+v", got)
				}
				if _, err := l.proxy.Listen(place, "127.0.0.1:0"); err == nil {
					t.Error("a new session after the failure")
				}
				if err := l.session.Close(); !errors.Is(err, errDisk) {
					t.Errorf("Close: %v", err)
				}
				if n := len(l.all()); n != 0 {
					t.Errorf("%d events", n)
				}
			})
		}
	}
}

// A WebSocket that cannot be recorded does not come about.
func TestRecorderFailsWebSocket(t *testing.T) {
	l := newLab(t)
	l.broken = "record"
	if _, _, err := websocket.Dial(t.Context(), "ws://a.example/", &websocket.DialOptions{HTTPClient: l.client(t)}); err == nil { //nolint:bodyclose // there is none
		t.Error("it was answered")
	}
	<-l.proxy.Failed()
}

// Close lets an exchange finish that is in flight.
func TestCloseWaits(t *testing.T) {
	l := newLab(t)
	body, w := io.Pipe()
	status := make(chan int, 1)
	r := request(t, "POST", "https://a.example/", body)
	go func() {
		resp, err := l.client(t).Do(r)
		if err != nil {
			status <- 0
			return
		}
		resp.Body.Close()
		status <- resp.StatusCode
	}()
	w.Write([]byte("first "))
	closed := make(chan error)
	go func() { closed <- l.session.Close() }()
	for !l.session.ending.Load() {
		time.Sleep(time.Millisecond)
	}
	w.Write([]byte("last"))
	w.Close()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if got := <-status; got != http.StatusNoContent {
		t.Errorf("status %d", got)
	}
	if x := l.all()[0].Exchange; l.text(x.Body) != "first last" || x.Body.Error != "" {
		t.Errorf("%+v", x)
	}
}

// Close reads what a program sent just before it ended.
func TestCloseHearsLastWords(t *testing.T) {
	l := newLab(t)
	c := l.dial(t, "")
	io.WriteString(c, "POST http://a.example/bye HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nbye")
	c.Close()
	l.session.Close()
	if got := l.all(); len(got) != 1 || l.text(got[0].Exchange.Body) != "bye" {
		t.Errorf("%+v", got)
	}
}

// Close ends all that is open, says so in the record, and leaves no goroutine
// behind. It records nothing later.
func TestCloseEndsAll(t *testing.T) {
	before := runtime.NumGoroutine()
	l := newLab(t, func(_ *Config, p *patience) { p.grace = 100 * time.Millisecond })
	h1, two := l.client(t), l.client(t, h2)
	do(t, h1, request(t, "GET", "https://a.example/", nil))  // kept alive
	do(t, two, request(t, "GET", "https://a.example/", nil)) // kept alive
	ws := dialWebSocket(t, l.client(t), "wss://ws.example/") // open
	io.WriteString(l.dial(t, "ssh.example:22"), "SSH-2.0-x") // open
	io.WriteString(l.dial(t, "tls.example:443"), "\x16\x03") // in the handshake
	l.dial(t, "mute.example:443")                            // silent
	l.dial(t, "")                                            // silent
	io.WriteString(l.dial(t, ""), "GET http://a.exa")        // in the request line
	half := l.dial(t, "")                                    // in the body, and stays there
	io.WriteString(half, "POST http://a.example/half HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\nhalf")
	l.session.Close()
	seen := make(map[string]int)
	for _, e := range l.all() {
		switch {
		case e.Exchange != nil:
			seen[e.Exchange.URL+" "+e.Exchange.Body.Error]++
		case e.Tunnel != nil:
			seen[e.Tunnel.Host+" "+e.Tunnel.Out.Error]++
		case e.Refused != nil:
			seen[e.Refused.Host+" "+e.Refused.Alert]++
		}
	}
	for what, n := range map[string]int{
		"https://a.example/ ":                                             2,
		"wss://ws.example/ ":                                              1,
		"ssh.example " + errEnded.Error():                                 1,
		"tls.example " + errEnded.Error():                                 1,
		"mute.example " + errEnded.Error():                                1,
		"http://a.example/half " + errEnded.Error():                       1,
		"127.0.0.1 no HTTP that can be read; only its beginning was kept": 1,
	} {
		if seen[what] != n {
			t.Errorf("%q: %d times, want %d", what, seen[what], n)
		}
	}
	if t.Failed() {
		t.Logf("%v", seen)
	}
	ws.CloseNow()
	h1.CloseIdleConnections()
	two.CloseIdleConnections()
	for runtime.NumGoroutine() > before { // ended by the test's own time if need be
		runtime.Gosched()
		time.Sleep(time.Millisecond)
	}
}

// Whatever bytes a client sends, they leave an event, and the session ends.
// Only the preface of HTTP/2 may stand alone.
func FuzzSession(f *testing.F) {
	for _, seed := range []string{
		"GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n",
		"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n\x16\x03\x01\x00\x05hello",
		"CONNECT a.example:22 HTTP/1.1\r\n\r\nSSH-2.0-x\r\n",
		"CONNECT a:80 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
		"CONNECT [::1]:80 HTTP/1.0\r\n\r\n", "\x16\x03\x01", "\r\n", "x",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		l := newLab(t, func(_ *Config, p *patience) { p.linger = time.Minute }) // until the client is served
		c := l.dial(t, "")
		c.Write(sent)
		c.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, bufio.NewReader(c))
		c.Close()
		if err := l.session.Close(); err != nil {
			t.Fatal(err)
		}
		events := l.all()
		if len(sent) > 0 && !bytes.HasPrefix(sent, []byte("PRI ")) && !bytes.Contains(sent, []byte("\nPRI ")) && len(events) == 0 {
			t.Fatalf("no trace of %q", sent)
		}
		for _, e := range events {
			checkEvent(t, e)
		}
	})
}

// checkEvent holds an event against what every event must have.
func checkEvent(t *testing.T, e audit.Event) {
	t.Helper()
	n := 0
	for _, set := range []bool{e.Exchange != nil, e.Message != nil, e.Tunnel != nil, e.Refused != nil} {
		if set {
			n++
		}
	}
	if n != 1 || e.Place != place || !e.Time.Equal(noon) {
		t.Errorf("%+v", e)
	}
	if x := e.Exchange; x != nil && (x.Host != strings.ToLower(x.Host) || x.Answered == "" || (x.Status == 0) != (x.Answered == audit.ByNobody)) {
		t.Errorf("%+v", x)
	}
}
