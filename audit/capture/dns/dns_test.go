package dns

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"

	"telltale/audit"
)

var (
	phone  = netip.MustParseAddr("10.66.0.2")
	server = netip.MustParseAddrPort("10.66.0.1:53")
)

func question(t testing.TB, name string, kind dnsmessage.Type) []byte {
	t.Helper()
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 7, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name), Type: kind, Class: dnsmessage.ClassINET}},
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ask asks and returns what was answered and what was recorded.
func ask(t *testing.T, s *Server, name string, kind dnsmessage.Type) (dnsmessage.Message, audit.Lookup) {
	t.Helper()
	var told audit.Lookup
	s.Told = func(from netip.Addr, l audit.Lookup) {
		if from != phone {
			t.Errorf("from %s", from)
		}
		told = l
	}
	b, err := s.Answer(t.Context(), phone, server, question(t, name, kind))
	if err != nil {
		t.Fatal(err)
	}
	var m dnsmessage.Message
	if err := m.Unpack(b); err != nil {
		t.Fatal(err)
	}
	if m.ID != 7 || !m.Response || len(m.Questions) != 1 {
		t.Errorf("%+v", m.Header)
	}
	return m, told
}

// Offline, each name has an address of its own, always the same, and is known
// again by it.
func TestInvented(t *testing.T) {
	s := &Server{Own: []string{"telltale.lab"}, Address: netip.MustParseAddr("10.66.0.1")}
	for _, tc := range []struct {
		name string
		kind dnsmessage.Type
		want audit.Lookup
	}{
		{"A.example.", dnsmessage.TypeA, audit.Lookup{Name: "a.example", Type: "A", Answers: []string{"198.18.0.1"}}},
		{"b.example.", dnsmessage.TypeA, audit.Lookup{Name: "b.example", Type: "A", Answers: []string{"198.18.0.2"}}},
		{"a.example.", dnsmessage.TypeA, audit.Lookup{Name: "a.example", Type: "A", Answers: []string{"198.18.0.1"}}},
		{"a.example.", dnsmessage.TypeAAAA, audit.Lookup{Name: "a.example", Type: "AAAA", Code: "offline: only addresses of IPv4 are invented"}},
		{"a.example.", 65, audit.Lookup{Name: "a.example", Type: "HTTPS", Code: "withheld: it leads to HTTP/3 and encrypted hellos"}},
		{"telltale.lab.", dnsmessage.TypeA, audit.Lookup{Name: "telltale.lab", Type: "A", Answers: []string{"10.66.0.1"}}},
	} {
		m, told := ask(t, s, tc.name, tc.kind)
		tc.want.Server = server.String()
		if diff := cmp.Diff(tc.want, told); diff != "" {
			t.Error(diff)
		}
		if len(m.Answers) != len(tc.want.Answers) {
			t.Errorf("%s: %d answers", tc.name, len(m.Answers))
		}
	}
	if got := s.Name(netip.MustParseAddr("198.18.0.2")); got != "b.example" {
		t.Errorf("got %q", got)
	}
	if got := s.Name(netip.MustParseAddr("192.0.2.1")); got != "" {
		t.Errorf("got %q", got)
	}
}

// Online, the real server answers, over TCP where the answer is long; one that
// does not answer is recorded as such.
func TestForward(t *testing.T) {
	full := dnsmessage.Message{
		Header: dnsmessage.Header{ID: 7, Response: true},
		Questions: []dnsmessage.Question{{
			Name: dnsmessage.MustNewName("a.example."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET,
		}},
		Answers: []dnsmessage.Resource{
			{Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName("a.example."), Class: dnsmessage.ClassINET}, Body: &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName("c.example.")}},
			{Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName("c.example."), Class: dnsmessage.ClassINET}, Body: &dnsmessage.AResource{A: [4]byte{192, 0, 2, 7}}},
		},
	}
	whole, err := full.Pack()
	if err != nil {
		t.Fatal(err)
	}
	short := full
	short.Truncated, short.Answers = true, nil
	cut, err := short.Pack()
	if err != nil {
		t.Fatal(err)
	}
	dial := func(_ context.Context, network, addr string) (net.Conn, error) {
		if addr != "192.0.2.53:53" {
			return nil, errors.New("another server")
		}
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			if network == "tcp" {
				if _, err := ReadTCP(far); err == nil {
					_ = WriteTCP(far, whole)
				}
				return
			}
			_, _ = far.Read(make([]byte, 512))
			_, _ = far.Write([]byte("an answer to another question"))
			_, _ = far.Write(cut)
		}()
		return near, nil
	}
	s := &Server{Ask: Forward(dial, "192.0.2.53:53")}
	_, told := ask(t, s, "a.example.", dnsmessage.TypeA)
	want := audit.Lookup{Server: server.String(), Name: "a.example", Type: "A", Answers: []string{"c.example", "192.0.2.7"}}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
	if got := s.Name(netip.MustParseAddr("192.0.2.7")); got != "a.example" {
		t.Errorf("the address is known as %q", got)
	}
	s.Ask = Forward(dial, "192.0.2.99:53")
	if m, told := ask(t, s, "a.example.", dnsmessage.TypeA); m.RCode != dnsmessage.RCodeServerFailure || told.Code != "no answer: another server" {
		t.Errorf("%v, %+v", m.RCode, told)
	}
}

// Whatever is asked, an answer is one to the question that was asked.
func FuzzAnswer(f *testing.F) {
	f.Add(question(f, "a.example.", dnsmessage.TypeA))
	f.Add(question(f, "telltale.lab.", 65))
	f.Fuzz(func(t *testing.T, query []byte) {
		s := &Server{Own: []string{"telltale.lab"}, Address: phone}
		answer, err := s.Answer(t.Context(), phone, server, query)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if err := m.Unpack(answer); err != nil {
			t.Fatal(err)
		}
		var p dnsmessage.Parser
		head, _ := p.Start(query)
		q, err := p.Question()
		if err != nil || m.ID != head.ID || !m.Response || m.Questions[0] != q {
			t.Errorf("%+v for %+v", m, q)
		}
		for _, a := range m.Answers {
			if a.Header.Name != q.Name {
				t.Errorf("an answer for %s", a.Header.Name)
			}
		}
	})
}

// A message over TCP is read as it was written.
func TestTCPRoundTrip(t *testing.T) {
	var b bytes.Buffer
	if err := WriteTCP(&b, []byte("message")); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadTCP(&b); err != nil || string(got) != "message" {
		t.Errorf("%q, %v", got, err)
	}
	if err := WriteTCP(&b, make([]byte, 1<<16)); err == nil {
		t.Error("too long a message was written")
	}
}
