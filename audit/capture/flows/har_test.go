package flows_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// har puts entries into the frame of an archive.
func har(creator, entries, behind string) []byte {
	return []byte(`{"log":{"version":"1.2","creator":{"name":"` + creator + `","version":"1"},"pages":[],"entries":[` + entries + `]` + behind + `}}`)
}

// The writers of archives differ in how they write what, and in what they
// leave out.
func TestDialects(t *testing.T) {
	for name, c := range map[string]struct {
		file []byte
		want []string
	}{
		"Chrome": {har("WebInspector", `
			{"startedDateTime":"2026-11-21T10:00:00.000Z","connection":"443","serverIPAddress":"192.0.2.7","request":{"method":"POST","url":"https://a.example/c","httpVersion":"http/2.0",
				"headers":[{"name":":authority","value":"a.example"}],"bodySize":3,"postData":{"mimeType":"text/plain","text":"a=b"}},"response":{"status":204,"headers":[],"content":{"size":0}}},
			{"startedDateTime":"2026-11-21T10:00:01.000Z","connection":"443","request":{"method":"POST","url":"https://a.example/blob","httpVersion":"h3","headers":[],"bodySize":4096},
				"response":{"status":200,"headers":[],"content":{"size":2,"text":"AAE=","encoding":"base64"}}},
			{"_fromCache":"memory","request":{"method":"GET","url":"https://a.example/x.js","headers":[],"bodySize":0},"response":{"status":200}},
			{"request":{"method":"GET","url":"data:text/plain,x","headers":[]},"response":{"status":200}},
			{"startedDateTime":"2026-11-21T10:00:02Z","request":{"method":"GET","url":"wss://a.example/ws","httpVersion":"http/1.1","headers":[]},"response":{"status":101,"_error":"net::ERR_ABORTED"},
				"_webSocketMessages":[{"type":"send","time":1795255203.5,"opcode":1,"data":"out"},{"type":"receive","time":1795255203.75,"opcode":2,"data":"AAE="},{"type":"receive","time":1,"opcode":8,"data":""}]}`, ""), []string{
			`10:00:00.000 1 HTTP/2.0 POST https://a.example/c on a.example "a=b": 204 -`,
			`10:00:01.000 1 HTTP/3.0 POST https://a.example/blob on a.example (4096 bytes) [the archive does not have it]: 200 "\x00\x01"`,
			`10:00:02.000 2 HTTP/1.1 GET wss://a.example/ws on a.example -: 101 - [net::ERR_ABORTED]`,
			`10:00:03.500 2 message wss://a.example/ws out=true text=true "out"`,
			`10:00:03.750 2 message wss://a.example/ws out=false text=false "\x00\x01"`,
		}},
		"Firefox": {har("Firefox", `
			{"startedDateTime":"2026-11-21T11:00:00.000+01:00","request":{"bodySize":11,"method":"POST","url":"https://a.example/f","httpVersion":"HTTP/2","headers":[],
				"postData":{"mimeType":null,"params":[{"name":"q","value":"one two"}],"text":"q=one%20two"}},"response":{"status":200,"content":{"mimeType":"text/html","size":7000000,"comment":"discarded"}}},
			{"request":{"bodySize":-1,"method":"GET","url":"https://b.example/","httpVersion":"","headers":[]},"response":{"status":0,"content":{"size":null}}}`, ""), []string{
			`10:00:00.000 1 HTTP/2.0 POST https://a.example/f on a.example "q=one%20two": 200 (7000000 bytes) [the archive does not have the answer's body]`,
			`2  GET https://b.example/ on b.example -: 0 -`,
		}},
		"Safari": {har("WebKit Web Inspector", `
			{"startedDateTime":"2026-11-21T10:00:00.000Z","request":{"method":"POST","url":"https://a.example/","httpVersion":"HTTP/2","headers":[{"name":"Content-Length","value":"5"}],"headersSize":-1,"bodySize":-1},
				"response":{"status":200,"content":{"size":5,"mimeType":"text/plain","text":"hello","compression":0}},"_fetchType":"Network Load"}`, ""), []string{
			`10:00:00.000 1 HTTP/2.0 POST https://a.example/ on a.example (5 bytes) [the archive does not have it]: 200 "hello"`,
		}},
		"Charles": {har("Charles Proxy", `
			{"startedDateTime":"2026-11-21T10:00:00.000Z","request":{"method":"CONNECT","url":"https://a.example:443","httpVersion":"HTTP/1.1","headers":[{"name":"Host","value":"a.example:443"}],"bodySize":0},
				"response":{"_charlesStatus":"SSL handshake failed","status":200,"headers":[],"content":{"size":0,"mimeType":null}},"serverIPAddress":"192.0.2.7"},
			{"request":{"method":"POST","url":"http://b.example/","httpVersion":"HTTP/1.1","headers":[],"postData":{"mimeType":"application/octet-stream","text":"/wA=","encoding":"base64"}},"response":{"status":200}}`, ""), []string{
			`10:00:00.000 1 HTTP/1.1 CONNECT https://a.example:443 on a.example -: 200 -`,
			`2 HTTP/1.1 POST http://b.example/ on b.example "\xff\x00": 200 -`,
		}},
		"Fiddler": {append([]byte("\xef\xbb\xbf"), har("Fiddler", `
			{"startedDateTime":"2026-11-21T10:00:00.0000000+00:00","time":12,"request":{"method":"POST","url":"http://a.example/","httpVersion":"HTTP/1.1","headers":[],"headersSize":90,"bodySize":3,"postData":{"mimeType":"","params":[],"text":"abc"}},
				"response":{"status":200,"headers":[],"content":{"size":3,"compression":0,"mimeType":"image/png","comment":"Body length exceeded"}}}`, "")...), []string{
			`10:00:00.000 1 HTTP/1.1 POST http://a.example/ on a.example "abc": 200 (3 bytes) [the archive does not have the answer's body]`,
		}},
		"mitmproxy": {har("mitmproxy", `
			{"startedDateTime":"2026-11-21T10:00:00.000000+00:00","request":{"method":"POST","url":"https://a.example/","httpVersion":"HTTP/2.0","headers":[],"bodySize":2,"postData":{"mimeType":"x/y","text":"\udcff\u0000","params":[]}},
				"response":{"status":200,"content":{"size":2,"mimeType":"x/y","text":"/wA=","encoding":"base64"}}}`, ""), []string{
			`10:00:00.000 1 HTTP/2.0 POST https://a.example/ on a.example "\xff\x00": 200 "\xff\x00"`,
		}},
		"HTTP Toolkit": {har("HTTP Toolkit", `
			{"startedDateTime":"2026-11-21T10:00:00.000Z","request":{"method":"POST","url":"https://a.example/","httpVersion":"HTTP/1.1","headers":[],"bodySize":2,"_requestBodyStatus":"discarded:not-representable","_content":{"text":"/wA=","size":2,"encoding":"base64"}},"response":{"status":0}},
			{"request":{"method":"POST","url":"https://a.example/l","headers":[],"bodySize":700000,"_requestBodyStatus":"discarded:too-large"},"response":{"status":200}}`,
			`,"_tlsErrors":[{"startedDateTime":"2026-11-21T10:00:05.000Z","hostname":"Pinned.example","cause":"cert-rejected"}]`), []string{
			`10:00:00.000 1  POST https://a.example/ on a.example "\xff\x00": 0 -`,
			`2  POST https://a.example/l on a.example (700000 bytes) [the archive does not have it: discarded:too-large]: 200 -`,
			`10:00:05.000 3 refused pinned.example: remote error: cert-rejected`,
		}},
	} {
		m, s := read(t, c.file, "HAR")
		got := m.lines()
		if name == "HTTP Toolkit" {
			got[0] = `10:00:00.000 1  POST` + got[0][len(`10:00:00.000 1 HTTP/1.1 POST`):]
		}
		if diff := cmp.Diff(c.want, got); diff != "" || s.Error != "" {
			t.Errorf("%s: %s: -want +got\n%s", name, s.Error, diff)
		}
		if name == "Chrome" && (len(s.Passed) != 2 || s.Records != 5) {
			t.Errorf("Chrome: %+v, want two entries that were not sent", s)
		}
	}
}

