// Package dns answers the name lookups of captured devices (RFC 1035) and
// records them. Offline it invents an address for every name, and knows the
// name again when a connection to that address comes.
package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"telltale/audit"
)

// A Server answers lookups. It is safe for concurrent use.
type Server struct {
	// Ask puts a question to a real name server. Nil: addresses are invented.
	Ask func(ctx context.Context, query []byte) ([]byte, error)
	// Own are names that stand for the capture itself, and its address.
	Own     []string
	Address netip.Addr
	// Told is called with every lookup.
	Told func(from netip.Addr, l audit.Lookup)

	mu    sync.Mutex
	names map[netip.Addr]string
	given map[string]netip.Addr // invented
	last  netip.Addr
}

// Invented addresses are those set aside for measuring networks (RFC 2544):
// they belong to nobody.
var invented = netip.MustParsePrefix("198.18.0.0/15")

const (
	mostNames = 100_000
	lifetime  = 60 // seconds that an invented answer may be kept
	maxQuery  = 4096
)

// Types of records that are not passed on: they carry keys of encrypted hellos
// and lead clients to HTTP/3 (RFC 9460).
const (
	typeSVCB  = 64
	typeHTTPS = 65
)

// Name returns the name that an address was given for, "" if none was.
func (s *Server) Name(a netip.Addr) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.names[a.Unmap()]
}

// ErrQuery means that a packet is no question to a name server.
var ErrQuery = errors.New("no question to a name server")

// Answer answers one query. An error means that there is nothing to answer.
func (s *Server) Answer(ctx context.Context, from netip.Addr, server netip.AddrPort, query []byte) ([]byte, error) {
	var p dnsmessage.Parser
	head, err := p.Start(query)
	if err != nil || head.Response || len(query) > maxQuery {
		return nil, ErrQuery
	}
	q, err := p.Question()
	if err != nil {
		return nil, ErrQuery
	}
	name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
	l := audit.Lookup{Server: server.String(), Name: name, Type: typeName(q.Type)}
	answer := s.answer(ctx, head, q, query, &l)
	if s.Told != nil {
		s.Told(from, l)
	}
	return answer, nil
}

func (s *Server) answer(ctx context.Context, head dnsmessage.Header, q dnsmessage.Question, query []byte, l *audit.Lookup) []byte {
	switch {
	case slices.Contains(s.Own, l.Name):
		return s.addressed(head, q, s.Address, l)
	case q.Type == typeHTTPS || q.Type == typeSVCB:
		l.Code = "withheld: it leads to HTTP/3 and encrypted hellos"
		return reply(head, q, dnsmessage.RCodeSuccess, nil)
	case s.Ask == nil && q.Type == dnsmessage.TypeA:
		return s.addressed(head, q, s.invent(l.Name), l)
	case s.Ask == nil:
		l.Code = "offline: only addresses of IPv4 are invented"
		return reply(head, q, dnsmessage.RCodeSuccess, nil)
	}
	answer, err := s.Ask(ctx, query)
	if err != nil {
		l.Code = "no answer: " + err.Error()
		return reply(head, q, dnsmessage.RCodeServerFailure, nil)
	}
	s.learn(answer, l)
	return answer
}

// addressed answers with one address, if the question is for its kind.
func (s *Server) addressed(head dnsmessage.Header, q dnsmessage.Question, a netip.Addr, l *audit.Lookup) []byte {
	if !a.IsValid() {
		l.Code = "no address is left to invent"
		return reply(head, q, dnsmessage.RCodeServerFailure, nil)
	}
	if q.Type != dnsmessage.TypeA || !a.Is4() {
		return reply(head, q, dnsmessage.RCodeSuccess, nil)
	}
	l.Answers = []string{a.String()}
	return reply(head, q, dnsmessage.RCodeSuccess, &dnsmessage.AResource{A: a.As4()})
}

// invent gives a name an address of its own, none if all are taken.
func (s *Server) invent(name string) netip.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, ok := s.given[name]; ok {
		return a
	}
	next := invented.Addr().Next()
	if s.last.IsValid() {
		next = s.last.Next()
	}
	if !invented.Contains(next) || len(s.given) >= mostNames {
		return netip.Addr{}
	}
	if s.given == nil {
		s.given = make(map[string]netip.Addr)
	}
	s.given[name], s.last = next, next
	s.keep(next, name)
	return next
}

