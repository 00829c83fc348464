package export

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"telltale/audit"
)

// PCAPNG writes packets that carry what the case has (raw IP in pcapng,
// draft-ietf-opsawg-pcapng): HTTP/1 and HTTP/2 over TCP, those of https in TLS
// 1.2 with the keys in Decryption Secrets Blocks, WebSocket messages behind
// their request, other connections as they were recorded, and DNS over UDP.
// HTTP/3 is written as HTTP/2.
//
// A body that the case has not got is a hole in the sequence numbers.
func PCAPNG(w io.Writer, s Source) ([]Left, error) {
	p := &packets{Source: s, out: bufio.NewWriterSize(w, 256<<10), left: leftovers{}, open: map[flow]*connection{}, hosts: map[string]netip.Addr{}, ports: 10000}
	if err := p.index(); err != nil {
		return nil, err
	}
	p.section()
	n := 0
	for e, err := range s.Events() {
		if err != nil {
			return nil, err
		}
		n++
		if err := p.event(e, n); err != nil {
			return nil, err
		}
	}
	if p.err == nil {
		p.err = p.out.Flush()
	}
	return p.left.list(), p.err
}

// A flow is a connection of a case to one host: over a proxy, requests of one
// connection may go to several.
type flow struct {
	link
	scheme, authority string
	h2                bool
}

// packets are being written.
type packets struct {
	Source
	out   *bufio.Writer
	err   error
	left  leftovers
	last  map[flow]int // number of the flow's last event
	open  map[flow]*connection
	hosts map[string]netip.Addr
	ports uint16
	ids   uint16
	made  int // connections
}

// index finds the last event of each flow, behind which it is closed.
func (p *packets) index() error {
	p.last = map[flow]int{}
	n := 0
	for e, err := range p.Events() {
		if err != nil {
			return err
		}
		n++
		if k, ok := flowOf(e); ok {
			p.last[k] = n
		}
	}
	return nil
}

// flowOf is the flow that an event belongs to; ok is false if it has its own.
func flowOf(e audit.Event) (flow, bool) {
	var address, proto string
	var conn int
	switch {
	case e.Exchange != nil && e.Exchange.Method != "CONNECT":
		address, proto, conn = e.Exchange.URL, e.Exchange.Proto, e.Exchange.Conn
	case e.Message != nil:
		address, conn = e.Message.URL, e.Message.Conn
	default:
		return flow{}, false
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return flow{}, false
	}
	scheme := strings.Replace(u.Scheme, "ws", "http", 1)
	return flow{link{e.Place, conn}, scheme, u.Host, isHTTP2(proto)}, true
}

func isHTTP2(proto string) bool {
	return strings.HasPrefix(proto, "HTTP/2") || strings.HasPrefix(proto, "HTTP/3")
}

// event writes what an event says.
func (p *packets) event(e audit.Event, n int) error {
	k, has := flowOf(e)
	switch {
	case e.Exchange != nil:
		if !has {
			k = flow{link{e.Place, -n}, "http", authority(e.Exchange), false}
		}
		if err := p.exchange(e, k); err != nil {
			return err
		}
		if !has {
			p.close(k)
		}
	case e.Message != nil:
		if err := p.message(e, k); err != nil {
			return err
		}
	case e.Tunnel != nil:
		return p.tunnel(e)
	case e.Refused != nil:
		p.refused(e)
	case e.Lookup != nil:
		p.lookup(e, n)
	}
	if has && p.last[k] == n {
		p.close(k)
	}
	return p.err
}

// exchange writes a request and its answer.
func (p *packets) exchange(e audit.Event, k flow) error {
	x := e.Exchange
	c := p.connection(k, e, x.Server)
	if k.h2 {
		if err := c.exchange2(x); err != nil {
			return err
		}
	} else {
		asks := request(x)
		if err := c.send(client, asks); err != nil {
			return err
		}
		if x.Answered != audit.ByNobody || x.Status != 0 {
			if err := c.send(server, answer(x)); err != nil {
				return err
			}
		}
	}
	answered := x.Answered != audit.ByNobody || x.Status != 0
	if !answered || !whole(x.Body) || !whole(x.Reply) {
		p.close(k) // what would follow could not be told from the rest of the body
	}
	return p.err
}

// message writes a message of a WebSocket behind its request.
func (p *packets) message(e audit.Event, k flow) error {
	c := p.open[k]
	if c == nil || k.h2 || !c.socket {
		p.left[leftMessages]++
		return nil
	}
	c.at = e.Time
	side := server
	if e.Message.Out {
		side = client
	}
	head := frameHead(e.Message, side)
	return c.send(side, message{head: head, body: e.Message.Body, hole: e.Message.Body.Size - stored(e.Message.Body)})
}