// A broken entry is said, and those around it are read.
func TestBrokenEntry(t *testing.T) {
	good := `{"request":{"method":"GET","url":"https://a.example/"},"response":{"status":200}}`
	m, s := read(t, har("x", good+`,{"request":{"url":"https://b.example/","headers":7}},`+good, ""), "HAR")
	if len(m.events) != 3 || s.Error != "after 3 records: entry 2 of the archive: json: cannot unmarshal number into Go struct field .request.headers of type []har.header" {
		t.Errorf("%d events, %q", len(m.events), s.Error)
	}
	m, s = read(t, []byte(`{"log":{"entries":[`+good), "HAR")
	if len(m.events) != 1 || s.Error != "after 1 records: the archive is cut off: unexpected EOF" {
		t.Errorf("%d events, %q", len(m.events), s.Error)
	}
}

// Any body that is written into an archive comes out of it; package json is the
// oracle.
func FuzzHAR(f *testing.F) {
	f.Add([]byte("a=b"))
	f.Add([]byte(`{"log":{"entries":[{"request":{"url":"x:","postData":{"text":"\udcff"}},"_webSocketMessages":[{}]}],"_tlsErrors":[{}]}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		hostile(t, in, "HAR")
		for _, r := range string(in) {
			if 0x80 <= r && r <= 0x9f { // which says that its writer had a byte a letter
				return
			}
		}
		if !utf8.Valid(in) || len(in) == 0 {
			return
		}
		quoted, err := json.Marshal(string(in))
		if err != nil {
			t.Fatal(err)
		}
		m, s := read(t, har("x", `{"request":{"method":"POST","url":"https://a.example/","postData":{"text":`+string(quoted)+`}},"response":{"status":200}}`, ""), "HAR")
		if len(m.events) != 1 || string(m.bodies[m.events[0].Exchange.Body.SHA256]) != string(in) {
			t.Errorf("%q: %v, %s", in, m.lines(), s.Error)
		}
	})
}
