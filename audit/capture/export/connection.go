package export

import (
	"encoding/binary"
	"io"
	"net/netip"
	"time"

	"golang.org/x/net/http2"
)

// A side is one end of a connection.
type side int

const (
	client side = iota
	server
)

// Flags of a TCP header.
const (
	flagFIN = 1
	flagSYN = 2
	flagPSH = 8
	flagACK = 16
)

// maxSegment is the most that one packet carries.
const maxSegment = 1400

// A connection is a TCP connection that is being written.
type connection struct {
	p      *packets
	at     time.Time
	ends   [2]netip.AddrPort
	seq    [2]uint32
	tls    *session // nil: in the clear
	h2     *http2State
	socket bool // it has become a WebSocket
}

// connect opens a connection.
func (p *packets) connect(at time.Time, host, known string, port uint16) *connection {
	p.made++
	if p.ports++; p.ports < 10000 { // all were used: from the start
		p.ports = 10000
	}
	to := p.addressOf(host, known)
	from := netip.AddrFrom4([4]byte{10, 0, 0, 2})
	if to.Is6() {
		from = netip.AddrFrom16([16]byte{0xfd, 15: 2})
	}
	c := &connection{p: p, at: at, ends: [2]netip.AddrPort{netip.AddrPortFrom(from, p.ports), netip.AddrPortFrom(to, port)}, seq: [2]uint32{1000, 5000}}
	c.segment(client, flagSYN, nil)
	c.seq[client]++
	c.segment(server, flagSYN|flagACK, nil)
	c.seq[server]++
	c.segment(client, flagACK, nil)
	return c
}

// finish closes it from both sides.
func (c *connection) finish() {
	c.segment(client, flagFIN|flagACK, nil)
	c.seq[client]++
	c.segment(server, flagFIN|flagACK, nil)
	c.seq[server]++
	c.segment(client, flagACK, nil)
}

// send sends a message. A hole in it is bytes that no packet has.
func (c *connection) send(s side, m message) error {
	w := c.writer(s)
	if err := m.write(w, c.p.Source); err != nil {
		return err
	}
	if err := w.flush(); err != nil {
		return err
	}
	for left := m.hole; left > 0; left -= 1 << 29 { // numbers wrap
		c.seq[s] += uint32(min(left, 1<<29))
	}
	return c.p.err
}

// A segments cuts what one side says into records and packets.
type segments struct {
	c   *connection
	s   side
	buf []byte
}

func (c *connection) writer(s side) *segments { return &segments{c: c, s: s} }

// Write implements [io.Writer].
func (w *segments) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		k := min(len(b), w.size()-len(w.buf))
		w.buf = append(w.buf, b[:k]...)
		if b = b[k:]; len(w.buf) == w.size() {
			if err := w.flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, w.c.p.err
}

// size is how much is sent at once: a packet, or a record of TLS.
func (w *segments) size() int {
	if w.c.tls != nil {
		return maxPlain
	}
	return maxSegment
}

// flush sends what is there.
func (w *segments) flush() error {
	if len(w.buf) > 0 {
		data := w.buf
		if w.c.tls != nil {
			data = w.c.tls.seal(w.s, typeData, data)
		}
		w.c.bytes(w.s, data)
		w.buf = w.buf[:0]
	}
	return w.c.p.err
}

var _ io.Writer = (*segments)(nil)

// bytes sends bytes as they are.
func (c *connection) bytes(s side, data []byte) {
	for len(data) > 0 {
		n := min(len(data), maxSegment)
		c.segment(s, flagPSH|flagACK, data[:n])
		c.seq[s] += uint32(n)
		data = data[n:]
	}
}

// segment writes a TCP segment (RFC 9293) in an IP packet.
func (c *connection) segment(s side, flags byte, data []byte) {
	from, to := c.ends[s], c.ends[1-s]
	ack := c.seq[1-s]
	if flags&flagACK == 0 {
		ack = 0
	}
	b := binary.BigEndian.AppendUint16(nil, from.Port())
	b = binary.BigEndian.AppendUint16(b, to.Port())
	b = binary.BigEndian.AppendUint32(b, c.seq[s])
	b = binary.BigEndian.AppendUint32(b, ack)
	b = append(b, 5<<4, flags, 0xff, 0xff, 0, 0, 0, 0)
	b = append(b, data...)
	const protocol, at = 6, 16
	c.p.ip(c.at, [2]netip.Addr{from.Addr(), to.Addr()}, protocol, b, at)
}

// ip writes a datagram; its payload has room for a checksum.
func (p *packets) ip(at time.Time, ends [2]netip.Addr, protocol byte, payload []byte, sumAt int) {
	pseudo := append(ends[0].AsSlice(), ends[1].AsSlice()...)
	pseudo = append(pseudo, 0, protocol)
	pseudo = binary.BigEndian.AppendUint16(pseudo, uint16(len(payload))) //nolint:gosec // below 64 KiB
	binary.BigEndian.PutUint16(payload[sumAt:], checksum(pseudo, payload))
	if ends[0].Is6() {
		b := []byte{0x60, 0, 0, 0}
		b = binary.BigEndian.AppendUint16(b, uint16(len(payload))) //nolint:gosec // below 64 KiB
		b = append(append(append(b, protocol, 64), ends[0].AsSlice()...), ends[1].AsSlice()...)
		p.packet(at, append(b, payload...))
		return
	}
	p.ids++
	b := []byte{0x45, 0}
	b = binary.BigEndian.AppendUint16(b, uint16(20+len(payload))) //nolint:gosec // below 64 KiB
	b = binary.BigEndian.AppendUint16(b, p.ids)
	b = append(b, 0x40, 0, 64, protocol, 0, 0)
	b = append(append(b, ends[0].AsSlice()...), ends[1].AsSlice()...)
	binary.BigEndian.PutUint16(b[10:], checksum(b))
	p.packet(at, append(b, payload...))
}

// checksum is that of the internet (RFC 1071). All parts but the last have an
// even length.
func checksum(parts ...[]byte) uint16 {
	sum := uint64(0)
	for _, b := range parts {
		for ; len(b) > 1; b = b[2:] {
			sum += uint64(binary.BigEndian.Uint16(b))
		}
		if len(b) == 1 {
			sum += uint64(b[0]) << 8
		}
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

// http2State is what the two ends of a connection of HTTP/2 remember.
type http2State struct {
	stream uint32
	sides  [2]*http2Side
}

// clientPreface is what a client says first (RFC 9113 section 3.4).
const clientPreface = http2.ClientPreface
