package pcap

import (
	"container/list"
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"telltale/audit"
	"telltale/audit/capture/pcap/packet"
)

// maxFlows bounds the UDP flows that are followed at the same time.
const maxFlows = 8192

// datagrams are the UDP datagrams between two ends.
type datagrams struct {
	*talk
	from, to netip.AddrPort
	start    time.Time
	place    *list.Element
	kind     string // udp, dns, quic, dtls
	asked    questions
	sides    [2]spool
	quic     *initial
	short    bool
}

// datagram takes a UDP datagram.
func (im *Importer) datagram(g packet.Datagram) {
	b := g.Payload
	if len(b) < 8 {
		im.pass("a damaged UDP header", len(b))
		return
	}
	from := netip.AddrPortFrom(g.Src, binary.BigEndian.Uint16(b))
	to := netip.AddrPortFrom(g.Dst, binary.BigEndian.Uint16(b[2:]))
	if n := int(binary.BigEndian.Uint16(b[4:])); n >= 8 && n < len(b) {
		b = b[:n]
	}
	b = b[8:]
	if toAll(g.Dst) {
		im.pass(isToAll, len(b))
		return
	}
	d, s := im.flow(from, to, b)
	d.short = d.short || g.Short > 0
	if d.app == "" {
		d.app = g.App
	}
	d.said(s, b)
}

// toAll reports whether an address is that of a group or of all: name service
// discovery and the like, which goes to no server.
func toAll(a netip.Addr) bool {
	return a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// flow finds the flow of a datagram, or opens one. Who sends first is the
// client, unless its port says that it answers.
func (im *Importer) flow(from, to netip.AddrPort, b []byte) (*datagrams, side) {
	key := flowOf(from, to)
	d := im.flows[key]
	if d == nil {
		if len(im.flows) >= maxFlows {
			oldest := im.udp.Front().Value.(*datagrams)
			oldest.close()
			im.udp.Remove(oldest.place)
			delete(im.flows, flowOf(oldest.from, oldest.to))
		}
		d = &datagrams{from: from, to: to, start: im.now, sides: [2]spool{{im: im}, {im: im}}}
		if answers(from.Port()) && !answers(to.Port()) {
			d.from, d.to = to, from
		}
		d.talk = &talk{im: im, conn: im.number(), host: d.to.Addr().Unmap().String(), port: d.to.Port(), proto: "udp"}
		d.kind = kindOf(d.to.Port(), b)
		if d.kind == "quic" {
			d.quic = &initial{}
		}
		im.flows[key] = d
		d.place = im.udp.PushBack(d)
	}
	im.udp.MoveToBack(d.place)
	if from == d.from {
		return d, client
	}
	return d, server
}

// answers reports whether a port is one that servers have.
func answers(port uint16) bool { return port == 53 || port == 443 || port == 123 }

// kindOf says by port and first bytes what a flow is.
func kindOf(port uint16, b []byte) string {
	switch {
	case port == 53:
		return "dns"
	case isQUIC(port, b):
		return "quic"
	case len(b) > 13 && b[0] >= 20 && b[0] <= 26 && b[1] == 0xfe && b[2] >= 0xfc: // RFC 9147 section 4
		return "dtls"
	}
	return "udp"
}

// said takes the payload of one datagram.
func (d *datagrams) said(s side, b []byte) {
	switch d.kind {
	case "dns":
		l, err := d.asked.take(d.host, s, b)
		if err != nil {
			_, _ = d.sides[s].Write(b) // kept as it stands
			return
		}
		if l != nil {
			e := d.event()
			e.Lookup = l
			d.im.record(e)
		}
	case "quic":
		if s == client {
			d.quic.take(b)
		}
		d.sides[s].size += int64(len(b)) // counted alone
	case "dtls":
		d.sides[s].size += int64(len(b))
	default:
		_, _ = d.sides[s].Write(b)
	}
}

var (
	errQUIC  = errors.New("QUIC is not decrypted")
	errDTLS  = errors.New("DTLS is not decrypted")
	errShort = errors.New("the capture has not all of it: packets were cut short")
)

// close records what was not read.
func (d *datagrams) close() {
	for _, l := range d.asked.rest() {
		e := d.event()
		e.Lookup = l
		d.im.record(e)
	}
	if d.sides[client].size+d.sides[server].size == 0 {
		return
	}
	var why error
	switch {
	case d.kind == "quic":
		why = errQUIC
		if d.quic.hello.SNI != "" {
			d.host = hostname(d.quic.hello.SNI)
		}
	case d.kind == "dtls":
		why = errDTLS
	case d.short:
		why = errShort
	}
	var bodies [2]audit.Body
	for s := range bodies {
		if d.sides[s].size > 0 {
			bodies[s] = d.sides[s].close(why)
		}
	}
	e := d.event()
	e.Time = d.start
	d.tunnel(e, d.kind, bodies[client], bodies[server])
}
