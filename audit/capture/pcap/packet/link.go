package packet

import (
	"bytes"
	"encoding/binary"
)

// A Link is the type of link that packets were seen on, by its number in
// pcap files (https://www.tcpdump.org/linktypes.html).
type Link uint32

// The links that are read.
const (
	Null     Link = 0   // BSD loopback: the family in the byte order of the machine
	Ethernet Link = 1   // with VLAN tags and PPPoE
	OldRaw   Link = 12  // raw IP on most systems
	OpenBSD  Link = 14  // raw IP on OpenBSD
	Raw      Link = 101 // IP, either version
	WiFi     Link = 105 // IEEE 802.11
	Loop     Link = 108 // OpenBSD loopback
	Cooked   Link = 113 // Linux cooked, "any" interface
	Radiotap Link = 127 // 802.11 behind a radiotap header
	IPv4     Link = 228
	IPv6     Link = 229
	Cooked2  Link = 276 // Linux cooked, version 2
)

// Ether types.
const (
	etherIPv4  = 0x0800
	etherVLAN  = 0x8100
	etherIPv6  = 0x86dd
	etherPPPoE = 0x8864
	etherQinQ  = 0x88a8
	etherOldQ  = 0x9100
)

// A header says where the network layer of a frame begins; ok is false if
// there is no IP in it.
type header func(b []byte) (ip []byte, ok bool)

// links are the headers by link type. A new one is a row.
var links = map[Link]header{
	Null: family, Loop: family,
	Ethernet: ethernet,
	OldRaw:   raw, OpenBSD: raw, Raw: raw, IPv4: raw, IPv6: raw,
	Cooked:  func(b []byte) ([]byte, bool) { return typed(b, 14, 16) },
	Cooked2: func(b []byte) ([]byte, bool) { return typed(b, 0, 20) },
	WiFi:    wifi, Radiotap: radiotap,
}

func raw(b []byte) ([]byte, bool) { return b, len(b) > 0 }

// family skips four bytes with the address family, whose numbers differ from
// system to system: the version of IP is in the packet itself.
func family(b []byte) ([]byte, bool) {
	if len(b) < 5 {
		return nil, false
	}
	return b[4:], true
}

func ethernet(b []byte) ([]byte, bool) { return typed(b, 12, 14) }

// typed skips a header of n bytes with an ether type at an offset, and the
// tags behind it.
func typed(b []byte, offset, n int) ([]byte, bool) {
	if len(b) < n {
		return nil, false
	}
	kind := binary.BigEndian.Uint16(b[offset:])
	b = b[n:]
	for range 4 { // tags in tags
		switch kind {
		case etherIPv4, etherIPv6:
			return b, true
		case etherVLAN, etherQinQ, etherOldQ:
			if len(b) < 4 {
				return nil, false
			}
			kind, b = binary.BigEndian.Uint16(b[2:]), b[4:]
		case etherPPPoE:
			return pppoe(b)
		default:
			return nil, false
		}
	}
	return nil, false
}

// pppoe skips a PPPoE header (RFC 2516) and the protocol number of PPP.
func pppoe(b []byte) ([]byte, bool) {
	const ipv4, ipv6 = 0x0021, 0x0057
	if len(b) < 8 {
		return nil, false
	}
	kind := binary.BigEndian.Uint16(b[6:])
	return b[8:], kind == ipv4 || kind == ipv6
}

// wifi skips the header of a data frame that is not encrypted.
func wifi(b []byte) ([]byte, bool) {
	const data, null, qos, encrypted, both, order = 0x08, 0x40, 0x80, 0x40, 0x03, 0x80
	if len(b) < 24 || b[0]&0x0c != data || b[0]&null != 0 || b[1]&encrypted != 0 {
		return nil, false
	}
	n := 24
	if b[1]&both == both {
		n += 6 // a fourth address
	}
	if b[0]&qos != 0 {
		n += 2
		if b[1]&order != 0 {
			n += 4
		}
	}
	snap := []byte{0xaa, 0xaa, 0x03, 0, 0, 0}
	if len(b) < n+8 || !bytes.HasPrefix(b[n:], snap) {
		return nil, false
	}
	return typed(b[n:], 6, 8)
}

func radiotap(b []byte) ([]byte, bool) {
	if len(b) < 4 {
		return nil, false
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	if n > len(b) {
		return nil, false
	}
	return wifi(b[n:])
}

// app returns the name of the app that PCAPdroid writes behind a packet: 32
// bytes with a mark, the user id, the name and a checksum.
func app(b []byte) string {
	const size, mark = 32, 0x01072021
	if len(b) < size {
		return ""
	}
	b = b[len(b)-size:]
	if binary.BigEndian.Uint32(b) != mark {
		return ""
	}
	name, _, _ := bytes.Cut(b[8:28], []byte{0})
	return string(name)
}
