package blocked

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/quic-go/quic-go"

	"telltale/audit"
)

var noon = time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)

// A flow is told once it is quiet, with all that it had.
func TestQuiet(t *testing.T) {
	c := Counter{Why: "refused", Name: func(a netip.Addr) string {
		if a == netip.MustParseAddr("192.0.2.7") {
			return "time.example"
		}
		return ""
	}}
	ntp := Flow{netip.MustParseAddrPort("10.66.0.2:5000"), netip.MustParseAddrPort("192.0.2.7:123")}
	other := Flow{netip.MustParseAddrPort("10.66.0.3:5000"), netip.MustParseAddrPort("192.0.2.8:9")}
	c.Add(noon, ntp, make([]byte, 48))
	c.Add(noon.Add(time.Second), other, make([]byte, 10))
	c.Add(noon.Add(5*time.Second), ntp, make([]byte, 48))
	want := []Report{{other.From, noon.Add(time.Second), audit.Blocked{Host: "192.0.2.8", Port: "9", Proto: "udp", Packets: 1, Bytes: 10, Why: "refused"}}}
	if diff := cmp.Diff(want, c.Quiet(noon.Add(4*time.Second)), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	want = []Report{{ntp.From, noon, audit.Blocked{Host: "time.example", Port: "123", Proto: "udp", Packets: 2, Bytes: 96, Why: "refused"}}}
	if diff := cmp.Diff(want, c.Quiet(noon.Add(time.Hour)), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if got := c.Quiet(noon.Add(time.Hour)); len(got) != 0 {
		t.Errorf("told again: %+v", got)
	}
}

// No datagram is lost where there are more flows than are told apart.
func TestBound(t *testing.T) {
	c := Counter{Why: "refused"}
	from := netip.MustParseAddr("10.66.0.2")
	for i := range mostFlows + 500 {
		c.Add(noon, Flow{netip.AddrPortFrom(from, uint16(i%60000)), netip.AddrPortFrom(from, uint16(i/60000+1))}, make([]byte, 3))
	}
	var packets, bytes int64
	reports := c.Quiet(noon.Add(time.Hour))
	for _, r := range reports {
		packets += r.Blocked.Packets
		bytes += r.Blocked.Bytes
	}
	if len(reports) != mostFlows+1 || packets != mostFlows+500 || bytes != 3*(mostFlows+500) {
		t.Errorf("%d reports of %d packets, %d bytes", len(reports), packets, bytes)
	}
}

// A tap gives the datagrams that a client sends, and no answer.
type tap struct {
	net.PacketConn
	sent chan []byte
}

func (p *tap) WriteTo(b []byte, _ net.Addr) (int, error) {
	select {
	case p.sent <- append([]byte(nil), b...):
	default:
	}
	return len(b), nil
}

// A client of QUIC says whom it wants, and is told by that name.
func TestQUICName(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	p := &tap{pc, make(chan []byte, 8)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := quic.Dial(ctx, p, &net.UDPAddr{IP: net.IPv4(192, 0, 2, 9), Port: 443}, &tls.Config{ServerName: "quic.example", NextProtos: []string{"h3"}}, nil)
		done <- err
	}()
	c := Counter{Why: "refused"}
	f := Flow{netip.MustParseAddrPort("10.66.0.2:5000"), netip.MustParseAddrPort("192.0.2.9:443")}
	n := 0
	for name := ""; name == "" && n < 8; n++ {
		c.Add(noon, f, <-p.sent)
		c.mu.Lock()
		name = c.flows[f].sni
		c.mu.Unlock()
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	r := c.Quiet(noon.Add(time.Hour))
	if got := fmt.Sprint(r[0].Blocked.Host, r[0].Blocked.SNI, r[0].Blocked.Proto, r[0].Blocked.Packets); got != fmt.Sprint("quic.example", "quic.example", "quic", n) {
		t.Error(got)
	}
}
