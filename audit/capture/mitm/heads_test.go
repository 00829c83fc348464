package mitm

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
)

// A broken request that is answered all the same is kept as it came, with what
// is wrong; one that is turned away is a tunnel that says so. Neither is
// guessed at in silence.
func TestBrokenClients(t *testing.T) {
	for _, tc := range []struct {
		name, say string
		flaws     []string // of an exchange
		turned    string   // what is said of a tunnel
	}{
		{"fine", "POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\nhi", nil, ""},
		{"bare LF", "GET http://a.example/ HTTP/1.1\nHost: a.example\n\n", []string{"a line ends without CR"}, ""},
		{"HTTP/1.0", "GET http://a.example/ HTTP/1.0\r\n\r\n", nil, ""},
		{"same length twice", "POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi", []string{"Content-Length stands there twice"}, ""},
		{"folded", "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nX: a\r\n b\r\n\r\n", []string{"a header field goes on in the next line"}, ""},
		{"length and chunks", "POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", []string{"Content-Length and Transfer-Encoding"}, ""},
		{"no Host", "GET / HTTP/1.1\r\n\r\n", nil, "no Host"},
		{"two lengths", "POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi", nil, "Content-Length stands there twice"},
		{"space", "GET http://a.example/ HTTP/1.1\r\nHost : a.example\r\n\r\n", nil, "a space in the name of a header field; no Host"},
		{"two hosts", "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n", nil, "Host stands there twice"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := newLab(t)
			c := l.dial(t, "")
			io.WriteString(c, tc.say)
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			c.Close()
			e := l.wait(t, 1)[0]
			head, _, _ := strings.Cut(tc.say, "\r\n\r\n")
			switch {
			case tc.turned != "":
				want := "no HTTP that can be read (" + tc.turned + "); only its beginning was kept"
				if e.Tunnel == nil || e.Tunnel.Out.Error != want || l.text(e.Tunnel.Out) != tc.say {
					t.Errorf("%+v", e.Tunnel)
				}
			case e.Exchange == nil:
				t.Errorf("%+v", e.Tunnel)
			default:
				if diff := cmp.Diff(tc.flaws, e.Exchange.Flaws); diff != "" {
					t.Error(diff)
				}
				if raw := l.text(e.Exchange.Head); (len(tc.flaws) > 0) != strings.HasPrefix(raw, head) {
					t.Errorf("kept %q", raw)
				}
			}
		})
	}
}

// A request that is turned away on a connection that was in use is kept, too.
func TestBrokenSecondRequest(t *testing.T) {
	l := newLab(t)
	c := l.dial(t, "")
	in := bufio.NewReader(c)
	for _, say := range []string{"GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", "GET / HTTP/1.1\r\nX: 1\r\n\r\n"} {
		io.WriteString(c, say)
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	e := l.wait(t, 2)[1]
	if e.Tunnel == nil || l.text(e.Tunnel.Out) != "GET / HTTP/1.1\r\nX: 1\r\n\r\n" {
		t.Errorf("%+v", e.Tunnel)
	}
}

// The heads that are seen are those that net/http reads, wherever the bytes
// are cut.
func FuzzHeads(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET / HTTP/1.0\n\n"), uint8(7))
	f.Add([]byte("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhi\r\n0\r\nT: 1\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		var whole, cut heads
		whole.start()
		whole.see(b)
		cut.start()
		for piece := range slices.Chunk(b, int(size)+1) {
			cut.see(piece)
		}
		if diff := cmp.Diff(fmt.Sprint(whole.queue), fmt.Sprint(cut.queue)); diff != "" && whole.on && cut.on {
			t.Error(diff)
		}
		in := bufio.NewReader(bytes.NewReader(b))
		for whole.on {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			h := whole.next()
			if _, err := io.Copy(io.Discard, r.Body); err != nil || len(h.raw) == 0 || len(h.flaws) > 0 {
				return // they read on from different places
			}
			again, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(h.raw)))
			if err != nil || again.Method != r.Method || again.RequestURI != r.RequestURI || again.Host != r.Host {
				t.Fatalf("head %q, but net/http read %s %s: %v", h.raw, r.Method, r.RequestURI, err)
			}
		}
	})
}

// Answers before the answer, and fields behind it, arrive and are recorded.
func TestInterimAndTrailer(t *testing.T) {
	for name, change := range map[string]func(*http.Transport){"h1": func(*http.Transport) {}, "h2": h2} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, true, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Link", "</a.css>; rel=preload")
				w.WriteHeader(http.StatusEarlyHints)
				w.Header().Set("Trailer", "Grpc-Status")
				w.WriteHeader(http.StatusOK)
				http.NewResponseController(w).Flush() // no Content-Length: it would leave no room for a trailer
				io.WriteString(w, "body")
				w.Header().Set("Grpc-Status", "7")
				w.Header().Set(http.TrailerPrefix+"Grpc-Message", "no")
			})
			l := newOnline(t, server)
			a := do(t, l.client(t, change), request(t, "GET", "https://a.example/", nil))
			if a.trailer.Get("Grpc-Status") != "7" {
				t.Errorf("%+v", a)
			}
			x := l.wait(t, 1)[0].Exchange
			want := []audit.Interim{{Status: 103, Header: []audit.Field{{Name: "Link", Value: "</a.css>; rel=preload"}}}}
			if diff := cmp.Diff(want, x.Interim); diff != "" {
				t.Error(diff)
			}
			trailer := []audit.Field{{Name: "Grpc-Message", Value: "no"}, {Name: "Grpc-Status", Value: "7"}}
			if diff := cmp.Diff(trailer, x.AnswerTrailer); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A client that waits to be told to go on is told, by whom it should be.
func TestExpectContinue(t *testing.T) {
	server := serve(t, true, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			w.WriteHeader(http.StatusExpectationFailed)
			return
		}
		io.Copy(w, r.Body)
	})
	l := newOnline(t, server)
	r := request(t, "POST", "https://a.example/yes", strings.NewReader("sent"))
	r.Header.Set("Expect", "100-continue")
	if a := do(t, l.client(t), r); a.body != "sent" {
		t.Errorf("%+v", a)
	}
	if x := l.wait(t, 1)[0].Exchange; l.text(x.Body) != "sent" || x.Body.Error != "" {
		t.Errorf("%+v", x)
	}
}

// What a server sends piece by piece arrives piece by piece.
func TestEventStream(t *testing.T) {
	next := make(chan string)
	server := serve(t, true, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for s := range next {
			fmt.Fprintf(w, "data: %s\n\n", s)
			http.NewResponseController(w).Flush()
		}
	})
	l := newOnline(t, server)
	go func() { next <- "one" }()
	resp, err := l.client(t).Do(request(t, "GET", "https://a.example/", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	in := bufio.NewReader(resp.Body)
	for i, s := range []string{"one", "two", "three"} {
		if i > 0 {
			next <- s
		}
		line, err := in.ReadString('\n')
		if err != nil || line != "data: "+s+"\n" {
			t.Fatalf("%q, %v", line, err)
		}
		in.ReadString('\n')
	}
	close(next)
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the end: %v", err)
	}
	if x := l.wait(t, 1)[0].Exchange; l.text(x.Reply) != "data: one\n\ndata: two\n\ndata: three\n\n" {
		t.Errorf("%+v", x)
	}
}
