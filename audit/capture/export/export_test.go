package export_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"telltale/audit"
	"telltale/audit/capture/export"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// talk is a case in which all kinds of things were said.
func talk() *memory {
	m := newMemory()
	large := bytes.Repeat([]byte("0123456789abcdef\x00\xff"), 30000)
	exchange := func(n int, x audit.Exchange) {
		x.Answered = audit.ByOnline
		m.events = append(m.events, audit.Event{Time: noon.Add(time.Duration(n) * time.Second), Exchange: &x})
	}
	fields := func(pairs ...string) (fs []audit.Field) {
		for i := 0; i < len(pairs); i += 2 {
			fs = append(fs, audit.Field{Name: pairs[i], Value: pairs[i+1]})
		}
		return fs
	}
	exchange(1, audit.Exchange{
		Conn: 1, Proto: "HTTP/1.1", Method: "POST", URL: "http://a.example/p?q=one%20two&x", Host: "a.example", Header: fields("Content-Type", "text/plain", "Cookie", "a=b; c=d"), Body: m.body([]byte("héllo")),
		Status: 200, Answer: fields("Content-Type", "text/html", "Set-Cookie", "sid=1; Path=/"), Reply: m.body([]byte("<p>")), Server: "192.0.2.7",
	})
	exchange(2, audit.Exchange{
		Conn: 1, Proto: "HTTP/1.1", Method: "PUT", URL: "http://a.example/large", Host: "a.example", Header: fields("Transfer-Encoding", "chunked"), Body: m.body(large),
		Status: 200, Answer: fields("Transfer-Encoding", "chunked"), Reply: m.body(large),
	})
	exchange(3, audit.Exchange{Conn: 1, Proto: "HTTP/1.1", Method: "HEAD", URL: "http://a.example/head", Host: "a.example", Status: 200, Answer: fields("Content-Length", "99")})
	exchange(4, audit.Exchange{Conn: 1, Proto: "HTTP/1.1", Method: "GET", URL: "http://a.example/empty", Host: "a.example", Status: 204})
	for i, path := range []string{"/one", "/two?x=y"} {
		exchange(5+i, audit.Exchange{
			Conn: 2, Proto: "HTTP/2.0", Method: "POST", URL: "https://b.example:8443" + path, Host: "b.example", Header: fields("x-long", strings.Repeat("v", 40000)), Body: m.body(large),
			Status: 200, Answer: fields("x", "y"), Reply: m.body([]byte{0, 1, 2}),
		})
	}
	exchange(7, audit.Exchange{
		Conn: 3, Proto: "HTTP/1.1", Method: "GET", URL: "wss://c.example/ws", Host: "c.example", Header: fields("Connection", "Upgrade", "Upgrade", "websocket"),
		Status: 101, Answer: fields("Connection", "Upgrade", "Upgrade", "websocket"),
	})
	for i, text := range []string{"out", strings.Repeat("long", 20000), "\xff\x00"} {
		m.events = append(m.events, audit.Event{Time: noon.Add(8 * time.Second), Message: &audit.Message{
			Conn: 3, URL: "wss://c.example/ws", Host: "c.example", Out: i != 1, Text: i < 2, Body: m.body([]byte(text)),
		}})
	}
	exchange(9, audit.Exchange{Conn: 4, Proto: "HTTP/1.1", Method: "CONNECT", URL: "d.example:443", Host: "d.example", Status: 403})
	m.events = append(m.events,
		audit.Event{Time: noon, Tunnel: &audit.Tunnel{Conn: 5, Host: "192.0.2.9", Port: "5222", Proto: "tcp", Out: m.body([]byte("\x00raw")), In: m.body([]byte("bytes"))}},
		audit.Event{Time: noon, Tunnel: &audit.Tunnel{Conn: 6, Host: "192.0.2.9", Port: "443", Proto: "TLS 1.3", Out: audit.Body{Size: 99, Error: "no key for this connection"}}},
		audit.Event{Time: noon, Refused: &audit.Refused{Conn: 7, Host: "pinned.example", SNI: "pinned.example", ALPN: []string{"h2"}, Alert: "remote error: tls: unknown certificate authority"}},
		audit.Event{Time: noon, Lookup: &audit.Lookup{Server: "192.0.2.53", Name: "a.example", Type: "A", Answers: []string{"b.example", "192.0.2.7"}}},
		audit.Event{Time: noon, Lookup: &audit.Lookup{Server: "192.0.2.53", Name: "gone.example", Type: "AAAA", Code: "NameError"}},
		audit.Event{Time: noon, Lookup: &audit.Lookup{Server: "2001:db8::53", Name: "lost.example", Type: "HTTPS", Code: "no answer"}},
	)
	return m
}

