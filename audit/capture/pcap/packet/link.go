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
	Null     Link = 0  // BSD loopback: the family in the byte order of the machine
	Ethernet Link = 1  // with VLAN tags and PPPoE
	OldRaw   Link = 12 // raw IP on most systems
	OpenBSD  Link = 14 // raw IP on OpenBSD
	PPP      Link = 9
	Raw      Link = 101 // IP, either version
	WiFi     Link = 105 // IEEE 802.11
	Loop     Link = 108 // OpenBSD loopback
	Cooked   Link = 113 // Linux cooked, "any" interface
	Radiotap Link = 127 // 802.11 behind a radiotap header
	PPI      Link = 192 // 802.11 behind a header of Wi-Fi tools
	IPv4     Link = 228
	IPv6     Link = 229
	Cooked2  Link = 276 // Linux cooked, version 2
)

// Ether types.
const (
	etherIPv4  = 0x0800
	etherVLAN  = 0x8100
	etherIPv6  = 0x86dd
	etherMPLS  = 0x8847
	etherPPPoE = 0x8864
	etherQinQ  = 0x88a8
	etherOldQ  = 0x9100
)

// A header says where the network layer of a frame begins, or why there is no
// IP in it that can be read.
type header func(b []byte) (ip []byte, why string)

// links are the headers by link type. A new one is a row.
var links = map[Link]header{
	Null: family, Loop: family,
	Ethernet: ethernet,
	OldRaw:   raw, OpenBSD: raw, Raw: raw, IPv4: raw, IPv6: raw,
	Cooked:  func(b []byte) ([]byte, string) { return typed(b, 14, 16) },
	Cooked2: func(b []byte) ([]byte, string) { return typed(b, 0, 20) },
	WiFi:    func(b []byte) ([]byte, string) { return wifi(b, false) }, Radiotap: radiotap,
	PPI: ppi, PPP: ppp,
}

func raw(b []byte) ([]byte, string) { return found(b, len(b) > 0) }

// found is what a header hides, if it is there.
func found(b []byte, ok bool) ([]byte, string) {
	if !ok {
		return nil, NotIP
	}
	return b, ""
}

// family skips four bytes with the address family, whose numbers differ from
// system to system: the version of IP is in the packet itself.
func family(b []byte) ([]byte, string) {
	if len(b) < 5 {
		return nil, NotIP
	}
	return b[4:], ""
}

func ethernet(b []byte) ([]byte, string) { return typed(b, 12, 14) }

// typed skips a header of n bytes with an ether type at an offset, and the
// tags behind it.
func typed(b []byte, offset, n int) ([]byte, string) {
	if len(b) < n {
		return nil, NotIP
	}
	kind := binary.BigEndian.Uint16(b[offset:])
	b = b[n:]
	for range 4 { // tags in tags
		switch kind {
		case etherIPv4, etherIPv6:
			return b, ""
		case etherVLAN, etherQinQ, etherOldQ:
			if len(b) < 4 {
				return nil, NotIP
			}
			kind, b = binary.BigEndian.Uint16(b[2:]), b[4:]
		case etherPPPoE:
			if len(b) < 6 {
				return nil, NotIP
			}
			return ppp(b[6:]) // RFC 2516
		case etherMPLS:
			return mpls(b)
		default:
			return nil, NotIP
		}
	}
	return nil, NotIP
}

// ppp skips the protocol number of PPP (RFC 1661), and before it the address
// that serial lines have.
func ppp(b []byte) ([]byte, string) {
	const ipv4, ipv6 = 0x0021, 0x0057
	b = bytes.TrimPrefix(b, []byte{0xff, 0x03})
	if len(b) < 2 {
		return nil, NotIP
	}
	kind := binary.BigEndian.Uint16(b)
	return found(b[2:], kind == ipv4 || kind == ipv6)
}

// mpls skips a stack of labels (RFC 3032). What is under it is not said: IP
// tells itself by its version.
func mpls(b []byte) ([]byte, string) {
	const bottom = 0x01
	for len(b) >= 4 {
		last := b[2]&bottom != 0
		if b = b[4:]; last {
			break
		}
	}
	return found(b, len(b) > 0 && (b[0]>>4 == 4 || b[0]>>4 == 6))
}

// Parts of a frame of 802.11.
const (
	wifiData, wifiNull, wifiQoS             = 0x08, 0x40, 0x80 // first byte
	wifiBoth, wifiEncrypted, wifiOrder      = 0x03, 0x40, 0x80 // second byte
	wifiAggregated                     byte = 0x80             // of the QoS field
)

// wifi skips the header of a data frame that is not encrypted. With padded the
// header was filled up to four bytes.
func wifi(b []byte, padded bool) ([]byte, string) {
	if len(b) < 24 || b[0]&0x0c != wifiData || b[0]&wifiNull != 0 {
		return nil, NotIP
	}
	n := 24
	if b[1]&wifiBoth == wifiBoth {
		n += 6 // a fourth address
	}
	aggregated := false
	if b[0]&wifiQoS != 0 {
		aggregated = len(b) > n && b[n]&wifiAggregated != 0
		n += 2
		if b[1]&wifiOrder != 0 {
			n += 4
		}
	}
	if padded {
		n = (n + 3) &^ 3
	}
	snap := []byte{0xaa, 0xaa, 0x03, 0, 0, 0}
	switch {
	case b[1]&wifiEncrypted != 0:
		return nil, SealedWiFi
	case aggregated:
		return nil, Aggregated
	case len(b) < n+8 || !bytes.HasPrefix(b[n:], snap):
		return nil, NotIP
	}
	return typed(b[n:], 6, 8)
}

// radiotap skips the header of that name (https://www.radiotap.org), whose
// flags say whether the one of 802.11 is filled up.
func radiotap(b []byte) ([]byte, string) {
	const present, tsft, flags, padding = 4, 1, 2, 0x20
	if len(b) < 8 {
		return nil, NotIP
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	if n > len(b) {
		return nil, NotIP
	}
	at := present
	for at+8 <= n && b[at+3]&0x80 != 0 { // more words of fields
		at += 4
	}
	at += 4
	fields := b[present]
	if fields&tsft != 0 {
		at = (at+7)&^7 + 8
	}
	padded := fields&flags != 0 && at < n && b[at]&padding != 0
	return wifi(b[n:], padded)
}

// ppi skips a Per-Packet Information header, if 802.11 is behind it.
func ppi(b []byte) ([]byte, string) {
	if len(b) < 8 {
		return nil, NotIP
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	if n > len(b) || Link(binary.LittleEndian.Uint32(b[4:])) != WiFi {
		return nil, NotIP
	}
	return wifi(b[n:], false)
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
