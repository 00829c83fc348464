package mitm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
)

// Everything that a client says is in the record, whatever it speaks.
func TestExchange(t *testing.T) {
	const sent = `{"event":"$pageview"}`
	for _, tc := range []struct {
		name, url, proto string
		change           func(*http.Transport)
	}{
		{"plain", "http://SA.example.com:8106/sa?project=x%20y", "HTTP/1.1", func(*http.Transport) {}},
		{"tls", "https://SA.example.com/sa?project=x%20y", "HTTP/1.1", func(*http.Transport) {}},
		{"h2", "https://SA.example.com:8443/sa?project=x%20y", "HTTP/2.0", h2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := newLab(t)
			r := request(t, "POST", tc.url, strings.NewReader(sent))
			r.Header = http.Header{"Content-Type": {"application/json"}, "User-Agent": {"sdk"}, "X-B": {"2", "1"}, "Accept-Encoding": {"br"}}
			if got := do(t, l.client(t, tc.change), r); got.code != http.StatusOK || got.body != "{}" {
				t.Errorf("%+v", got)
			}
			e := l.wait(t, 1)[0]
			host := r.URL.Host
			want := audit.Event{Time: noon, Place: place, Exchange: &audit.Exchange{
				Conn: 1, Proto: tc.proto, Method: "POST", URL: tc.url, Host: "sa.example.com",
				Header: []audit.Field{
					{Name: "Accept-Encoding", Value: "br"},
					{Name: "Content-Length", Value: fmt.Sprint(len(sent))},
					{Name: "Content-Type", Value: "application/json"},
					{Name: "Host", Value: host},
					{Name: "User-Agent", Value: "sdk"},
					{Name: "X-B", Value: "2"},
					{Name: "X-B", Value: "1"},
				},
				Body:     audit.Body{SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(sent))), Size: int64(len(sent))},
				Answered: audit.BySinkhole, Status: 200,
				Answer: []audit.Field{{Name: "Content-Type", Value: "application/json"}},
				Reply:  audit.Body{SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte("{}"))), Size: 2},
			}}
			if diff := cmp.Diff(want, e); diff != "" {
				t.Error(diff)
			}
			if got := l.text(e.Exchange.Body); got != sent {
				t.Errorf("body %q, want %q", got, sent)
			}
		})
	}
}

// One connection keeps its number, another has its own; both are in the place
// of their session.
func TestConnNumbers(t *testing.T) {
	l := newLab(t)
	a, b := l.client(t), l.client(t)
	for _, c := range []*http.Client{a, a, b} {
		do(t, c, request(t, "GET", "https://a.example/", nil))
	}
	var got []int
	for _, e := range l.wait(t, 3) {
		got = append(got, e.Exchange.Conn)
	}
	if diff := cmp.Diff([]int{1, 1, 2}, got); diff != "" {
		t.Error(diff)
	}
}

// A chunked body arrives whole, with its trailer.
func TestChunkedWithTrailer(t *testing.T) {
	for name, change := range map[string]func(*http.Transport){"h1": func(*http.Transport) {}, "h2": h2} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			body, w := io.Pipe()
			r := request(t, "POST", "https://a.example/stream", body)
			r.Trailer = http.Header{"Grpc-Status": nil}
			go func() {
				for range 100 {
					w.Write(bytes.Repeat([]byte("x"), 1000))
				}
				r.Trailer.Set("Grpc-Status", "0")
				w.Close()
			}()
			do(t, l.client(t, change), r)
			x := l.wait(t, 1)[0].Exchange
			if x.Body.Size != 100_000 || x.Body.Error != "" {
				t.Errorf("body %+v", x.Body)
			}
			if diff := cmp.Diff([]audit.Field{{Name: "Grpc-Status", Value: "0"}}, x.Trailer); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What came of a body is kept when the client goes away, with the reason.
func TestClientLeaves(t *testing.T) {
	t.Run("h1", func(t *testing.T) {
		l := newLab(t)
		c := l.dial(t, "")
		io.WriteString(c, "POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100\r\n\r\nhalf")
		c.Close()
		x := l.wait(t, 1)[0].Exchange
		if x.Answered != audit.ByNobody || x.Status != 0 || x.Body.Size != 4 || x.Body.Error != "unexpected EOF" || l.text(x.Body) != "half" {
			t.Errorf("%+v", x)
		}
	})
	t.Run("h2", func(t *testing.T) {
		l := newLab(t)
		ctx, cancel := context.WithCancel(t.Context())
		body, w := io.Pipe()
		r := request(t, "POST", "https://a.example/", body).WithContext(ctx)
		go func() {
			w.Write([]byte("half"))
			cancel()
		}()
		if _, err := l.client(t, h2).Do(r); err == nil { //nolint:bodyclose // there is none
			t.Error("an answer to half a request")
		}
		x := l.wait(t, 1)[0].Exchange
		if x.Answered != audit.ByNobody || x.Status != 0 || x.Body.Error == "" {
			t.Errorf("%+v", x)
		}
	})
}

// A client that stops sending, but stays, gets its answer in the end.
func TestClientStops(t *testing.T) {
	for name, change := range map[string]func(*http.Transport){"h1": func(*http.Transport) {}, "h2": h2} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, func(_ *Config, p *patience) { p.body = 50 * time.Millisecond })
			body, w := io.Pipe()
			defer w.Close()
			go w.Write([]byte("half"))
			resp, err := l.client(t, change).Do(request(t, "POST", "https://a.example/", body))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			x := l.wait(t, 1)[0].Exchange
			if l.text(x.Body) != "half" || x.Body.Error != errStopped.Error() || x.Status != 204 {
				t.Errorf("%+v", x)
			}
		})
	}
}

