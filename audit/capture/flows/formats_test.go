package flows_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
	"telltale/audit/capture/flows"
)

// Every format is told from the others, and from what is none.
func TestFind(t *testing.T) {
	q, a := posted([]byte("up"), []byte("down"))
	files := map[string]string{
		"HAR":             string(har("x", "", "")),
		"NetLog":          string(netLogOf([]byte(q), []byte(a))),
		"mitmproxy flows": tnet(httpFlow(nil, nil)),
		"WARC":            warcRecord("request", "1", "", q),
		"Burp items":      burpItems(q, a),
		"curl trace":      "10:00:00.000001 [0-0] == Info:   Trying 192.0.2.7:443...\n",
		"curl -v":         "* Host a.example:80 was resolved.\r\n> GET / HTTP/1.1\r\n> Host: a.example\r\n>\r\n",
	}
	for want, file := range files {
		if f, ok := flows.Find([]byte(file)); !ok || f.Name != want {
			t.Errorf("%s is taken for %q", want, f.Name)
		}
	}
	for _, file := range []string{"", "{}", "not a capture", "12:34 o'clock", "<?xml version=\"1.0\"?><items/>", "* a list\n* of words\n", "WAR"} {
		if f, ok := flows.Find([]byte(file)); ok {
			t.Errorf("%q is taken for %q", file, f.Name)
		}
	}
}

// A session of Fiddler has request and answer as they were on the wire, and
// what Fiddler knows beside them: the process, the server, the time.
func TestSAZ(t *testing.T) {
	about := `<?xml version="1.0" encoding="utf-8"?><Session SID="1"><SessionTimers ClientConnected="2026-11-21T10:59:00.1234567+01:00" ClientBeginRequest="2026-11-21T11:00:00.5+01:00" />
		<SessionFlags><SessionFlag N="x-processinfo" V="browser:4711" /><SessionFlag N="x-clientport" V="50001" /><SessionFlag N="x-hostip" V="192.0.2.7" /></SessionFlags></Session>`
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	m, s := readZip(t, zipped(
		"_index.htm", "<html>",
		"raw/2_c.txt", "POST https://a.example/p HTTP/1.1\r\nHost: a.example\r\n\r\nup", "raw/2_s.txt", chunked+"4\r\ndown\r\n0\r\n\r\n", "raw/2_m.xml", about,
		"raw/1_c.txt", "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\nA SSLv3-compatible ClientHello", "raw/1_s.txt", "HTTP/1.1 200 Connection Established\r\n\r\nwords", "raw/1_m.xml", about,
		`raw\10_c.txt`, "GET /x HTTP/1.1\r\nHost: b.example\r\n\r\n", `raw\10_s.txt`, "HTTP/1.1 100 Continue\r\n\r\n"+chunked+"no chunks any more",
		"raw/11_c.txt", "", "raw/12_c.txt", "GET wss://c.example/ HTTP/1.1\r\n\r\n", "raw/12_w.txt", "messages",
	))
	want := []string{
		`10:00:00.500 browser 1 HTTP/1.1 CONNECT a.example:443 on a.example -: 200 -`,
		`10:00:00.500 browser 1 HTTP/1.1 POST https://a.example/p on a.example "up": 200 "down"`,
		`2 HTTP/1.1 GET http://b.example/x on b.example -: 200 "no chunks any more"`,
		`4 HTTP/1.1 GET wss://c.example/ on c.example -: 0 -`,
	}
	if diff := cmp.Diff(want, m.lines()); diff != "" || s.Error != "after 5 records: session 11: part c: EOF" || len(s.Passed) != 1 {
		t.Errorf("%+v: -want +got\n%s", s, diff)
	}
}

