package har_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"telltale/audit/capture/har"
)

// read lists what an archive gives, a line an exhibit or error.
func read(archive string) []string {
	var got []string
	for ex, err := range har.Exhibits(strings.NewReader(archive), 1<<20) {
		if err != nil {
			got = append(got, "error: "+err.Error())
		}
		if ex.ID != "" {
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %d %s %s %s %d %s %q", ex.ID, ex.Event, ex.Host, ex.Part, ex.Method, ex.Status, ex.Type, ex.Data.Reveal())))
		}
	}
	return got
}

// archive puts entries, separated by commas, into the frame of an archive.
func archive(entries string) string {
	return `{"log":{"version":"1.2","creator":{"name":"x"},"entries":[` + entries + `],"comment":""}}`
}

func post(data string) string {
	return archive(`{"request":{"url":"https://a.example/","postData":` + data + `}}`)
}

// Of a request there are the URL, the header and the body, of a WebSocket what
// was sent.
func TestEntry(t *testing.T) {
	got := read("\ufeff" + archive(`
		{"startedDateTime":"2026-11-21T04:00:00Z","serverIPAddress":"[2001:DB8::1]","request":{"method":"POST","url":"https://SA.api.example:8443/sa?p=1",
		"headers":[{"name":"Cookie","value":"a=b"},{"name":"X","value":7}],"postData":{"mimeType":"text/plain; charset=utf-8","text":"b\u00f6dy\ud83d\ude00\/\n"}},"response":{"status":204}},
		{"request":{"method":"GET","url":"wss://b.example/"},"response":{"status":101},"_webSocketMessages":[
		{"type":"send","time":1795228589.5,"opcode":1,"data":"out"},{"type":"receive","opcode":1,"data":"in"},{"type":"send","opcode":2,"data":"AAH/"}]}`))
	want := []string{
		`e1 1 sa.api.example request.url POST 204  "https://SA.api.example:8443/sa?p=1"`,
		`e2 1 sa.api.example request.header POST 204  "Cookie: a=b\r\nX: 7\r\n"`,
		`e3 1 sa.api.example request.body POST 204 text/plain "bödy😀/\n"`,
		`e4 2 b.example request.url GET 101  "wss://b.example/"`,
		`e5 2 b.example message.out GET 101  "out"`,
		`e6 2 b.example message.out GET 101  "\x00\x01\xff"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// Bytes that are no text are what they were before the archive was written.
func TestBytes(t *testing.T) {
	for data, want := range map[string]string{
		`{"text":"H4s=","encoding":"base64"}`:                               "\x1f\x8b",
		`{"text":"H4s","_encoding":"BASE64"}`:                               "\x1f\x8b",
		`{"text":"\u001f\u008b\u0008ÿ"}`:                                    "\x1f\x8b\x08\xff",
		`{"text":"\u001f\udc8b\u0008\udcff"}`:                               "\x1f\x8b\x08\xff",
		`{"text":"naïve Ω"}`:                                                "naïve Ω",
		`{"text":"naïve"}`:                                                  "naïve",
		`{"params":[{"name":"a b","value":"c&d"},{"name":"e","value":""}]}`: "a+b=c%26d&e=",
		`{"text":"t","params":[{"name":"a","value":"b"}]}`:                  "t",
	} {
		got := read(post(data))
		if len(got) != 2 || !strings.HasSuffix(got[1], fmt.Sprintf("%q", want)) {
			t.Errorf("%s: got %q, want %q", data, got, want)
		}
	}
}

// What is broken is said, and the rest goes on.
func TestBroken(t *testing.T) {
	good := `{"request":{"url":"https://b.example/"}}`
	const a, b = `e1 1 a.example request.url  0  "https://a.example/"`, `e1 2 b.example request.url  0  "https://b.example/"`
	for in, want := range map[string][]string{
		archive(`7,` + good): {"error: entry 1 of the archive: json: cannot unmarshal number into Go value of type har.entry", b},
		archive(`{"startedDateTime":"noon","request":{"url":"https://a.example/","headers":5}}`): {
			"error: entry 1 of the archive: json: cannot unmarshal number into Go struct field .request.headers of type []har.header", a,
		},
		post(`{"text":"?","encoding":"base64"}`): {
			a, `error: entry 1 of the archive, request.body: declared to be base64 and is none: illegal base64 data at input byte 0`,
			`e2 1 a.example request.body  0  "?"`,
		},
		`{"log":{"entries":[{"request":{"url":"https://a.example/"}}`: {a, "error: the archive is cut off: unexpected EOF"},
		`{"log":{"entries":[{]`: {"error: entry 1 of the archive: no JSON from here on, the rest is not read: invalid character ']' looking for beginning of object key string"},
		`{"log":{}}`:            {"error: no HTTP archive: it has no entries"},
		`[]`:                    {"error: no HTTP archive: looking for log: found [, want {"},
		``:                      {"error: no HTTP archive: looking for log: unexpected EOF"},
		archive(""):             nil,
	} {
		if diff := cmp.Diff(want, read(in)); diff != "" {
			t.Errorf("%s: -want +got\n%s", in, diff)
		}
	}
}

// A long body is cut, and says how long it was.
func TestLimit(t *testing.T) {
	for ex := range har.Exhibits(strings.NewReader(post(`{"text":"0123456789"}`)), 4) {
		if ex.Part == "request.body" && (!ex.Cut || ex.Size != 10 || string(ex.Data.Reveal()) != "0123") {
			t.Errorf("cut %v, size %d, data %q", ex.Cut, ex.Size, ex.Data.Reveal())
		}
	}
}

func TestIs(t *testing.T) {
	for in, want := range map[string]bool{
		"\ufeff {\n\"log\" : {\"version\"": true, `{"log":[]}`: false, `{"login":{}}`: false, "": false,
	} {
		if got := har.Is([]byte(in)); got != want {
			t.Errorf("%q: got %v", in, got)
		}
	}
}

// Any text that is written into an archive comes out of it: package json is the
// oracle. Any bytes at all end in exhibits or errors.
func FuzzExhibits(f *testing.F) {
	f.Add([]byte("body"))
	f.Add([]byte("bö\u2028\x00😀\\u0041\""))
	f.Add([]byte(post(`{"text":"\udc8b\ud83d\u0020"}`)))
	f.Fuzz(func(t *testing.T, in []byte) {
		read(string(in))
		hasControl := strings.ContainsFunc(string(in), func(r rune) bool { return 0x80 <= r && r <= 0x9f })
		if len(in) == 0 || !utf8.Valid(in) || hasControl {
			return
		}
		quoted, err := json.Marshal(string(in))
		if err != nil {
			t.Fatal(err)
		}
		got := read(post(`{"text":` + string(quoted) + `}`))
		if len(got) != 2 || !strings.HasSuffix(got[1], fmt.Sprintf("%q", in)) {
			t.Errorf("%q: got %q", in, got)
		}
		answer := archive(`{"request":{"url":"https://a.example/"},"response":{"content":{"text":` + string(quoted) + `}}}`)
		for ex, err := range har.Answers(strings.NewReader(answer), 1<<20) {
			if err != nil || string(ex.Data.Reveal()) != string(in) {
				t.Errorf("%q: answered %q, %v", in, ex.Data.Reveal(), err)
			}
		}
	})
}

// Of an answer there are the values of its header, of a cookie the value that
// will come back, and the body.
func TestAnswers(t *testing.T) {
	in := archive(`{"request":{"method":"GET","url":"https://a.example/"},"response":{"status":200,"headers":[
		{"name":"set-cookie","value":"sid=k7f3q9w2; Path=/; Max-Age=99"},{"name":"X-Id","value":"7"}],
		"content":{"text":"eyJpZCI6Ing3In0=","encoding":"base64"}}},
		{"request":{"method":"GET","url":"https://b.example/"},"response":{"content":{"text":"plain"}}}`)
	var got []string
	for ex, err := range har.Answers(strings.NewReader(in), 1<<20) {
		if err != nil {
			t.Error(err)
		}
		got = append(got, fmt.Sprintf("%s %d %s %s %s", ex.ID, ex.Event, ex.Host, ex.Part, ex.Data.Reveal()))
	}
	want := []string{
		"a1 1 a.example answer.cookie k7f3q9w2", "a2 1 a.example answer.header 7",
		`a3 1 a.example answer.body {"id":"x7"}`, "a4 2 b.example answer.body plain",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// The address that answered is taken as an address or not at all.
func TestServer(t *testing.T) {
	for said, want := range map[string]string{"192.0.2.1": "192.0.2.1", "[2001:DB8::1]": "2001:db8::1", "::ffff:192.0.2.1": "192.0.2.1", "": "", "a.example": ""} {
		e := fmt.Sprintf(`{"serverIPAddress":%q,"request":{"method":"GET","url":"https://a.example/"}}`, said)
		for ex, err := range har.Exhibits(strings.NewReader(archive(e)), 1<<10) {
			if err != nil || ex.Server != want {
				t.Errorf("%q: got %q, %v want %q", said, ex.Server, err, want)
			}
		}
	}
}

// Spaces between tokens become one, those in a string stay; package json is the
// oracle.
func FuzzUnspaced(f *testing.F) {
	f.Add([]byte(" { \"a b\\\" c\" :\t[ 1  ,\n 2 ] } "))
	f.Fuzz(func(t *testing.T, in []byte) {
		var want, got any
		werr := json.Unmarshal(in, &want)
		out, err := io.ReadAll(iotest.OneByteReader(har.Unspaced(bytes.NewReader(in))))
		if err != nil || len(out) > len(in) {
			t.Fatalf("%d of %d bytes, %v", len(out), len(in), err)
		}
		gerr := json.Unmarshal(out, &got)
		if (werr == nil) != (gerr == nil) || !cmp.Equal(want, got) {
			t.Errorf("%q: %v, %v, want %v, %v", out, got, gerr, want, werr)
		}
		if werr == nil && bytes.Contains(out, []byte("  ")) && !bytes.ContainsRune(in, '"') {
			t.Errorf("%q has two spaces", out)
		}
	})
}
