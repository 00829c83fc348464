package flows_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http/httputil"
	"strconv"
	"strings"
	"testing"

	"telltale/audit/capture/flows"
)

// hostile reads bytes that may be of a format. All that comes of it must have
// been in the file: base64 and text escapes only ever shrink.
func hostile(t *testing.T, file []byte, format string) {
	t.Helper()
	f, ok := flows.Find(file[:min(len(file), flows.HeadSize)])
	if !ok || f.Name != format {
		return
	}
	m := &memory{}
	s, err := importer(m).Read(bytes.NewReader(file), f)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, b := range m.bodies {
		n += len(b)
	}
	if n > len(file) {
		t.Errorf("%d bytes of bodies in a file of %d: %v", n, len(file), m.lines())
	}
	if len(m.events) > 0 && s.Records == 0 {
		t.Errorf("events without a record: %v", m.lines())
	}
}

// exchanged checks that a file has one exchange, with these bodies.
func exchanged(t *testing.T, file []byte, format string, up, down []byte) {
	t.Helper()
	m, s := read(t, file, format)
	check(t, m, s.Error, up, down)
}

func check(t *testing.T, m *memory, wrong string, up, down []byte) {
	t.Helper()
	if len(m.events) != 1 || m.events[0].Exchange == nil {
		t.Fatalf("%v, %s", m.lines(), wrong)
	}
	x := m.events[0].Exchange
	if !bytes.Equal(m.bodies[x.Body.SHA256], up) || !bytes.Equal(m.bodies[x.Reply.SHA256], down) || wrong != "" {
		t.Errorf("%v, %s: want %q and %q", m.lines(), wrong, up, down)
	}
}

// posted is a request with its answer in the form of HTTP/1.
func posted(up, down []byte) (request, answer string) {
	return fmt.Sprintf("POST /p HTTP/1.1\r\nHost: a.example\r\nContent-Length: %d\r\n\r\n%s", len(up), up),
		fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(down), down)
}

// warcRecord is a record of a web archive.
func warcRecord(kind, id, to, block string) string {
	head := "WARC/1.1\r\nWARC-Type: " + kind + "\r\nWARC-Record-ID: <urn:uuid:" + id + ">\r\nWARC-Target-URI: https://a.example/p\r\nWARC-Date: 2026-11-21T10:00:00.25Z\r\n" +
		"Content-Type: application/http;msgtype=" + kind + "\r\n"
	if to != "" {
		head += "WARC-Concurrent-To: <urn:uuid:" + to + ">\r\n"
	}
	return head + "Content-Length: " + strconv.Itoa(len(block)) + "\r\n\r\n" + block + "\r\n\r\n"
}

func FuzzWARC(f *testing.F) {
	f.Add([]byte("up"), []byte("down"), true)
	f.Add(sample(f, "wget.warc.gz"), []byte{}, false)
	f.Fuzz(func(t *testing.T, up, down []byte, first bool) {
		hostile(t, up, "WARC")
		q, a := posted(up, down)
		file := warcRecord("request", "1", "", q) + warcRecord("response", "2", "1", a)
		if first {
			file = warcRecord("response", "2", "", a) + warcRecord("request", "1", "2", q)
		}
		exchanged(t, []byte(file), "WARC", up, down)
	})
}

func burpItems(request, answer string) string {
	return `<?xml version="1.1"?>
<!DOCTYPE items [
<!ELEMENT items (item*)>
]>
<items burpVersion="2026.1" exportTime="Sat Nov 21 10:00:00 UTC 2026"><item><time>Sat Nov 21 10:00:00 UTC 2026</time><url><![CDATA[https://a.example/p]]></url>
<host ip="192.0.2.7">a.example</host><port>443</port><protocol>https</protocol><method><![CDATA[POST]]></method>
<request base64="true"><![CDATA[` + base64.StdEncoding.EncodeToString([]byte(request)) + `]]></request><status>200</status>
<response base64="true"><![CDATA[` + base64.StdEncoding.EncodeToString([]byte(answer)) + `]]></response><comment></comment></item></items>`
}