// A body of any size is streamed.
func TestMemory(t *testing.T) {
	const size = 64 << 20
	for name, change := range map[string]func(*http.Transport){"h1": func(*http.Transport) {}, "h2": h2} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			var before runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			peak := watchHeap(t)
			do(t, l.client(t, change), request(t, "POST", "https://a.example/", io.LimitReader(zeros{}, size)))
			highest := peak()
			if x := l.wait(t, 1)[0].Exchange; x.Body.Size != size {
				t.Errorf("%+v", x)
			}
			if grown := int64(highest) - int64(before.HeapAlloc); grown > size/4 {
				t.Errorf("the heap grew by %d MiB", grown>>20)
			}
		})
	}
}

// watchHeap returns a function that tells the largest heap seen until then.
func watchHeap(t *testing.T) func() uint64 {
	stop, highest := make(chan struct{}), make(chan uint64)
	go func() {
		var most uint64
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
			select {
			case <-stop:
				highest <- most
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	t.Helper()
	return func() uint64 { close(stop); return <-highest }
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A stage answers for its sites, and may leave the body unread.
func TestStage(t *testing.T) {
	l := newLab(t, func(c *Config, _ *patience) { c.Stage = stage{} })
	got := do(t, l.client(t), request(t, "POST", "https://page.canary.test/form", strings.NewReader("q=seed")))
	if got.code != http.StatusTeapot || got.body != "https://page.canary.test/form" {
		t.Errorf("%+v", got)
	}
	x := l.wait(t, 1)[0].Exchange
	if x.Answered != audit.ByStage || x.Status != http.StatusTeapot || l.text(x.Body) != "q=seed" || l.text(x.Reply) != got.body {
		t.Errorf("%+v", x)
	}
}

// A stage answers for every host below canary.test, with the URL it was asked for.
type stage struct{}

func (stage) Answers(r *http.Request) bool {
	return strings.HasSuffix(r.URL.Hostname(), ".canary.test")
}

func (stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusTeapot)
	io.WriteString(w, r.URL.String())
}

// The reply to HEAD, and that of a handler that says nothing, are what the
// client got.
func TestQuietReplies(t *testing.T) {
	l := newLab(t, func(c *Config, _ *patience) {
		c.Answer = func(*http.Request) Answer { return Answer{Status: 200, Body: []byte("hello")} }
	})
	do(t, l.client(t), request(t, "HEAD", "http://a.example/", nil))
	if x := l.wait(t, 1)[0].Exchange; x.Reply.Size != 0 || x.Status != 200 {
		t.Errorf("%+v", x)
	}
}

// What is no HTTP leaves a trace too, outside and inside of a tunnel.
func TestNoHTTP(t *testing.T) {
	for _, target := range []string{"", "a.example:80"} {
		for _, sent := range []string{"GET / HTTP/1.1\r\nno header\r\n\r\n", "GET / HT", "OPTIONS * HTTP/7\r\n\r\n"} {
			l := newLab(t)
			c := l.dial(t, target)
			io.WriteString(c, sent)
			c.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, c)
			e := l.wait(t, 1)[0]
			if e.Tunnel == nil || l.text(e.Tunnel.Out) != sent || e.Tunnel.Out.Error == "" {
				t.Errorf("%q in %q: %+v", sent, target, e)
			}
		}
	}
}

// The default answer lets browsers send what they ask to send.
func TestDefaultAnswer(t *testing.T) {
	post := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	for _, tc := range []struct {
		method string
		header http.Header
		want   Answer
	}{
		{"GET", nil, Answer{Status: 204, Header: http.Header{}}},
		{"GET", post, Answer{Status: 204, Header: http.Header{}}},
		{"POST", http.Header{"Content-Type": {"text/plain"}}, Answer{Status: 204, Header: http.Header{}}},
		{"POST", post, Answer{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte("{}")}},
		{
			"OPTIONS",
			http.Header{"Origin": {"https://a.example"}, "Access-Control-Request-Method": {"PUT"}, "Access-Control-Request-Headers": {"x-a"}},
			Answer{Status: 204, Header: http.Header{
				"Access-Control-Allow-Origin": {"https://a.example"}, "Access-Control-Allow-Credentials": {"true"},
				"Access-Control-Allow-Methods": {"PUT"}, "Access-Control-Allow-Headers": {"x-a"},
			}},
		},
	} {
		r := request(t, tc.method, "https://b.example/", nil)
		r.Header = tc.header
		if diff := cmp.Diff(tc.want, DefaultAnswer(r)); diff != "" {
			t.Errorf("%s %v: %s", tc.method, tc.header, diff)
		}
	}
}

func TestHostname(t *testing.T) {
	for in, want := range map[string]string{
		"A.example": "a.example", "a.example:443": "a.example", "a.example.": "a.example", "a.example.:80": "a.example",
		"[::1]:80": "::1", "[::1]": "::1", "::1": "::1", "": "",
	} {
		if got := hostname(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
