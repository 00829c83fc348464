package attribute

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"telltale/audit"
)

// mmdb writes a small database in MaxMind's format, version 2.0: a search tree
// of records of 24 bits for IPv4, the data, and the metadata. Each address gets
// a record of its own; the rest has none.
func mmdb(entries map[netip.Addr][]byte, order ...netip.Addr) []byte {
	nodes := [][2]int{{-1, -1}} // -1 none, below -1 data ^n-1, else a node
	var data []byte
	for _, ip := range order {
		bits := ip.As4()
		at := 0
		for i := range 32 {
			bit := bits[i/8] >> (7 - i%8) & 1
			switch {
			case i == 31:
				nodes[at][bit] = -2 - len(data)
			case nodes[at][bit] < 0:
				nodes = append(nodes, [2]int{-1, -1})
				nodes[at][bit] = len(nodes) - 1
			}
			at = max(0, nodes[at][bit])
		}
		data = append(data, entries[ip]...)
	}
	var file []byte
	for _, node := range nodes {
		for _, n := range node {
			record := n
			switch {
			case n == -1:
				record = len(nodes)
			case n < -1:
				record = len(nodes) + 16 + (-2 - n)
			}
			file = append(file, byte(record>>16), byte(record>>8), byte(record))
		}
	}
	file = append(file, make([]byte, 16)...)
	file = append(file, data...)
	file = append(file, "\xab\xcd\xefMaxMind.com"...)
	return append(file, record(
		"binary_format_major_version", uint16(2), "binary_format_minor_version", uint16(0), "build_epoch", uint32(1782000000),
		"database_type", "Sample", "ip_version", uint16(4), "node_count", uint32(len(nodes)), "record_size", uint16(24),
	)...)
}

// record writes a map of names and values.
func record(pairs ...any) []byte {
	b := []byte{7<<5 | byte(len(pairs)/2)}
	for _, v := range pairs {
		b = append(b, value(v)...)
	}
	return b
}

func value(v any) []byte {
	switch v := v.(type) {
	case string:
		if len(v) < 29 {
			return append([]byte{2<<5 | byte(len(v))}, v...)
		}
		return append([]byte{2<<5 | 29, byte(len(v) - 29)}, v...)
	case uint16:
		return binary.BigEndian.AppendUint16([]byte{5<<5 | 2}, v)
	case uint32:
		return binary.BigEndian.AppendUint32([]byte{6<<5 | 4}, v)
	case bool: // an extended type; it is in the size
		return []byte{1, 7}
	case []byte:
		return v
	}
	panic("no such type in the sample")
}

// sample has one address for each form that makers give their databases.
func sample() []byte {
	first := netip.MustParseAddr("47.74.174.53")
	var order []netip.Addr
	entries := make(map[netip.Addr][]byte)
	for _, r := range [][]byte{
		record("country", record("iso_code", "SG"), "traits", record("autonomous_system_number", uint32(45102), "autonomous_system_organization", "Alibaba")),
		record("country_code", "DE"),
		record("country", "FR", "asn", "AS64500", "as_name", "Somebody's network with a long name"),
		record("country", record("iso_code", "US"), "traits", record("is_anycast", true)),
		record("country_code", "somewhere"),
	} {
		entries[first], order = r, append(order, first)
		first = first.Next()
	}
	return mmdb(entries, order...)
}

func TestGeo(t *testing.T) {
	g, err := ReadGeo("some/places.mmdb", sample())
	if err != nil {
		t.Fatal(err)
	}
	b := Book{Geo: []*Geo{g}}
	if want := "database places.mmdb (Sample of 2026-06-21), SHA-256 "; !strings.HasPrefix(g.Source(), want) {
		t.Errorf("got %q want %q", g.Source(), want)
	}
	const shipped = "Alibaba (US) Technology Co., Ltd."
	for _, want := range []audit.Server{
		{IP: "47.74.174.53", ASN: 45102, Network: "Alibaba", Country: "SG", Basis: audit.ByDatabase},
		{IP: "47.74.174.54", ASN: 45102, Network: shipped, Country: "DE", Basis: audit.ByDatabase},
		{IP: "47.74.174.55", ASN: 64500, Network: "Somebody's network with a long name", Country: "FR", Basis: audit.ByDatabase},
		{IP: "47.74.174.56", ASN: 45102, Network: shipped, Unplaced: "the address is an anycast one: machines in many countries"},
		{IP: "47.74.174.57", ASN: 45102, Network: shipped, Country: "US", Basis: audit.ByRegistry}, // it has no code of a country
		{IP: "47.74.174.58", ASN: 45102, Network: shipped, Country: "US", Basis: audit.ByRegistry}, // it has nothing
	} {
		p := b.Party(Contact{Host: "a.example", Servers: []string{want.IP}})
		if got := p.At(""); got != want {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
	}
	if _, err := ReadGeo("x.mmdb", []byte("no database")); err == nil || !strings.Contains(err.Error(), "x.mmdb") {
		t.Errorf("no database: got %v", err)
	}
}

// Whatever a database holds, a country is a code, and there is a country or a
// reason why not.
func FuzzGeo(f *testing.F) {
	f.Add(sample(), uint32(0x2f4aae35))
	f.Add([]byte("\xab\xcd\xefMaxMind.com"), uint32(0))
	f.Fuzz(func(t *testing.T, data []byte, address uint32) {
		g, err := ReadGeo("file", data)
		if err != nil {
			return
		}
		b := Book{Geo: []*Geo{g}}
		var ip [4]byte
		binary.BigEndian.PutUint32(ip[:], address)
		p := b.Party(Contact{Host: "a.example", Servers: []string{netip.AddrFrom4(ip).String()}})
		if (p.Country == "") == (p.Unplaced == "") || p.Country != "" && !isCountry(p.Country) {
			t.Errorf("country %q, unplaced %q", p.Country, p.Unplaced)
		}
	})
}