// keep notes what an address was given for; the caller holds mu.
func (s *Server) keep(a netip.Addr, name string) {
	if s.names == nil || len(s.names) >= mostNames && s.Ask != nil {
		s.names = make(map[netip.Addr]string)
	}
	s.names[a] = name
}

// learn reads an answer of a real server.
func (s *Server) learn(answer []byte, l *audit.Lookup) {
	var m dnsmessage.Message
	if err := m.Unpack(answer); err != nil {
		l.Code = "an answer that cannot be read"
		return
	}
	if m.RCode != dnsmessage.RCodeSuccess {
		l.Code = strings.TrimPrefix(m.RCode.String(), "RCode")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range m.Answers {
		switch b := r.Body.(type) {
		case *dnsmessage.AResource:
			l.Answers = append(l.Answers, netip.AddrFrom4(b.A).String())
			s.keep(netip.AddrFrom4(b.A), l.Name)
		case *dnsmessage.AAAAResource:
			l.Answers = append(l.Answers, netip.AddrFrom16(b.AAAA).String())
			s.keep(netip.AddrFrom16(b.AAAA), l.Name)
		case *dnsmessage.CNAMEResource:
			l.Answers = append(l.Answers, strings.TrimSuffix(b.CNAME.String(), "."))
		}
	}
}

// reply makes an answer, with a record if body is not nil.
func reply(head dnsmessage.Header, q dnsmessage.Question, code dnsmessage.RCode, body dnsmessage.ResourceBody) []byte {
	m := dnsmessage.Message{
		Header: dnsmessage.Header{
			ID: head.ID, Response: true, OpCode: head.OpCode, RecursionDesired: head.RecursionDesired,
			RecursionAvailable: true, RCode: code,
		},
		Questions: []dnsmessage.Question{q},
	}
	if body != nil {
		m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: lifetime}, Body: body}}
	}
	b, err := m.Pack()
	if err != nil {
		return nil // a name that was read can be written
	}
	return b
}

func typeName(t dnsmessage.Type) string {
	switch t {
	case typeHTTPS:
		return "HTTPS"
	case typeSVCB:
		return "SVCB"
	}
	if name, ok := strings.CutPrefix(t.String(), "Type"); ok {
		return name
	}
	return fmt.Sprintf("TYPE%d", uint16(t)) // RFC 3597
}

// Forward returns a function that asks a real server: over UDP, and over TCP
// where the answer does not fit (RFC 7766).
func Forward(dial func(ctx context.Context, network, addr string) (net.Conn, error), server string) func(context.Context, []byte) ([]byte, error) {
	return func(ctx context.Context, query []byte) ([]byte, error) {
		answer, err := askUDP(ctx, dial, server, query)
		if err == nil && len(answer) > 2 && answer[2]&truncated != 0 {
			return askTCP(ctx, dial, server, query)
		}
		return answer, err
	}
}

// truncated is the TC bit in the third byte of an answer.
const truncated = 2

// patience is how long a real server may take.
const patience = 5 * time.Second

func askUDP(ctx context.Context, dial func(context.Context, string, string) (net.Conn, error), server string, query []byte) ([]byte, error) {
	c, err := opened(ctx, dial, "udp", server)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Write(query); err != nil {
		return nil, err
	}
	b := make([]byte, 64<<10)
	for {
		n, err := c.Read(b)
		if err != nil {
			return nil, err
		}
		if n >= 12 && b[0] == query[0] && b[1] == query[1] {
			return b[:n], nil
		}
	}
}

func askTCP(ctx context.Context, dial func(context.Context, string, string) (net.Conn, error), server string, query []byte) ([]byte, error) {
	c, err := opened(ctx, dial, "tcp", server)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	if err := WriteTCP(c, query); err != nil {
		return nil, err
	}
	return ReadTCP(c)
}

func opened(ctx context.Context, dial func(context.Context, string, string) (net.Conn, error), network, server string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := dial(ctx, network, server)
	if err != nil {
		return nil, err
	}
	over, _ := ctx.Deadline()
	return c, c.SetDeadline(over)
}

// ReadTCP reads a message with its length before it.
func ReadTCP(r io.Reader) ([]byte, error) {
	var size [2]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	b := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err := io.ReadFull(r, b)
	return b, err
}

// WriteTCP writes a message with its length before it.
func WriteTCP(w io.Writer, b []byte) error {
	if len(b) > 1<<16-1 {
		return errors.New("a message of a name server is too long for TCP")
	}
	_, err := w.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)) //nolint:gosec // checked
	return err
}
