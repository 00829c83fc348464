package pcap_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"telltale/audit"
)

// lines says of each event what a person would look at.
func lines(m *memory) []string {
	var out []string
	body := func(b audit.Body) string {
		s := m.text(b)
		if b.SHA256 == "" && b.Size > 0 {
			s = fmt.Sprintf("(%d bytes)", b.Size)
		}
		if b.Error != "" {
			s += " [" + b.Error + "]"
		}
		return s
	}
	for _, e := range m.events {
		switch {
		case e.Exchange != nil:
			x := e.Exchange
			out = append(out, fmt.Sprintf("%d %s %s %q: %d %q %s", x.Conn, x.Method, x.URL, body(x.Body), x.Status, body(x.Reply), x.Error))
		case e.Message != nil:
			out = append(out, fmt.Sprintf("%d %s out=%v text=%v %q", e.Message.Conn, e.Message.URL, e.Message.Out, e.Message.Text, body(e.Message.Body)))
		case e.Tunnel != nil:
			out = append(out, fmt.Sprintf("%d %s %s:%s %q %q", e.Tunnel.Conn, e.Tunnel.Proto, e.Tunnel.Host, e.Tunnel.Port, body(e.Tunnel.Out), body(e.Tunnel.In)))
		case e.Refused != nil:
			out = append(out, fmt.Sprintf("%d refused %s %s %s", e.Refused.Conn, e.Refused.Host, e.Refused.ALPN, e.Refused.Alert))
		case e.Lookup != nil:
			out = append(out, fmt.Sprintf("%s %s %s %s", e.Lookup.Type, e.Lookup.Name, e.Lookup.Answers, e.Lookup.Code))
		}
	}
	return out
}

// A said is what one side says in a conversation.
type said struct {
	side int
	data string
}

// spoken writes a conversation on a tape of its own.
func spoken(port uint16, parts ...said) *tape {
	t := newTape()
	w := t.connect(port)
	for _, p := range parts {
		w.say(p.side, []byte(p.data))
	}
	w.end(0)
	w.end(1)
	return t
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"

// What is said in the clear is read: pipelined requests, answers of all kinds,
// a proxy's tunnel, and what is no HTTP is kept as it stands.
func TestConversations(t *testing.T) {
	for name, c := range map[string]struct {
		port  uint16
		parts []said
		want  []string
	}{
		"pipelined": {80, []said{
			{0, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\nPOST /2 HTTP/1.1\r\nHost: A.example.:80\r\nContent-Length: 3\r\n\r\nabcGET /3 HTTP/1.1\r\nHost: a.example\r\n\r\n"},
			{1, "HTTP/1.1 103 Early Hints\r\n\r\n" + ok + "x1" + ok + "x2" + ok + "x3"},
		}, []string{
			`1 GET http://a.example/1 "": 200 "x1" `, `1 POST http://A.example.:80/2 "abc": 200 "x2" `, `1 GET http://a.example/3 "": 200 "x3" `,
		}},
		"until the end": {8080, []said{
			{0, "GET / HTTP/1.0\r\n\r\n"}, {1, "HTTP/1.0 200 OK\r\n\r\nall of it"},
		}, []string{`1 GET http://192.0.2.7:8080/ "": 200 "all of it" `}},
		"an answer that never comes": {80, []said{
			{0, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n"},
		}, []string{`1 GET http://a.example/1 "": 0 " [no answer is in the capture]" no answer is in the capture`}},
		"an answer before the request's end": {80, []said{
			{0, "POST /1 HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\nab"}, {1, ok + "no"}, {0, "cd"},
		}, []string{`1 POST http://a.example/1 "abcd": 200 "no" `}},
		"cut off": {80, []said{
			{0, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n"}, {1, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"},
		}, []string{`1 GET http://a.example/1 "": 200 "abc [unexpected EOF]" unexpected EOF`}},
		"a tunnel of a proxy": {3128, []said{
			{0, "CONNECT b.example:80 HTTP/1.1\r\nHost: b.example:80\r\n\r\n"},
			{1, "HTTP/1.1 200 OK\r\n\r\n"},
			{0, "GET /in HTTP/1.1\r\nHost: b.example\r\n\r\n"},
			{1, ok + "in"},
		}, []string{`1 CONNECT b.example:80 "": 200 "" `, `1 GET http://b.example/in "": 200 "in" `}},
		"a protocol that is not known": {1883, []said{
			{0, "\x10\x10\x00\x04MQTT k7f3q9w2"}, {1, "\x20\x02\x00\x00"},
		}, []string{"1 tcp 192.0.2.7:1883 \"\\x10\\x10\\x00\\x04MQTT k7f3q9w2\" \" \\x02\\x00\\x00\""}},
		"the server speaks first": {25, []said{
			{1, "220 mail.example\r\n"}, {0, "EHLO me\r\n"}, {1, "250 ok\r\n"},
		}, []string{`1 tcp 192.0.2.7:25 "EHLO me\r\n" "220 mail.example\r\n250 ok\r\n"`}},
		"no HTTP after all": {80, []said{
			{0, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\nNONSENSE without end\r\n\r\n"}, {1, ok + "x1"},
		}, []string{
			`1 GET http://a.example/1 "": 200 "x1" `,
			`1 http 192.0.2.7:80 "(24 bytes) [no HTTP that can be read: malformed HTTP version \"end\"]" ""`,
		}},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			for _, size := range []int{1400, 1} {
				tape := newTape()
				tape.segment = size
				w := tape.connect(c.port)
				for _, p := range c.parts {
					w.say(p.side, []byte(p.data))
				}
				w.end(0)
				w.end(1)
				m, _ := read(t, tape.file.Bytes(), "")
				if diff := cmp.Diff(c.want, lines(m)); diff != "" {
					t.Errorf("segments of %d bytes: -want +got\n%s", size, diff)
				}
			}
		})
	}
}

// Of a WebSocket every message is read, compressed ones too.
func TestWebSocket(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(origins))
	defer srv.Close()
	for _, mode := range []websocket.CompressionMode{websocket.CompressionDisabled, websocket.CompressionContextTakeover, websocket.CompressionNoContextTakeover} {
		tape := newTape()
		addr, wait := tape.tap(t, srv.Listener.Addr().String(), 80)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", addr)
		}}}
		c, _, err := websocket.Dial( //nolint:bodyclose // Dial says that it need not be closed
			ctx, "ws://sink.example/ws", &websocket.DialOptions{HTTPClient: client, CompressionMode: mode, CompressionThreshold: 1})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for i, text := range []string{"hello hello hello hello", strings.Repeat("hello again ", 2000), "hello hello hello hello"} {
			kind := websocket.MessageType(1 + i%2)
			if err := c.Write(ctx, kind, []byte(text)); err != nil {
				t.Fatal(err)
			}
			if _, _, err := c.Read(ctx); err != nil {
				t.Fatal(err)
			}
			want = append(want,
				fmt.Sprintf("1 ws://sink.example/ws out=true text=%v %q", i%2 == 0, text),
				fmt.Sprintf("1 ws://sink.example/ws out=false text=%v %q", i%2 == 0, "echo "+text))
		}
		c.Close(websocket.StatusNormalClosure, "")
		wait()
		m, _ := read(t, tape.file.Bytes(), "")
		got := lines(m)
		if len(got) == 0 || got[0] != `1 GET ws://sink.example/ws "": 101 "" ` {
			t.Fatalf("mode %v: got %q", mode, got)
		}
		if diff := cmp.Diff(want, got[1:]); diff != "" {
			t.Errorf("mode %v: -want +got\n%s", mode, diff)
		}
	}
}

