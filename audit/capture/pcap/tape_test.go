package pcap_test

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"telltale/audit"
	"telltale/audit/capture/pcap"
	"telltale/audit/capture/pcap/tlsread"
)

// A tape writes a pcap file of raw IP packets.
type tape struct {
	mu      sync.Mutex
	file    bytes.Buffer
	clock   int64 // microseconds
	segment int   // bytes of the largest segment
	ports   uint16
}

const epoch = 1795228589 // 21 November 2026

func newTape() *tape {
	t := &tape{segment: 1400, ports: 40000}
	head := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	head = binary.LittleEndian.AppendUint16(head, 2)
	head = binary.LittleEndian.AppendUint16(head, 4)
	head = append(head, make([]byte, 8)...)
	head = binary.LittleEndian.AppendUint32(head, 1<<18)
	head = binary.LittleEndian.AppendUint32(head, 101)
	t.file.Write(head)
	return t
}

// packet writes one packet.
func (t *tape) packet(b []byte) {
	t.clock += 100
	head := binary.LittleEndian.AppendUint32(nil, uint32(epoch+t.clock/1e6))
	head = binary.LittleEndian.AppendUint32(head, uint32(t.clock%1e6))
	head = binary.LittleEndian.AppendUint32(head, uint32(len(b)))
	head = binary.LittleEndian.AppendUint32(head, uint32(len(b)))
	t.file.Write(append(head, b...))
}

// ip4 is an IPv4 packet.
func ip4(from, to netip.Addr, proto byte, payload []byte) []byte {
	b := []byte{0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, proto, 0, 0}
	b = append(append(b, from.AsSlice()...), to.AsSlice()...)
	binary.BigEndian.PutUint16(b[2:], uint16(20+len(payload)))
	sum := uint32(0)
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	sum = sum&0xffff + sum>>16
	binary.BigEndian.PutUint16(b[10:], ^uint16(sum+sum>>16))
	return append(b, payload...)
}

// tcp is a TCP segment with its number and the one that it acknowledges. Its checksum is 0, as network cards leave it to be.
func tcp(from, to uint16, numbers [2]uint32, flags byte, data []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, from)
	b = binary.BigEndian.AppendUint16(b, to)
	b = binary.BigEndian.AppendUint32(b, numbers[0])
	b = binary.BigEndian.AppendUint32(b, numbers[1])
	b = append(b, 5<<4, flags, 0xff, 0xff, 0, 0, 0, 0)
	return append(b, data...)
}

// A wire is a TCP connection on a tape.
type wire struct {
	tape     *tape
	from, to netip.AddrPort
	seq      [2]uint32
}

const (
	fin = 1
	syn = 2
	rst = 4
	ack = 16
)

var (
	phone  = netip.MustParseAddr("10.0.0.2")
	origin = netip.MustParseAddr("192.0.2.7")
)

// connect writes the handshake of a new connection.
func (t *tape) connect(port uint16) *wire {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ports++
	w := &wire{tape: t, from: netip.AddrPortFrom(phone, t.ports), to: netip.AddrPortFrom(origin, port), seq: [2]uint32{0xfffff000, 77}}
	w.send(0, syn, nil)
	w.seq[0]++
	w.send(1, syn|ack, nil)
	w.seq[1]++
	w.send(0, ack, nil)
	return w
}

// send writes a segment.
func (w *wire) send(side int, flags byte, data []byte) {
	from, to := w.from, w.to
	if side == 1 {
		from, to = to, from
	}
	w.tape.packet(ip4(from.Addr(), to.Addr(), 6, tcp(from.Port(), to.Port(), [2]uint32{w.seq[side], w.seq[1-side]}, flags, data)))
	w.seq[side] += uint32(len(data))
}

// say writes data in as many segments as it takes.
func (w *wire) say(side int, data []byte) {
	w.tape.mu.Lock()
	defer w.tape.mu.Unlock()
	for len(data) > 0 {
		n := min(len(data), w.tape.segment)
		w.send(side, ack, data[:n])
		data = data[n:]
	}
}

