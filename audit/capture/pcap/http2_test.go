package pcap_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// An h2side writes what one side of HTTP/2 says.
type h2side struct {
	*http2.Framer
	out   *bytes.Buffer
	block bytes.Buffer
	pack  *hpack.Encoder
}

func newH2Side(preface string) *h2side {
	s := &h2side{out: bytes.NewBufferString(preface)}
	s.Framer = http2.NewFramer(s.out, nil)
	s.pack = hpack.NewEncoder(&s.block)
	return s
}

// fields encodes a header: names and values.
func (s *h2side) fields(list ...string) []byte {
	s.block.Reset()
	for i := 0; i < len(list); i += 2 {
		s.pack.WriteField(hpack.HeaderField{Name: list[i], Value: list[i+1]})
	}
	return bytes.Clone(s.block.Bytes())
}

func (s *h2side) head(stream uint32, end bool, list ...string) {
	b := s.fields(list...)
	s.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: b[:1], EndStream: end})
	s.WriteContinuation(stream, true, b[1:])
}

// Streams that overlap, trailers, early hints, what was promised, streams that
// are given up, and a WebSocket are all read, whichever side's packets the
// capture has first.
func TestHTTP2(t *testing.T) {
	c := newH2Side("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	get := []string{":method", "GET", ":scheme", "http", ":authority", "a.example"}
	c.WriteSettings()
	c.head(1, true, append(get, ":path", "/1", "cookie", "a=1", "cookie", "b=2")...)
	c.head(3, false, ":method", "POST", ":scheme", "http", ":authority", "a.example", ":path", "/3")
	c.head(5, false, ":method", "CONNECT", ":protocol", "websocket", ":scheme", "http", ":authority", "a.example", ":path", "/ws")
	c.WriteData(3, false, []byte("ab"))
	c.WriteData(5, false, []byte(frame(0x81, []byte("out"))))
	c.WriteDataPadded(3, false, []byte("cd"), make([]byte, 9))
	c.head(3, true, "x-trailer", "t")
	c.head(7, true, append(get, ":path", "/7")...)
	c.WriteRSTStream(7, http2.ErrCodeCancel)
	s := newH2Side("")
	s.WriteSettings()
	s.head(1, false, ":status", "103")
	s.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, BlockFragment: s.fields(append(get, ":path", "/2")...), EndHeaders: true})
	s.head(3, false, ":status", "201")
	s.head(1, false, ":status", "200", "x", "y")
	s.head(2, true, ":status", "204")
	s.head(5, false, ":status", "200")
	s.WriteData(5, false, []byte("\x81\x02in"))
	s.WriteData(3, true, []byte("three"))
	s.WriteData(1, false, []byte("on"))
	s.WriteData(1, false, []byte("e"))
	s.head(1, true, "grpc-status", "0")
	s.WriteData(5, true, nil)
	late := `1 GET http://a.example/7 "": 0 " [the client gave the stream up: CANCEL]" the client gave the stream up: CANCEL`
	want := []string{
		`1 GET http://a.example/2 "": 204 "" `,
		`1 ws://a.example/ws out=true text=true "out"`,
		`1 ws://a.example/ws out=false text=true "in"`,
		`1 POST http://a.example/3 "abcd": 201 "three" `,
		`1 GET http://a.example/1 "": 200 "one" `,
		`1 CONNECT ws://a.example/ws "": 200 "" `,
	}
	for name, parts := range map[string][]said{
		"client first": {{0, c.out.String()}, {1, s.out.String()}},
		"server first": {{0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}, {1, s.out.String()}, {0, c.out.String()[24:]}},
	} {
		for _, size := range []int{1400, 1} {
			tape := newTape()
			tape.segment = size
			w := tape.connect(80)
			for _, p := range parts {
				w.say(p.side, []byte(p.data))
			}
			w.end(0)
			w.end(1)
			m, _ := read(t, tape.file.Bytes(), "")
			got := lines(m)
			seen := map[string]bool{}
			for _, l := range got {
				seen[l] = true
			}
			for _, l := range append(want, late) {
				if !seen[l] {
					t.Errorf("%s, segments of %d bytes: %s is missing", name, size, l)
				}
			}
			if len(got) != len(want)+1 {
				t.Errorf("%s, segments of %d bytes: -want +got\n%s", name, size, cmp.Diff(append(want, late), got))
			}
		}
	}
}
