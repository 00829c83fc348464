package pcap

import (
	"encoding/binary"
	"net/netip"
	"time"

	"telltale/audit"
	"telltale/audit/capture/pcap/packet"
	"telltale/audit/capture/pcap/tlsread"
)

// A Socket is a connection whose bytes come from a log instead of packets: in
// order, and without their TLS.
type Socket struct{ talk *talk }

// A Peer is whom a socket is connected to.
type Peer struct {
	Host   string // name or address
	Port   uint16
	Secure bool // its TLS was taken off
}

// Socket opens a connection.
func (im *Importer) Socket(to Peer) *Socket {
	t := &talk{im: im, conn: im.number(), host: hostname(to.Host), port: to.Port, proto: "tcp", secure: to.Secure}
	if to.Secure {
		t.proto, t.depth = "tls", 1
	}
	return &Socket{t}
}

// Said takes bytes that a side sent. The error is that of the recorder.
func (s *Socket) Said(at time.Time, from tlsread.Side, b []byte) error {
	s.talk.im.clock(at)
	s.talk.said(from, b)
	return s.talk.im.recorded
}

// Lost notes that n bytes of a side are not in the log.
func (s *Socket) Lost(at time.Time, from tlsread.Side, n int64) error {
	s.talk.im.clock(at)
	s.talk.lost(from, n)
	return s.talk.im.recorded
}

// End closes the connection. why says why it was cut short, nil if it was not.
func (s *Socket) End(at time.Time, why error) error {
	s.talk.im.clock(at)
	if why == nil {
		s.talk.ended(client)
		s.talk.ended(server)
	}
	s.talk.close(why)
	return s.talk.im.recorded
}

// Record appends an event in the place of the importer.
func (im *Importer) Record(e audit.Event) error {
	im.clock(e.Time)
	im.record(e)
	return im.recorded
}

// Datagram takes a UDP datagram without its header. Both addresses must be
// valid.
func (im *Importer) Datagram(at time.Time, from, to netip.AddrPort, b []byte) error {
	im.clock(at)
	head := binary.BigEndian.AppendUint16(nil, from.Port())
	head = binary.BigEndian.AppendUint16(head, to.Port())
	head = append(head, 0, 0, 0, 0) // its length is that of the bytes
	im.datagram(packet.Datagram{Src: from.Addr(), Dst: to.Addr(), Proto: packet.UDP, Payload: append(head, b...)})
	return im.recorded
}

// clock sets the time of what comes next.
func (im *Importer) clock(at time.Time) {
	im.now = at
	if at.After(im.last) {
		im.last = at
	}
}