func FuzzBurp(f *testing.F) {
	f.Add([]byte("up"), []byte("down"))
	f.Add([]byte(burpItems("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n")), []byte{})
	f.Fuzz(func(t *testing.T, up, down []byte) {
		hostile(t, up, "Burp items")
		exchanged(t, []byte(burpItems(posted(up, down))), "Burp items", up, down)
	})
}

func FuzzSAZ(f *testing.F) {
	f.Add([]byte("up"), []byte("down"), []byte("<Session/>"))
	f.Fuzz(func(t *testing.T, up, down, about []byte) {
		q, a := posted(up, down)
		m, s := readZip(t, zipped("raw/1_c.txt", q, "raw/1_s.txt", a, "raw/1_m.xml", string(about), "_index.htm", "x"))
		check(t, m, s.Error, up, down)
	})
}

// dump is a part of a trace as curl writes it.
func dump(head string, b []byte) string {
	s := fmt.Sprintf("%s, %d bytes (0x%x)\n", head, len(b), len(b))
	for at := 0; at < len(b); at += 16 {
		line := b[at:min(at+16, len(b))]
		letters := strings.Map(func(r rune) rune {
			if r < 0x20 || r > 0x7e {
				return '.'
			}
			return r
		}, string(bytes.Map(func(r rune) rune { return r }, line)))
		if len(letters) > len(line) {
			letters = strings.Repeat(".", len(line))
		}
		for len(letters) < len(line) {
			letters += "."
		}
		pairs := ""
		for _, c := range line {
			pairs += hex.EncodeToString([]byte{c}) + " "
		}
		s += fmt.Sprintf("%04x: %-48s%s\n", at, pairs, letters)
	}
	return s
}

func FuzzTrace(f *testing.F) {
	f.Add([]byte("up"), []byte("down"))
	f.Add(sample(f, "curl-trace.txt"), []byte{})
	f.Add(sample(f, "curl-trace-ascii.txt"), []byte("0000: \n"))
	f.Add(sample(f, "curl-verbose.txt"), []byte{})
	f.Fuzz(func(t *testing.T, up, down []byte) {
		hostile(t, up, "curl trace")
		hostile(t, up, "curl -v")
		q, a := posted(up, down)
		file := "== Info: Connected to a.example (192.0.2.7) port 443 (#0)\n== Info: SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384\n" +
			dump("=> Send header", []byte(q[:len(q)-len(up)])) + dump("=> Send data", up) +
			dump("<= Recv header", []byte("HTTP/1.1 200 OK\r\n")) + dump("<= Recv header", []byte(a[17:len(a)-len(down)])) + dump("<= Recv data", down)
		exchanged(t, []byte(file), "curl trace", up, down)
	})
}

// tnet writes a value as mitmproxy does.
func tnet(v any) string {
	tagged := func(s, kind string) string { return strconv.Itoa(len(s)) + ":" + s + kind }
	switch v := v.(type) {
	case []byte:
		return tagged(string(v), ",")
	case string:
		return tagged(v, ";")
	case int:
		return tagged(strconv.Itoa(v), "#")
	case float64:
		return tagged(strconv.FormatFloat(v, 'f', -1, 64), "^")
	case bool:
		return tagged(strconv.FormatBool(v), "!")
	case nil:
		return tagged("", "~")
	case []any:
		s := ""
		for _, e := range v {
			s += tnet(e)
		}
		return tagged(s, "]")
	case [][2]any: // a dictionary, in order
		s := ""
		for _, e := range v {
			s += tnet(e[0]) + tnet(e[1])
		}
		return tagged(s, "}")
	}
	panic("no such value")
}

type pairs = [][2]any

func httpFlow(up, down []byte) pairs {
	return pairs{
		{"type", "http"},
		{"version", 21},
		{"request", pairs{
			{"method", []byte("POST")},
			{"scheme", []byte("https")},
			{"host", "192.0.2.7"},
			{"port", 443},
			{"path", []byte("/p")},
			{"authority", []byte("a.example")},
			{"http_version", []byte("HTTP/2.0")},
			{"headers", []any{[]any{[]byte("x"), []byte("y")}}},
			{"content", up},
			{"timestamp_start", 1795255200.5},
		}},
		{"response", pairs{{"status_code", 200}, {"headers", []any{}}, {"content", down}}},
		{"client_conn", pairs{{"id", "c1"}}},
		{"server_conn", pairs{{"peername", []any{"192.0.2.7", 443}}, {"sni", "a.example"}}},
	}
}