// end writes a FIN.
func (w *wire) end(side int) {
	w.tape.mu.Lock()
	defer w.tape.mu.Unlock()
	w.send(side, fin|ack, nil)
	w.seq[side]++
}

// tap listens and carries connections to a server, on tape. It returns its
// address and a function that waits for the end of all connections.
func (t *tape) tap(tb testing.TB, target string, port uint16) (addr string, wait func()) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			down, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { t.carry(down, target, port) })
		}
	})
	return l.Addr().String(), func() {
		l.Close()
		conns.Wait()
	}
}

func (t *tape) carry(down net.Conn, target string, port uint16) {
	defer down.Close()
	up, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer up.Close()
	w := t.connect(port)
	var ends sync.WaitGroup
	pass := func(side int, from, to net.Conn) {
		buf := make([]byte, 32<<10)
		for {
			n, err := from.Read(buf)
			if n > 0 {
				w.say(side, buf[:n])
				if _, werr := to.Write(buf[:n]); werr != nil {
					err = werr
				}
			}
			if err != nil {
				w.end(side)
				to.(*net.TCPConn).CloseWrite()
				return
			}
		}
	}
	ends.Go(func() { pass(0, down, up) })
	ends.Go(func() { pass(1, up, down) })
	ends.Wait()
}

// A memory is a recorder that keeps everything.
type memory struct {
	mu     sync.Mutex
	events []audit.Event
	bodies map[string][]byte
}

func (m *memory) Record(e audit.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, e)
	return nil
}

func (m *memory) Body() (audit.BodyWriter, error) { return &kept{memory: m}, nil }

type kept struct {
	bytes.Buffer
	memory *memory
}

func (k *kept) Close(cause error) (audit.Body, error) {
	sum := sha256.Sum256(k.Bytes())
	b := audit.Body{Size: int64(k.Len()), SHA256: hex.EncodeToString(sum[:])}
	if cause != nil {
		b.Error = cause.Error()
	}
	k.memory.mu.Lock()
	defer k.memory.mu.Unlock()
	if k.memory.bodies == nil {
		k.memory.bodies = map[string][]byte{}
	}
	k.memory.bodies[b.SHA256] = bytes.Clone(k.Bytes())
	return b, nil
}

func (m *memory) text(b audit.Body) string { return string(m.bodies[b.SHA256]) }

// read imports a file.
func read(tb testing.TB, file []byte, keyLog string) (*memory, audit.Source) {
	tb.Helper()
	keys := &tlsread.Keys{}
	if _, err := keys.AddText([]byte(keyLog)); err != nil {
		tb.Fatal(err)
	}
	pcap.Secrets(bytes.NewReader(file), keys)
	m := &memory{}
	im := pcap.New(pcap.Config{Recorder: m, Place: audit.Place{Arm: "a", Run: 1}, Keys: keys})
	s, err := im.Read(bytes.NewReader(file))
	if err != nil {
		tb.Fatal(err)
	}
	more, err := im.Close()
	if err != nil {
		tb.Fatal(err)
	}
	s.Passed = append(s.Passed, more...)
	return m, s
}

// A keyLog is written by two sides at once.
type keyLog struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (k *keyLog) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.buf.Write(p)
}

var _ io.Writer = (*keyLog)(nil)

// at is a bound of what waits in tests.
const patience = 30 * time.Second

// deflated is a message in permessage-deflate.
func deflated(tb testing.TB, s string) []byte {
	tb.Helper()
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, 9)
	if err != nil {
		tb.Fatal(err)
	}
	io.WriteString(z, s)
	z.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff"))
}

// frame is a WebSocket frame with a mask of zeros.
func frame(first byte, payload []byte) string {
	b := []byte{first, 0x80 | 127}
	b = binary.BigEndian.AppendUint64(b, uint64(len(payload)))
	return string(append(append(b, 0, 0, 0, 0), payload...))
}