// An item of Burp may be text, and lack its answer.
func TestBurp(t *testing.T) {
	q, a := posted([]byte("up"), []byte("down"))
	file := burpItems(q, a)
	file = strings.Replace(file, "</items>", `<item><url>http://b.example:8080/?q=1</url><host ip="">b.example</host><port>8080</port><protocol>http</protocol>
		<request base64="false"><![CDATA[GET /?q=1 HTTP/2
Host: b.example:8080

]]></request><response base64="false"></response></item><item><request base64="true">!</request></item></items>`, 1)
	m, s := read(t, []byte(file), "Burp items")
	want := []string{
		`10:00:00.000 1 HTTP/1.1 POST https://a.example/p on a.example "up": 200 "down"`,
		`2 HTTP/2 GET http://b.example:8080/?q=1 on b.example -: 0 -`,
	}
	if diff := cmp.Diff(want, m.lines()); diff != "" || !strings.Contains(s.Error, "item 3: declared to be base64 and is none") {
		t.Errorf("%s: -want +got\n%s", s.Error, diff)
	}
	_, s = read(t, []byte(file[:len(file)-40]), "Burp items")
	if !strings.Contains(s.Error, "item 3, and what is behind it") {
		t.Errorf("cut: %q", s.Error)
	}
}

// Requests and answers of a web archive find each other in either order; alone
// they say so.
func TestWARC(t *testing.T) {
	q, a := posted([]byte("up"), []byte("down"))
	file := warcRecord("response", "2", "", a) + warcRecord("request", "1", "2", q) + // browsers' crawlers
		warcRecord("request", "3", "", q) + warcRecord("response", "4", "", a) + // by their URL
		warcRecord("request", "5", "", q) + warcRecord("request", "6", "", q) + warcRecord("response", "7", "5", a) +
		strings.Replace(warcRecord("response", "8", "", a), "/p\r\n", "/other\r\n", 1) +
		"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: dns:a.example\r\nContent-Type: text/dns\r\nContent-Length: 44\r\n\r\n20261121100000\na.example. 60 IN A 192.0.2.7\n\r\n\r\n" +
		"WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: https://a.example/doc\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\ndoc\r\n\r\n" +
		warcRecord("request", "9", "", "no HTTP")
	m, s := read(t, []byte(file), "WARC")
	whole := `10:00:00.250 %d HTTP/1.1 POST https://a.example/p on a.example "up": 200 "down"`
	want := []string{
		strings.Replace(whole, "%d", "1", 1), strings.Replace(whole, "%d", "2", 1), strings.Replace(whole, "%d", "3", 1),
		`A a.example [192.0.2.7] `,
		`4   https://a.example/doc on a.example -: 0 "doc" [the archive has the document alone: what was sent for it is not known]`,
		`10:00:00.250 5 HTTP/1.1 POST https://a.example/p on a.example "up": 0 - [the archive has no answer to it]`,
		`10:00:00.250 6   https://a.example/other on a.example -: 200 "down" [the archive has the answer alone: what was sent with it is not known]`,
	}
	if diff := cmp.Diff(want, m.lines()); diff != "" || s.Error != "after 11 records: record 11: a request whose first line is none" {
		t.Errorf("%s: -want +got\n%s", s.Error, diff)
	}
	_, s = read(t, []byte(file[:200]), "WARC")
	if !strings.Contains(s.Error, "its head breaks off") {
		t.Errorf("cut in a head: %q", s.Error)
	}
	m, s = read(t, []byte(strings.TrimSuffix(warcRecord("request", "1", "", q), "p\r\n\r\n")), "WARC")
	if len(m.events) != 1 || !strings.Contains(s.Error, "record 1: the file breaks off here") {
		t.Errorf("cut in a body: %v, %q", m.lines(), s.Error)
	}
}

