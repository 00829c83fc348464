package wireguard

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"
	"golang.zx2c4.com/wireguard/conn"
	"golang.zx2c4.com/wireguard/device"
	"golang.zx2c4.com/wireguard/tun/netstack"

	"telltale/audit"
	"telltale/audit/capture/blocked"
	"telltale/audit/capture/dns"
	"telltale/audit/capture/mitm"
)

var noon = time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)

// A notebook is a recorder that keeps events, and bodies in memory.
type notebook struct {
	mu     sync.Mutex
	events []audit.Event
}

func (n *notebook) Record(e audit.Event) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.events = append(n.events, e)
	return nil
}

func (n *notebook) all() []audit.Event {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]audit.Event(nil), n.events...)
}

func (n *notebook) Body() (audit.BodyWriter, error) { return new(page), nil }

type page struct{ bytes.Buffer }

func (p *page) Close(cause error) (audit.Body, error) {
	sum := sha256.Sum256(p.Bytes())
	b := audit.Body{SHA256: hex.EncodeToString(sum[:]), Size: int64(p.Len())}
	if cause != nil {
		b.Error = cause.Error()
	}
	return b, nil
}

// A lab is a capture by WireGuard, and one phone.
type lab struct {
	notebook
	network *Network
	session *mitm.Session
	blocked *blocked.Counter
	phone   *netstack.Net
	ca      *mitm.CA
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{}
	l.blocked = &blocked.Counter{Why: "refused"}
	names := &dns.Server{Own: []string{"telltale.lab"}, Address: Gateway, Told: func(from netip.Addr, look audit.Lookup) {
		_ = l.Record(audit.Event{Time: noon, Device: l.network.Phone(from), Lookup: &look})
	}}
	l.blocked.Name = names.Name
	server, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	phones, err := NewPhones([]string{"alice", "bob"})
	if err != nil {
		t.Fatal(err)
	}
	l.network, err = Start(Config{
		Listen: netip.MustParseAddrPort("127.0.0.1:0"), Server: server, Phones: phones, Names: names, Blocked: l.blocked,
		Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	l.ca, err = mitm.NewCA(noon)
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := mitm.New(mitm.Config{
		Recorder: l, CA: l.ca, Now: func() time.Time { return noon }, Hellos: true,
		Sender: func(c net.Conn) func() mitm.Sender {
			phone := l.network.Phone(netip.MustParseAddrPort(c.RemoteAddr().String()).Addr())
			return func() mitm.Sender { return mitm.Sender{Device: phone} }
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	l.session, err = proxy.Serve(audit.Place{Arm: "capture", Run: 1, Session: 1}, l.network, mitm.Local)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.session.Close() })
	l.phone = join(t, phones[1].Settings(server, l.network.At().String()))
	return l
}

// join reads the settings as an app would, and joins as a peer of WireGuard's
// own implementation.
func join(t *testing.T, settings string) *netstack.Net {
	t.Helper()
	var addrs []netip.Addr
	var dns netip.Addr
	var uapi strings.Builder
	for line := range strings.Lines(settings) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " = ")
		switch name {
		case "PrivateKey", "PublicKey":
			raw, err := base64.StdEncoding.DecodeString(value)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&uapi, "%s=%x\n", strings.ToLower(strings.Replace(name, "Key", "_key", 1)), raw)
		case "Address":
			for p := range strings.SplitSeq(value, ", ") {
				addrs = append(addrs, netip.MustParsePrefix(p).Addr())
			}
		case "DNS":
			dns = netip.MustParseAddr(value)
		case "AllowedIPs":
			for p := range strings.SplitSeq(value, ", ") {
				fmt.Fprintf(&uapi, "allowed_ip=%s\n", p)
			}
		case "Endpoint":
			fmt.Fprintf(&uapi, "endpoint=%s\n", value)
		}
	}
	link, network, err := netstack.CreateNetTUN(addrs, []netip.Addr{dns}, mtu)
	if err != nil {
		t.Fatal(err)
	}
	d := device.NewDevice(link, conn.NewDefaultBind(), &device.Logger{Verbosef: device.DiscardLogf, Errorf: t.Logf})
	if err := d.IpcSet(uapi.String()); err != nil {
		t.Fatal(err)
	}
	if err := d.Up(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return network
}

func (l *lab) client(t *testing.T) *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(l.ca.PEM())
	tr := &http.Transport{DialContext: l.phone.DialContext, TLSClientConfig: &tls.Config{RootCAs: roots, Time: func() time.Time { return noon }}, ForceAttemptHTTP2: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// A phone that joined looks a name up and speaks TLS to it: all of it is
// recorded, with the phone's name.
func TestPhone(t *testing.T) {
	l := newLab(t)
	for _, url := range []string{"https://api.example/v1?id=7", "http://plain.example/"} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", url, strings.NewReader("sent"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := l.client(t).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	var got []string
	for _, e := range l.all() {
		if e.Device != "bob" {
			t.Errorf("device %q: %+v", e.Device, e)
		}
		switch {
		case e.Lookup != nil && e.Lookup.Type == "A":
			got = append(got, "lookup "+e.Lookup.Name+" "+strings.Join(e.Lookup.Answers, " "))
		case e.Hello != nil:
			got = append(got, "hello "+e.Hello.Host+" "+e.Hello.JA4[:10]+" "+e.Hello.Spoken)
		case e.Exchange != nil:
			got = append(got, fmt.Sprintf("%s %s %d bytes", e.Exchange.Proto, e.Exchange.URL, e.Exchange.Body.Size))
		}
	}
	want := []string{
		"lookup api.example 198.18.0.1", "hello api.example t13d1312h2 h2", "HTTP/2.0 https://api.example/v1?id=7 4 bytes",
		"lookup plain.example 198.18.0.2", "HTTP/1.1 http://plain.example/ 4 bytes",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A phone without IPv4 in its head gets through, too.
func TestIPv6(t *testing.T) {
	l := newLab(t)
	c, err := l.phone.DialContextTCPAddrPort(t.Context(), netip.MustParseAddrPort("[2001:db8::7]:80"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /six HTTP/1.1\r\nHost: six.example\r\nConnection: close\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if e := l.all()[0]; e.Exchange == nil || e.Exchange.URL != "http://six.example/six" || e.Device != "bob" {
		t.Errorf("%+v", e)
	}
}

// A datagram is refused so that the phone notices at once, and counted.
func TestRefuseUDP(t *testing.T) {
	l := newLab(t)
	to := netip.MustParseAddrPort("198.51.100.9:443")
	c, err := l.phone.DialUDPAddrPort(netip.AddrPort{}, to)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// The refusal shows with the next datagram at the latest that follows it.
	sent := int64(0)
	for err = nil; err == nil && t.Context().Err() == nil && sent < 500; sent++ {
		_, err = c.Write(bytes.Repeat([]byte{0xc0, 0, 0, 0, 1}, 240))
		c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		_, _ = c.Read(make([]byte, 10))
	}
	if err == nil || !strings.Contains(err.Error(), "refused") {
		t.Fatalf("sending: %v, want a refusal", err)
	}
	reports := l.blocked.Quiet(noon.Add(time.Second))
	if len(reports) != 1 {
		t.Fatalf("%d reports", len(reports))
	}
	got := reports[0].Blocked
	want := audit.Blocked{Host: "198.51.100.9", Port: "443", Proto: "quic", Packets: got.Packets, Bytes: 1200 * got.Packets, Why: "refused"}
	if diff := cmp.Diff(want, got); diff != "" || got.Packets < 1 || got.Packets > sent {
		t.Error(diff)
	}
}

// A name server is asked over TCP, too, at any address.
func TestLookupTCP(t *testing.T) {
	l := newLab(t)
	c, err := l.phone.DialContextTCPAddrPort(t.Context(), netip.MustParseAddrPort("192.0.2.53:53"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	q := dnsmessage.Message{Header: dnsmessage.Header{ID: 7}, Questions: []dnsmessage.Question{{
		Name: dnsmessage.MustNewName("Telltale.lab."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET,
	}}}
	b, err := q.Pack()
	if err != nil {
		t.Fatal(err)
	}
	if err := dns.WriteTCP(c, b); err != nil {
		t.Fatal(err)
	}
	answer, err := dns.ReadTCP(c)
	if err != nil {
		t.Fatal(err)
	}
	var m dnsmessage.Message
	if err := m.Unpack(answer); err != nil {
		t.Fatal(err)
	}
	if a, ok := m.Answers[0].Body.(*dnsmessage.AResource); !ok || netip.AddrFrom4(a.A) != Gateway {
		t.Errorf("%+v", m)
	}
	want := audit.Event{Time: noon, Device: "bob", Lookup: &audit.Lookup{Server: "192.0.2.53:53", Name: "telltale.lab", Type: "A", Answers: []string{"10.66.0.1"}}}
	if diff := cmp.Diff(want, l.all()[0]); diff != "" {
		t.Error(diff)
	}
}

// The end of the capture ends the network, whatever the phone is doing.
func TestClose(t *testing.T) {
	l := newLab(t)
	c, err := l.phone.DialContextTCPAddrPort(t.Context(), netip.MustParseAddrPort("192.0.2.1:80"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	done := make(chan error)
	go func() { done <- l.session.Close() }()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := l.network.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}
