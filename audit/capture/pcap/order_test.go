package pcap_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"telltale/audit"
	"telltale/audit/capture/pcap"
)

// records takes the packets of a file apart.
func records(file []byte) (head []byte, packets [][]byte) {
	head, file = file[:24], file[24:]
	for len(file) >= 16 {
		n := 16 + int(binary.LittleEndian.Uint32(file[8:]))
		packets = append(packets, file[:n])
		file = file[n:]
	}
	return head, packets
}

// The same bytes are read whatever the order in which segments come, and
// whichever come twice.
func FuzzOrder(f *testing.F) {
	f.Add([]byte("k7f3q9w2m4x8abcd"), uint64(1), uint8(3))
	f.Add(bytes.Repeat([]byte("0123456789"), 500), uint64(7), uint8(200))
	f.Fuzz(func(t *testing.T, body []byte, seed uint64, size uint8) {
		if len(body) > 4000 {
			body = body[:4000]
		}
		tape := newTape()
		tape.segment = int(size) + 1
		w := tape.connect(80)
		w.say(0, fmt.Appendf(nil, "POST /1 HTTP/1.1\r\nHost: a.example\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
		w.say(1, fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
		head, packets := records(tape.file.Bytes())
		random := rand.New(rand.NewPCG(seed, 1))
		data := packets[3:] // behind the handshake
		for range len(data) / 4 {
			data = append(data, data[random.IntN(len(data))])
		}
		random.Shuffle(len(data), func(i, j int) { data[i], data[j] = data[j], data[i] })
		file := bytes.Join(append(append([][]byte{head}, packets[:3]...), data...), nil)
		m, _ := read(t, file, "")
		want := fmt.Sprintf("1 POST http://a.example/1 %q: 200 %q ", body, body)
		if got := lines(m); len(got) != 1 || got[0] != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// Any file at all ends in events that have no more bytes than the file, and the
// same file in the same events.
func FuzzRead(f *testing.F) {
	f.Add(spoken(80, said{0, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"}, said{1, ok + "ab"}).file.Bytes())
	f.Add(spoken(443, said{0, "\x16\x03\x01\x00\x04\x01\x00\x00\x00"}).file.Bytes())
	f.Add(spoken(80, said{0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x04\x01\x05\x00\x00\x00\x01\x82\x84\x86\x41"}, said{1, "\x00\x00\x01\x01\x05\x00\x00\x00\x01\x88"}).file.Bytes())
	f.Add(spoken(80, said{0, "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"}, said{1, "HTTP/1.1 101 x\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"}).file.Bytes())
	f.Fuzz(func(t *testing.T, file []byte) {
		m, s := read(t, file, "")
		again, _ := read(t, file, "")
		if a, b := fmt.Sprintf("%q", lines(m)), fmt.Sprintf("%q", lines(again)); a != b {
			t.Errorf("first %s, then %s", a, b)
		}
		if s.Packets > int64(len(file)/16) {
			t.Errorf("%d packets in %d bytes", s.Packets, len(file))
		}
		for _, e := range m.events {
			if e.Time.IsZero() {
				t.Errorf("an event without a time: %+v", e)
			}
		}
	})
}

// What is said on a stream that bursts is bounded: a message that unpacks to
// far more than it is, ends with an error.
func TestBomb(t *testing.T) {
	zeros := strings.Repeat("\x00", 80<<20)
	tape := spoken(80,
		said{0, "GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n\r\n"},
		said{1, "HTTP/1.1 101 x\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"},
		said{0, frame(0xc1, deflated(t, zeros))})
	m, _ := read(t, tape.file.Bytes(), "")
	var last *audit.Message
	for _, e := range m.events {
		if e.Message != nil {
			last = e.Message
		}
	}
	if last == nil || last.Body.Size > 100<<20 || !strings.Contains(last.Body.Error, "became more than") {
		t.Errorf("got %+v", last)
	}
}

// A file that breaks off gives what stands before the break, and says so.
func TestCut(t *testing.T) {
	whole := spoken(80, said{0, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"}, said{1, ok + "ab"}).file.Bytes()
	m, s := read(t, whole[:len(whole)-70], "")
	if got := lines(m); len(got) != 1 || got[0] != `1 GET http://a.example/ "": 200 "ab" ` {
		t.Errorf("got %q", got)
	}
	if want := "after 5 packets: the file breaks off here"; s.Error != want {
		t.Errorf("got %q, want %q", s.Error, want)
	}
}

// nothing is a recorder that keeps nothing.
type nothing struct{}

func (nothing) Record(audit.Event) error        { return nil }
func (nothing) Body() (audit.BodyWriter, error) { return nothing{}, nil }
func (nothing) Write(p []byte) (int, error)     { return len(p), nil }
func (nothing) Close(error) (audit.Body, error) { return audit.Body{}, nil }

// endless is a capture that is made while it is read: connections with one
// request each, so long as there are bytes left.
type endless struct {
	conn []byte
	head []byte
	left int64
	at   []byte
	port uint16
}

func newEndless(size int64, body int) *endless {
	file := spoken(80,
		said{0, "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"},
		said{1, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", body, strings.Repeat("0123456789abcdef", body/16))}).file.Bytes()
	return &endless{head: file[:24], conn: file[24:], left: size, at: file[:24]}
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.at) == 0 {
		e.port++
		for c := e.conn; len(c) > 0; { // the client's port is another one
			n := 16 + int(binary.LittleEndian.Uint32(c[8:]))
			at := 16 + 20
			if c[16+15] == phone.AsSlice()[3] && c[16+12] == phone.AsSlice()[0] {
				binary.BigEndian.PutUint16(c[at:], e.port)
			} else {
				binary.BigEndian.PutUint16(c[at+2:], e.port)
			}
			c = c[n:]
		}
		e.at = e.conn
	}
	p = p[:min(int64(len(p)), int64(len(e.at)))]
	n := copy(p, e.at)
	e.at = e.at[n:]
	if e.left -= int64(n); e.left < 0 {
		return 0, errEnd
	}
	return n, nil
}

var errEnd = fmt.Errorf("the end of the test")

// 1 GiB of HTTP is read in memory that does not grow. The figure is the largest
// heap that was met.
func BenchmarkRead(b *testing.B) {
	for _, size := range []int{1 << 10, 64 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("answers=%d", size), func(b *testing.B) {
			const total = 1 << 30
			b.SetBytes(total)
			var most uint64
			for b.Loop() {
				im := pcap.New(pcap.Config{Recorder: nothing{}})
				s, err := im.Read(&watched{from: newEndless(total, size), most: &most})
				if err != nil || s.Packets == 0 || !strings.Contains(s.Error, errEnd.Error()) {
					b.Fatalf("%+v: %v", s, err)
				}
				if _, err := im.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(most)/(1<<20), "heap-MiB")
		})
	}
}

// A watched reader looks at the heap now and then.
type watched struct {
	from *endless
	most *uint64
	n    int
}

func (w *watched) Read(p []byte) (int, error) {
	if w.n++; w.n%512 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		*w.most = max(*w.most, m.HeapAlloc)
	}
	return w.from.Read(p)
}