// frameHead is that of a WebSocket frame (RFC 6455 section 5.2). What a client
// sends is masked, here with zeros.
func frameHead(m *audit.Message, s side) []byte {
	const final, masked = 0x80, 0x80
	b := []byte{final | 2}
	if m.Text {
		b[0] = final | 1
	}
	mask := byte(0)
	if s == client {
		mask = masked
	}
	switch n := m.Body.Size; {
	case n < 126:
		b = append(b, mask|byte(n)) //nolint:gosec // below 126
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, mask|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, mask|127), uint64(n))
	}
	if s == client {
		b = append(b, 0, 0, 0, 0)
	}
	return b
}

// tunnel writes a connection whose bytes were kept.
func (p *packets) tunnel(e audit.Event) error {
	t := e.Tunnel
	if stored(t.Out)+stored(t.In) == 0 || t.Proto == "udp" || t.Proto == "dns" {
		p.left[leftTunnels]++
		return nil
	}
	port, _ := strconv.ParseUint(t.Port, 10, 16)
	c := p.connect(e.Time, t.Host, "", uint16(port))
	for s, b := range [2]audit.Body{t.Out, t.In} {
		if err := c.send(side(s), message{body: b, hole: b.Size - stored(b)}); err != nil {
			return err
		}
	}
	c.finish()
	return p.err
}

// refused writes a handshake that the client ends with its alert.
func (p *packets) refused(e audit.Event) {
	r := e.Refused
	c := p.connect(e.Time, r.Host, "", 443)
	c.refuse(p.session(p.made), r)
	c.finish()
}

// connection is that of a flow, which is opened if need be.
func (p *packets) connection(k flow, e audit.Event, address string) *connection {
	c := p.open[k]
	if c == nil {
		host, port := splitAuthority(k.authority, k.scheme)
		c = p.connect(e.Time, host, address, port)
		if k.scheme == "https" {
			c.secure(p.session(p.made), host, k.h2)
		}
		p.open[k] = c
	}
	c.at = e.Time
	c.socket = e.Exchange.Status == 101
	return c
}

// close ends the connection of a flow.
func (p *packets) close(k flow) {
	if c := p.open[k]; c != nil {
		c.finish()
		delete(p.open, k)
	}
}

// splitAuthority is host and port.
func splitAuthority(s, scheme string) (string, uint16) {
	u := url.URL{Host: s}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil {
		if port = 80; scheme == "https" {
			port = 443
		}
	}
	return strings.ToLower(u.Hostname()), uint16(port)
}

// addressOf is the address of a host: the one that is known, that which it is,
// or one of those that are kept free for tests (RFC 2544).
func (p *packets) addressOf(host, known string) netip.Addr {
	for _, s := range []string{known, host} {
		if ip, err := netip.ParseAddr(s); err == nil {
			return ip.Unmap().WithZone("")
		}
	}
	ip, had := p.hosts[host]
	if !had {
		n := len(p.hosts) + 1
		ip = netip.AddrFrom4([4]byte{198, 18 + byte(n>>16)&1, byte(n >> 8), byte(n)}) //nolint:gosec // cut off on purpose
		p.hosts[host] = ip
	}
	return ip
}

// section writes the head of the file: what it is, and the one interface.
func (p *packets) section() {
	comment := fmt.Sprintf("exported from the case %s: packets, addresses of clients and handshakes are made; requests and answers are what the case has", p.ID)
	b := le32(0x1a2b3c4d, 1, 0xffffffff, 0xffffffff) // version 1.0, length not known
	b = option(b, 1, comment)
	b = option(b, 4, p.Tool)
	p.block(0x0a0d0d0a, append(b, 0, 0, 0, 0))
	const raw = 101
	b = le32(raw, 0)
	b = append(b, 9, 0, 1, 0, 9, 0, 0, 0) // time in nanoseconds
	p.block(1, append(b, 0, 0, 0, 0))
}

// secrets writes a line of a key log, before the packets that it opens.
func (p *packets) secrets(line string) {
	b := append(le32(0x544c534b, uint32(len(line))), line...) //nolint:gosec // short
	p.block(0x0a, padded(b))
}

// packet writes an IP packet.
func (p *packets) packet(at time.Time, data []byte) {
	ns := uint64(max(at.UnixNano(), 0))
	if at.IsZero() {
		ns = 0
	}
	size := uint32(len(data)) //nolint:gosec // below 64 KiB
	b := le32(0, uint32(ns>>32), uint32(ns), size, size)
	p.block(6, padded(append(b, data...)))
}

// block writes a block with its length at both ends.
func (p *packets) block(kind uint32, body []byte) {
	if p.err != nil {
		return
	}
	n := uint32(len(body) + 12) //nolint:gosec // below 64 KiB
	b := append(le32(kind, n), body...)
	_, p.err = p.out.Write(append(b, le32(n)...))
}

func le32(values ...uint32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

// option adds a text to a block.
func option(b []byte, code uint16, text string) []byte {
	b = binary.LittleEndian.AppendUint16(b, code)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(text))) //nolint:gosec // short
	return padded(append(b, text...))
}

func padded(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}