// Flows of mitmproxy: WebSockets as flows of their own (until version 6) and as
// part of a request (since), connections that are not HTTP, names, an old
// layout, bodies that were not kept.
func TestFlows(t *testing.T) {
	request := func(path string) pairs {
		return pairs{{"method", []byte("GET")}, {"scheme", []byte("http")}, {"host", "a.example"}, {"port", 80}, {"path", []byte(path)}, {"http_version", []byte("HTTP/1.1")}, {"headers", []any{}}, {"content", []byte{}}}
	}
	conn := pairs{{"id", "c1"}}
	server := pairs{{"address", []any{"sink.example", 5222}}}
	file := tnet(pairs{
		{"type", "http"}, {"id", "h1"}, {"client_conn", conn}, {"request", request("/old")}, {"response", pairs{{"status_code", 101}, {"headers", []any{}}, {"content", []byte{}}}},
	}) + tnet(pairs{
		{"type", "websocket"}, {"client_conn", conn}, {"metadata", pairs{{"websocket_handshake", "h1"}}}, {"messages", []any{[]any{1, true, "out", 1795255200, false}}},
	}) + tnet(pairs{
		{"type", "http"},
		{"client_conn", conn},
		{"request", request("/new")},
		{"response", nil},
		{"error", pairs{{"msg", "killed"}}},
		{"websocket", pairs{{"messages", []any{[]any{2, false, []byte{0xff}, 1795255201.5, false, false}}}}},
	}) + tnet(pairs{
		{"type", "tcp"}, {"client_conn", conn}, {"server_conn", server}, {"messages", []any{[]any{true, []byte("up "), 1795255200.25}, []any{false, []byte("down"), 1795255201.0}, []any{true, []byte("again"), 1.0}}},
	}) + tnet(pairs{
		{"type", "dns"},
		{"request", pairs{{"timestamp", 1795255200.0}, {"questions", []any{pairs{{"name", "a.example"}, {"type", 1}}}}}},
		{"response", pairs{{"response_code", 0}, {"answers", []any{pairs{{"type", 1}, {"data", []byte{192, 0, 2, 7}}}, pairs{{"type", 5}, {"data", []byte("\x01b\x07example\x00")}}}}}},
	}) + tnet(pairs{
		{[]byte("type"), []byte("http")},
		{[]byte("version"), []any{0, 13}},
		{[]byte("client_conn"), pairs{}},
		{[]byte("request"), pairs{{[]byte("method"), []byte("POST")}, {[]byte("scheme"), []byte("https")}, {[]byte("host"), []byte("b.example")}, {[]byte("port"), 8443}, {[]byte("path"), []byte("/")}, {[]byte("content"), []byte("up")}}},
		{[]byte("response"), pairs{{[]byte("code"), 204}, {[]byte("headers"), []any{[]any{[]byte("Content-Length"), []byte("9")}}}, {[]byte("content"), nil}}},
	}) + tnet(pairs{{"type", "quic"}}) + "999:cut"
	m, s := read(t, []byte(file), "mitmproxy flows")
	want := []string{
		`1 HTTP/1.1 GET http://a.example/old on a.example -: 101 -`,
		`10:00:00.000 1 message ws://a.example/old out=true text=true "out"`,
		`1 HTTP/1.1 GET ws://a.example/new on a.example -: 0 - [killed]`,
		`10:00:01.500 1 message ws://a.example/new out=false text=false "\xff"`,
		`10:00:00.250 1 tcp sink.example:5222 "up again" "down"`,
		`10:00:00.000 A a.example [192.0.2.7 b.example] `,
		`2  POST https://b.example:8443/ on b.example "up": 204 (9 bytes) [mitmproxy passed it on without keeping it]`,
	}
	passed := []audit.Passed{{Why: "a flow of a kind that is not known", Packets: 1}}
	if diff := cmp.Diff(want, m.lines()) + cmp.Diff(passed, s.Passed); diff != "" || s.Error != "after 8 records: the file breaks off here: unexpected EOF" {
		t.Errorf("%s: -want +got\n%s", s.Error, diff)
	}
}

// A log of a browser that was killed is read as far as it goes.
func TestCutNetLog(t *testing.T) {
	log := sample(t, "netlog-everything.json")
	whole, _ := read(t, log, "NetLog")
	cut := bytes.LastIndex(log, []byte("SIMPLE_CACHE"))
	if cut < 0 {
		cut = len(log) - 500
	}
	m, s := read(t, log[:cut], "NetLog")
	if diff := cmp.Diff(whole.lines(), m.lines()); cut < len(log)/2 && diff != "" || !strings.Contains(s.Error, "the log breaks off here") {
		t.Errorf("cut at %d of %d: %q", cut, len(log), s.Error)
	}
	if len(m.events) == 0 {
		t.Error("nothing was read")
	}
	_, s = read(t, []byte(`{"constants": {"logEventTypes": {}}, "polledData": {}}`), "NetLog")
	if !strings.Contains(s.Error, "a NetLog without events") {
		t.Errorf("got %q", s.Error)
	}
}

