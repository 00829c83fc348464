package export

import (
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"telltale/audit"
)

// lookup writes a question to a name server and its answer, as UDP.
func (p *packets) lookup(e audit.Event, n int) {
	l := e.Lookup
	q, a, ok := dns(l, uint16(n)) //nolint:gosec // cut off on purpose
	if !ok {
		p.left[leftLookups]++
		return
	}
	to := p.addressOf("dns", l.Server)
	from := netip.AddrFrom4([4]byte{10, 0, 0, 2})
	if to.Is6() {
		from = netip.AddrFrom16([16]byte{0xfd, 15: 2})
	}
	port := uint16(20000 + n%40000)
	p.udp(e.Time, netip.AddrPortFrom(from, port), netip.AddrPortFrom(to, 53), q)
	if l.Code != "no answer" {
		p.udp(e.Time, netip.AddrPortFrom(to, 53), netip.AddrPortFrom(from, port), a)
	}
}

// udp writes a datagram.
func (p *packets) udp(at time.Time, from, to netip.AddrPort, data []byte) {
	n := len(data) + 8
	b := []byte{byte(from.Port() >> 8), byte(from.Port()), byte(to.Port() >> 8), byte(to.Port()), byte(n >> 8), byte(n), 0, 0} //nolint:gosec // cut into bytes
	const protocol, sum = 17, 6
	p.ip(at, [2]netip.Addr{from.Addr(), to.Addr()}, protocol, append(b, data...), sum)
}

// dns packs a question and its answer; ok is false if they cannot be.
func dns(l *audit.Lookup, id uint16) (question, answer []byte, ok bool) {
	name, err := dnsmessage.NewName(l.Name + ".")
	kind := typeOf(l.Type)
	if err != nil || kind == 0 {
		return nil, nil, false
	}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: name, Type: kind, Class: dnsmessage.ClassINET}},
	}
	if question, err = m.Pack(); err != nil {
		return nil, nil, false
	}
	m.Response, m.RCode = true, codeOf(l.Code)
	for _, s := range l.Answers {
		r, alias := resource(name, s)
		if r.Body == nil {
			continue
		}
		m.Answers = append(m.Answers, r)
		name = alias
	}
	answer, err = m.Pack()
	return question, answer, err == nil && len(answer) < 1<<15
}

// resource is a record with what was answered: an address, or another name,
// to which the next belong.
func resource(name dnsmessage.Name, s string) (dnsmessage.Resource, dnsmessage.Name) {
	r := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET, TTL: 60}}
	if ip, err := netip.ParseAddr(s); err == nil {
		if ip.Is4() {
			r.Body = &dnsmessage.AResource{A: ip.As4()}
		} else {
			r.Body = &dnsmessage.AAAAResource{AAAA: ip.As16()}
		}
		return r, name
	}
	alias, err := dnsmessage.NewName(strings.TrimSuffix(s, ".") + ".")
	if err != nil {
		return r, name
	}
	r.Body = &dnsmessage.CNAMEResource{CNAME: alias}
	return r, alias
}

// typeOf is the type of records with a name, 0 if there is none.
func typeOf(name string) dnsmessage.Type {
	for n := dnsmessage.Type(1); n < 300; n++ {
		if strings.TrimPrefix(n.String(), "Type") == name {
			return n
		}
	}
	return 0
}

// codeOf is the code of an answer with a name; one that is not known is that
// of a failure.
func codeOf(name string) dnsmessage.RCode {
	if name == "" {
		return dnsmessage.RCodeSuccess
	}
	for n := range dnsmessage.RCode(16) {
		if strings.TrimPrefix(n.String(), "RCode") == name {
			return n
		}
	}
	return dnsmessage.RCodeServerFailure
}