func FuzzFlows(f *testing.F) {
	f.Add([]byte("up"), []byte("down"))
	f.Add(sample(f, "mitmproxy-8.mitm"), []byte{0})
	f.Fuzz(func(t *testing.T, up, down []byte) {
		hostile(t, up, "mitmproxy flows")
		exchanged(t, []byte(tnet(httpFlow(up, down))), "mitmproxy flows", up, down)
	})
}

// netLogOf is a log in which one socket says what both sides say.
func netLogOf(request, answer []byte) []byte {
	event := func(kind, phase int, params string) string {
		return fmt.Sprintf(`{"params":%s,"phase":%d,"source":{"id":7,"start_time":"5","type":1},"time":"1000","type":%d}`, params, phase, kind)
	}
	said := func(b []byte) string {
		return fmt.Sprintf(`{"byte_count":%d,"bytes":%q}`, len(b), base64.StdEncoding.EncodeToString(b))
	}
	return []byte(`{"constants":{"logCaptureMode":"Everything","logEventTypes":{"SOCKET_ALIVE":1,"TCP_CONNECT_ATTEMPT":2,"SSL_CONNECT":3,"SSL_SOCKET_BYTES_SENT":4,"SSL_SOCKET_BYTES_RECEIVED":5},
		"logSourceType":{"SOCKET":1},"timeTickOffset":1795255200000},
"events": [
` + strings.Join([]string{
		event(1, 1, "null"), event(2, 1, `{"address":"192.0.2.7:443"}`), event(3, 1, "null"), event(3, 2, "null"), event(4, 0, said(request)), event(5, 0, said(answer)), event(1, 2, "null"),
	}, ",\n") + "]}\n")
}

func FuzzNetLog(f *testing.F) {
	f.Add([]byte("up"), []byte("down"))
	f.Add(sample(f, "netlog-everything.json"), []byte{})
	f.Add(sample(f, "netlog-default.json"), []byte{})
	f.Fuzz(func(t *testing.T, up, down []byte) {
		if found, ok := flows.Find(up[:min(len(up), flows.HeadSize)]); ok && found.Name == "NetLog" {
			// What is compressed in it may become more than the file: HPACK,
			// messages of a WebSocket. It must end all the same.
			if _, err := importer(&memory{}).Read(bytes.NewReader(up), found); err != nil {
				t.Fatal(err)
			}
		}
		q, a := posted(up, down)
		exchanged(t, netLogOf([]byte(q), []byte(a)), "NetLog", up, down)
	})
}

// The reader of chunks of package httputil is the oracle, where the bytes begin
// with a chunk.
func FuzzChunks(f *testing.F) {
	f.Add([]byte("one two three"), uint8(4))
	f.Fuzz(func(t *testing.T, body []byte, size uint8) {
		var b strings.Builder
		w := httputil.NewChunkedWriter(&b)
		for at := 0; at < len(body); at += int(size) + 1 {
			_, _ = w.Write(body[at:min(at+int(size)+1, len(body))])
		}
		_ = w.Close()
		want, err := io.ReadAll(httputil.NewChunkedReader(strings.NewReader(b.String() + "\r\n")))
		if err != nil {
			t.Fatal(err)
		}
		q := "POST /p HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n" + b.String() + "X-End: 1\r\n\r\n"
		m, s := read(t, []byte(warcRecord("request", "1", "", q)), "WARC")
		if len(m.events) != 1 || s.Error != "" {
			t.Fatalf("%v, %s", m.lines(), s.Error)
		}
		x := m.events[0].Exchange
		if !bytes.Equal(m.bodies[x.Body.SHA256], want) || x.Body.Error != "" || len(x.Trailer) != 1 {
			t.Errorf("%v, %v: want %q", m.lines(), x.Trailer, want)
		}
	})
}