// Bytes that the capture lacks are said to be missing, and what stands before
// them is kept.
func TestLoss(t *testing.T) {
	tape := newTape()
	w := tape.connect(80)
	w.say(0, []byte("POST /1 HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100\r\n\r\nbefore"))
	w.seq[0] += 50 // never seen
	w.say(0, []byte("behind"))
	w.say(1, []byte(ok+"no"))
	w.end(0)
	w.end(1)
	m, _ := read(t, tape.file.Bytes(), "")
	want := []string{
		`1 POST http://a.example/1 "before [50 bytes are missing in the capture]": 200 "no" `,
		`1 http 192.0.2.7:80 "(6 bytes) [50 bytes are missing in the capture]" ""`,
	}
	if diff := cmp.Diff(want, lines(m)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// name is a name of DNS.
func name(s string) []byte {
	var b []byte
	for label := range strings.SplitSeq(s, ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0)
}

func udp(from, to uint16, data []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, from)
	b = binary.BigEndian.AppendUint16(b, to)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(data)))
	return append(append(b, 0, 0), data...)
}

// Answers of name servers are kept, and other datagrams as they stand.
func TestDatagrams(t *testing.T) {
	tape := newTape()
	question := append([]byte{0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, name("sink.example")...)
	question = append(question, 0, 1, 0, 1)
	reply := bytes.Clone(question)
	reply[2], reply[7] = 0x81, 1
	reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7)
	tape.packet(ip4(phone, origin, 17, udp(5000, 53, question)))
	tape.packet(ip4(origin, phone, 17, udp(53, 5000, reply)))
	lost := append(bytes.Clone(question[:12]), name("other.example")...)
	lost[1] = 0x35
	tape.packet(ip4(phone, origin, 17, udp(5000, 53, append(lost, 0, 28, 0, 1))))
	tape.packet(ip4(phone, origin, 17, udp(6000, 4000, []byte("one "))))
	tape.packet(ip4(phone, origin, 17, udp(6000, 4000, []byte("two"))))
	tape.packet(ip4(phone, origin, 1, []byte("ping")))
	tape.packet([]byte{0x99})
	m, s := read(t, tape.file.Bytes(), "")
	want := []string{"A sink.example [192.0.2.7] ", "AAAA other.example [] no answer", `2 udp 192.0.2.7:4000 "one two" ""`}
	if diff := cmp.Diff(want, lines(m)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	passed := []audit.Passed{{Why: "ICMP", Packets: 1, Bytes: 24, Idle: true}, {Why: "not IP", Packets: 1, Bytes: 1, Idle: true}}
	if diff := cmp.Diff(passed, s.Passed); diff != "" || s.Packets != 7 {
		t.Errorf("%d packets: -want +got\n%s", s.Packets, diff)
	}
}