// What a browser says over QUIC is known by its headers alone, and a handshake
// that it ended is a refusal.
func TestNetLogUnread(t *testing.T) {
	log := `{"constants":{"logCaptureMode":"Everything","logEventTypes":{"REQUEST_ALIVE":1,"URL_REQUEST_START_JOB":2,"HTTP_TRANSACTION_QUIC_SEND_REQUEST_HEADERS":3,"HTTP_TRANSACTION_SEND_REQUEST_BODY":4,
		"HTTP_TRANSACTION_READ_RESPONSE_HEADERS":5,"URL_REQUEST_JOB_FILTERED_BYTES_READ":6,"SOCKET_ALIVE":7,"TCP_CONNECT_ATTEMPT":8,"SSL_CONNECT":9,"SOCKET_BYTES_SENT":10},"logSourceType":{"URL_REQUEST":1,"SOCKET":2},"timeTickOffset":"1795255200000"},
		"events":[
		{"phase":1,"source":{"id":1,"type":1},"time":"0","type":1},
		{"phase":1,"source":{"id":1,"type":1},"time":"1","type":2,"params":{"method":"POST","url":"https://a.example/p"}},
		{"phase":0,"source":{"id":1,"type":1},"time":"2","type":3,"params":{"headers":[":method: POST","x: y"]}},
		{"phase":0,"source":{"id":1,"type":1},"time":"3","type":4,"params":{"length":5}},
		{"phase":0,"source":{"id":1,"type":1},"time":"4","type":5,"params":{"headers":["HTTP/1.1 200","z: w"]}},
		{"phase":0,"source":{"id":1,"type":1},"time":"5","type":6,"params":{"byte_count":4,"bytes":"ZG93bg=="}},
		{"phase":2,"source":{"id":1,"type":1},"time":"6","type":1},
		{"phase":1,"source":{"id":2,"type":2},"time":"7","type":8,"params":{"address":"192.0.2.7:443"}},
		{"phase":1,"source":{"id":2,"type":2},"time":"8","type":9},
		{"phase":0,"source":{"id":2,"type":2},"time":"9","type":10,"params":{"byte_count":517,"bytes":""}},
		{"phase":2,"source":{"id":2,"type":2},"time":"10","type":9,"params":{"net_error":-202}},
		{"phase":2,"source":{"id":2,"type":2},"time":"11","type":7}
		]}`
	m, s := read(t, []byte(log), "NetLog")
	want := []string{
		`10:00:00.002 1 HTTP/3.0 POST https://a.example/p on a.example (5 bytes) [the log does not have it: record with --net-log-capture-mode=Everything]: 200 "down"`,
		`10:00:00.011 2 refused 192.0.2.7: the browser ended the handshake: certificate authority invalid (-202)`,
	}
	if diff := cmp.Diff(want, m.lines()); diff != "" || s.Error != "" {
		t.Errorf("%s: -want +got\n%s", s.Error, diff)
	}
}

// However many answers a log begins at the same time, few are being written;
// of the others it is said how long they were.
func TestManyBodies(t *testing.T) {
	var log strings.Builder
	log.WriteString(`{"constants":{"logCaptureMode":"IncludeSensitive","logEventTypes":{"URL_REQUEST_START_JOB":1,"HTTP_TRANSACTION_SEND_REQUEST_HEADERS":2,"URL_REQUEST_JOB_FILTERED_BYTES_READ":3},"logSourceType":{"URL_REQUEST":1},"timeTickOffset":1},"events":[`)
	const requests = 300
	for i := range requests {
		for kind, params := range []string{`{"method":"GET","url":"https://a.example/"}`, `{"headers":["x: y"]}`, `{"byte_count":4,"bytes":"ZG93bg=="}`} {
			if i+kind > 0 {
				log.WriteString(",")
			}
			fmt.Fprintf(&log, `{"phase":1,"source":{"id":%d,"type":1},"time":"1","type":%d,"params":%s}`, i, kind+1, params)
		}
	}
	log.WriteString("]}")
	m, s := read(t, []byte(log.String()), "NetLog")
	kept, lost := 0, 0
	for _, e := range m.events {
		switch {
		case string(m.bodies[e.Exchange.Reply.SHA256]) == "down":
			kept++
		case e.Exchange.Reply.Size == 4 && e.Exchange.Reply.Error != "":
			lost++
		}
	}
	if kept != 256 || kept+lost != requests || s.Error != "" {
		t.Errorf("%d kept, %d lost of %d, %q", kept, lost, requests, s.Error)
	}
}