// What is exported is read back as it was, but for what is counted as left out.
func TestRoundTrip(t *testing.T) {
	for name, c := range map[string]struct {
		write func(io.Writer, export.Source) ([]export.Left, error)
		lacks []string // prefixes of what the format has no place for
		left  []export.Left
	}{
		"har":    {export.HAR, []string{"tunnel", "lookup"}, []export.Left{{What: "connections that could not be read", Events: 2}, {What: "questions to name servers", Events: 3}}},
		"pcapng": {export.PCAPNG, []string{`tunnel 192.0.2.9:443`}, []export.Left{{What: "connections that could not be read", Events: 1}}},
		"warc": {warc, []string{"tunnel", "lookup", "refused", "message"}, []export.Left{
			{What: "WebSocket messages", Events: 3}, {What: "connections that could not be read", Events: 2}, {What: "questions to name servers", Events: 3}, {What: "refused connections", Events: 1},
		}},
	} {
		m := talk()
		var want []string
		for _, s := range m.said() {
			kept := true
			for _, prefix := range c.lacks {
				kept = kept && !strings.HasPrefix(s, prefix)
			}
			if kept {
				want = append(want, s)
			}
		}
		file, left := m.write(t, c.write)
		if diff := cmp.Diff(want, read(t, file).said()); diff != "" {
			t.Errorf("%s: -case +read back\n%.3000s", name, diff)
		}
		if diff := cmp.Diff(c.left, left); diff != "" {
			t.Errorf("%s: left out: -want +got\n%s", name, diff)
		}
	}
}

// A body that is not whole in the case is not whole in what is read back.
func TestIncomplete(t *testing.T) {
	for name, write := range map[string]func(io.Writer, export.Source) ([]export.Left, error){"har": export.HAR, "pcapng": export.PCAPNG, "warc": warc} {
		for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
			m := newMemory()
			cut := m.body([]byte("half"))
			cut.Error = "the connection was reset"
			for i, b := range []audit.Body{{Size: 50, Error: "not kept"}, cut} {
				m.events = append(m.events, audit.Event{Time: noon, Exchange: &audit.Exchange{
					Conn: 1, Proto: proto, Method: "POST", URL: fmt.Sprintf("https://a.example/%d", i), Host: "a.example", Body: b, Answered: audit.ByNobody,
				}})
			}
			m.events = append(m.events, audit.Event{Time: noon, Exchange: &audit.Exchange{Conn: 1, Proto: proto, Method: "GET", URL: "https://a.example/after", Host: "a.example", Answered: audit.ByOnline, Status: 200}})
			file, _ := m.write(t, write)
			back := read(t, file)
			got := map[string]*audit.Exchange{}
			for _, e := range back.events {
				if e.Exchange != nil {
					got[e.Exchange.URL] = e.Exchange
				}
			}
			none, half, after := got["https://a.example/0"], got["https://a.example/1"], got["https://a.example/after"]
			if len(got) != 3 || after.Status != 200 {
				t.Errorf("%s %s: %q", name, proto, back.said())
				continue
			}
			if name != "warc" && none.Body.Error == "" && none.Error == "" || string(back.bodies[half.Body.SHA256]) != "half" || name == "pcapng" && half.Body.Error == "" {
				t.Errorf("%s %s: %+v, %+v", name, proto, none.Body, half.Body)
			}
		}
	}
}

// Whatever stands in URLs, headers and bodies: what is read back is what was
// written, and the same case gives the same bytes.
func TestAnyExchange(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := newMemory()
		for i := range rapid.IntRange(1, 6).Draw(r, "exchanges") {
			label := func(s string) string { return fmt.Sprint(s, i) }
			scheme := rapid.SampledFrom([]string{"http", "https"}).Draw(r, label("scheme"))
			proto := rapid.SampledFrom([]string{"HTTP/1.1", "HTTP/2.0"}).Draw(r, label("proto"))
			method := rapid.SampledFrom([]string{"GET", "POST", "DELETE"}).Draw(r, label("method"))
			path := rapid.StringMatching(`/[a-zA-Z0-9%.~_-]{0,20}(\?[a-z0-9=&+-]{0,20})?`).Draw(r, label("path"))
			path = strings.ReplaceAll(path, "%", "%25")
			value := rapid.StringMatching(`[!-~]([ -~]{0,20}[!-~])?`).Draw(r, label("value"))
			up, down := rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(r, label("up")), rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(r, label("down"))
			m.events = append(m.events, audit.Event{Time: noon.Add(time.Duration(i) * time.Second), Exchange: &audit.Exchange{
				Conn: rapid.IntRange(1, 2).Draw(r, label("conn")), Proto: proto, Method: method, URL: scheme + "://a.example" + path, Host: "a.example",
				Header: []audit.Field{{Name: "X-Any", Value: value}}, Body: m.body(up), Answered: audit.ByOnline, Status: 200, Answer: []audit.Field{{Name: "X-Any", Value: value}}, Reply: m.body(down),
			}})
		}
		for name, write := range map[string]func(io.Writer, export.Source) ([]export.Left, error){"har": export.HAR, "pcapng": export.PCAPNG, "warc": warc} {
			file, _ := m.write(t, write)
			if diff := cmp.Diff(m.said(), read(t, file).said()); diff != "" {
				r.Fatalf("%s: -case +read back\n%.2000s", name, diff)
			}
			if again, _ := m.write(t, write); !bytes.Equal(file, again) {
				r.Fatalf("%s: two exports differ", name)
			}
		}
	})
}
