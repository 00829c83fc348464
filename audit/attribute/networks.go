package attribute

import (
	_ "embed"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"telltale/audit"
	"telltale/audit/attribute/ranges"
)

//go:embed networks.zst
var networksPacked []byte

//go:embed countries.zst
var countriesPacked []byte

// The shipped tables are unpacked when an address is first looked up.
var (
	networks  = sync.OnceValue(func() *ranges.Table { return unpack(networksPacked) })
	countries = sync.OnceValue(func() *ranges.Table { return unpack(countriesPacked) })
)

func unpack(packed []byte) *ranges.Table {
	t, err := ranges.Unpack(packed)
	if err != nil {
		panic(fmt.Sprintf("a table that is built in: %v", err)) // the tests look at it
	}
	return t
}

// An edge is one line of edges.txt: a network behind whose addresses stand
// machines in many places, or names below which others have theirs.
type edge struct{ operator, kind, source string }

// Kinds of edges.
const (
	anycast = "anycast" // one address, many machines
	content = "content" // a content network: which machine answers depends on who asks
	rented  = "rented"  // others have their servers there
)

//go:embed edges.txt
var edgesText string

var edges = sync.OnceValue(func() map[string]edge {
	return table(edgesText, 4, func(f []string) edge { return edge{f[1], f[2], f[3]} })
})

// unplaced says why a server of such a network has no country, "" if it may
// have one.
func (e edge) unplaced() string {
	switch e.kind {
	case anycast:
		return e.operator + " is an anycast network: one address, machines in many countries"
	case content:
		return e.operator + " is a content network: machines in many countries"
	}
	return ""
}

// hosted takes the hoster from the host's own name or from the names that it
// led on to. known is the name that the organisation is known by: who rents
// below a hoster's name is not known by the hoster's name.
func hosted(p *audit.Party, known string) {
	for _, name := range append([]string{p.Host}, p.Aliases...) {
		hoster, e, ok := longest(edges(), name)
		if !ok {
			continue
		}
		if name == p.Host && len(known) <= len(hoster) {
			p.Organisation, p.Mark, p.Role = "", "", "hosting"
		}
		p.Network, p.Unplaced = e.operator, e.unplaced()
		cite(p, "hoster: "+hoster+", "+e.source)
		return
	}
}

// place fills in what the addresses of the servers tell, as far as they agree.
func (b *Book) place(p *audit.Party, addresses []string) {
	var servers []audit.Server
	for _, text := range addresses {
		ip, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		s := b.server(ip, p)
		if !slices.Contains(servers, s) {
			servers = append(servers, s)
		}
	}
	if len(servers) == 0 {
		return
	}
	slices.SortFunc(servers, func(a, b audit.Server) int { return strings.Compare(a.IP, b.IP) })
	first := servers[0]
	if len(servers) == 1 {
		p.IP = first.IP
	} else {
		p.Servers = servers
	}
	same := func(of func(audit.Server) any) bool {
		return !slices.ContainsFunc(servers, func(s audit.Server) bool { return of(s) != of(first) })
	}
	if same(func(s audit.Server) any { return s.ASN }) {
		p.ASN = first.ASN
	}
	if p.Network == "" && same(func(s audit.Server) any { return s.Network }) {
		p.Network = first.Network
	}
	switch {
	case p.Unplaced != "": // the name has said so
	case !same(func(s audit.Server) any { return s.Country }):
		p.Unplaced = Several
	case !same(func(s audit.Server) any { return s.Basis }):
		p.Unplaced = NotKnown
	default:
		p.Country, p.Basis, p.Unplaced = first.Country, first.Basis, first.Unplaced
	}
}

// server looks up one address.
func (b *Book) server(ip netip.Addr, p *audit.Party) audit.Server {
	ip = ip.Unmap().WithZone("")
	s := audit.Server{IP: ip.String()}
	if reserved(ip) {
		s.Unplaced = "an address that is not of the internet"
		return s
	}
	b.fromGeo(&s, ip, p)
	if number, name, ok := strings.Cut(networks().Find(ip), "\t"); ok && s.ASN == 0 {
		s.ASN, _ = strconv.Atoi(number) // its own table; 0 is unknown
		s.Network = name
		cite(p, "network: "+networks().About())
	}
	if e, ok := edges()["AS"+strconv.Itoa(s.ASN)]; ok && e.unplaced() != "" {
		s.Country, s.Basis, s.Unplaced = "", "", e.unplaced()
		cite(p, "network: "+e.source)
		return s
	}
	if s.Country == "" && s.Unplaced == "" {
		if s.Country = countries().Find(ip); s.Country != "" {
			s.Basis = audit.ByRegistry
			cite(p, "registered in: "+countries().About())
		} else {
			s.Unplaced = NotKnown
		}
	}
	if p.Unplaced != "" { // the name leads to a content network
		s.Country, s.Basis, s.Unplaced = "", "", p.Unplaced
	}
	return s
}

// reserved reports whether an address is no public one: of the machine, of a
// local network, or of a group.
func reserved(ip netip.Addr) bool {
	return !ip.IsGlobalUnicast() || ip.IsPrivate()
}
