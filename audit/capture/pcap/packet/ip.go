package packet

import (
	"encoding/binary"
	"net/netip"
)

// A Datagram is an IP datagram, put together if it came in fragments. Payload
// is valid until the next is decoded.
type Datagram struct {
	Src, Dst netip.Addr
	Proto    uint8 // TCP, UDP, ...
	Payload  []byte
	Short    int    // bytes at the end of the payload that the capture has not
	App      string // that sent or received it, if the capture says so
}

// Protocols above IP.
const (
	ICMP   = 1
	TCP    = 6
	UDP    = 17
	ICMPv6 = 58
)

// Reasons why a packet holds no datagram, in words for a person.
const (
	NotIP    = "not IP"
	Unlinked = "a link type that is not known"
	Damaged  = "a damaged IP header"
	Fragment = "a fragment of a datagram that is not complete"
	Sealed   = "encrypted by IPsec"

	SealedWiFi = "an encrypted frame of 802.11"
	Aggregated = "frames of 802.11 in one another"
)

// A Decoder takes datagrams out of packets. The zero Decoder is ready.
type Decoder struct {
	fragments fragments
}

// Decode returns the datagram of a packet. If there is none the reason says
// why; a fragment that waits for others has no reason and no payload, and
// counts in [Decoder.Waiting] until it is complete.
func (d *Decoder) Decode(p Packet) (Datagram, string) {
	strip, ok := links[p.Link]
	if !ok {
		return Datagram{}, Unlinked
	}
	ip, why := strip(p.Data)
	switch {
	case why != "":
		return Datagram{}, why
	case len(ip) == 0:
		return Datagram{}, NotIP
	}
	var g Datagram
	switch ip[0] >> 4 {
	case 4:
		g, why = d.v4(ip)
	case 6:
		g, why = d.v6(ip)
	default:
		return Datagram{}, NotIP
	}
	g.App = app(p.Data)
	return g, why
}

// Waiting returns how many fragments have not become a datagram, and how many
// bytes they have.
func (d *Decoder) Waiting() (fragments, bytes int64) {
	return d.fragments.lost.fragments + d.fragments.held.fragments, d.fragments.lost.bytes + d.fragments.held.bytes
}

func (d *Decoder) v4(b []byte) (Datagram, string) {
	if len(b) < 20 {
		return Datagram{}, Damaged
	}
	n, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 { // the network card was to cut it up and fill this in
		total = len(b)
	}
	if n < 20 || n > len(b) || total < n {
		return Datagram{}, Damaged
	}
	g := Datagram{Src: netip.AddrFrom4([4]byte(b[12:16])), Dst: netip.AddrFrom4([4]byte(b[16:20])), Proto: b[9]}
	g.Payload, g.Short = trim(b[n:], total-n)
	const more, offset = 0x2000, 0x1fff
	flags := binary.BigEndian.Uint16(b[6:])
	if flags&(more|offset) == 0 {
		return g, ""
	}
	key := fragmentKey{g.Src, g.Dst, g.Proto, uint32(binary.BigEndian.Uint16(b[4:]))}
	return d.fragments.add(key, g, int(flags&offset)*8, flags&more != 0), ""
}

// trim cuts off what stands behind a datagram, such as the padding of
// Ethernet, and says how much is missing.
func trim(b []byte, n int) ([]byte, int) {
	if len(b) >= n {
		return b[:n], 0
	}
	return b, n - len(b)
}

// Extension headers of IPv6 (RFC 8200).
const (
	hopByHop    = 0
	routing     = 43
	fragment    = 44
	esp         = 50
	auth        = 51
	destination = 60
	mobility    = 135
)

// maxHeaders bounds the extension headers that are skipped.
const maxHeaders = 16

func (d *Decoder) v6(b []byte) (Datagram, string) {
	const fixed = 40
	if len(b) < fixed {
		return Datagram{}, Damaged
	}
	g := Datagram{Src: netip.AddrFrom16([16]byte(b[8:24])), Dst: netip.AddrFrom16([16]byte(b[24:40])), Proto: b[6]}
	total := int(binary.BigEndian.Uint16(b[4:]))
	if total == 0 {
		total = len(b) - fixed
	}
	g.Payload, g.Short = trim(b[fixed:], total)
	for range maxHeaders {
		n := 0
		switch g.Proto {
		case hopByHop, routing, destination, mobility:
			n = 8
			if len(g.Payload) >= 8 {
				n += int(g.Payload[1]) * 8
			}
		case auth:
			n = 8
			if len(g.Payload) >= 8 {
				n += int(g.Payload[1]) * 4
			}
		case fragment:
			return d.v6Fragment(g)
		case esp:
			return g, Sealed
		default:
			return g, ""
		}
		if len(g.Payload) < n {
			return Datagram{}, Damaged
		}
		g.Proto, g.Payload = g.Payload[0], g.Payload[n:]
	}
	return Datagram{}, Damaged
}

func (d *Decoder) v6Fragment(g Datagram) (Datagram, string) {
	if len(g.Payload) < 8 {
		return Datagram{}, Damaged
	}
	at := binary.BigEndian.Uint16(g.Payload[2:])
	key := fragmentKey{g.Src, g.Dst, 0, binary.BigEndian.Uint32(g.Payload[4:])}
	g.Proto, g.Payload = g.Payload[0], g.Payload[8:]
	return d.fragments.add(key, g, int(at&^7), at&1 != 0), ""
}
