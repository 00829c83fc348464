// Package wireguard is a way to the proxy for phones: a server of WireGuard
// that needs neither root nor a kernel module. A phone joins with the stock
// app and has no other way out. All its TCP becomes connections of a
// [net.Listener], lookups of names are answered, and every other datagram is
// refused and counted, so that QUIC falls back to TCP.
package wireguard

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.zx2c4.com/wireguard/device"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"telltale/audit/capture/blocked"
	"telltale/audit/capture/dns"
)

// A Config says what a network does.
type Config struct {
	Listen  netip.AddrPort // of UDP
	Server  Key
	Phones  []Phone
	Names   *dns.Server
	Blocked *blocked.Counter
	// QUIC takes the datagrams to port 443, one connected socket a flow. Nil:
	// they are refused like all others.
	QUIC func(net.Conn)
	Now  func() time.Time
	Log  *slog.Logger
}

// A Network is a running server.
type Network struct {
	config  Config
	link    *link
	device  *device.Device
	bind    *bind
	conns   chan net.Conn
	closing chan struct{}
	once    sync.Once
	flows   sync.WaitGroup
	mu      sync.Mutex
	asking  int
}

// Bounds of what phones can make us hold.
const (
	receiveWindow = 1 << 20
	mostOpening   = 1024 // connections whose handshake is not over
	mostAsking    = 256  // lookups at the same time
	lookupIdle    = 5 * time.Second
	keepAlive     = 60 * time.Second
	keepAliveGap  = 30 * time.Second
	maxDatagram   = 64 << 10
)

// Start opens the socket and waits for phones.
func Start(c Config) (*Network, error) {
	l, err := newLink()
	if err != nil {
		return nil, err
	}
	n := &Network{config: c, link: l, bind: &bind{addr: c.Listen}, conns: make(chan net.Conn), closing: make(chan struct{})}
	streams := tcp.NewForwarder(l.stack, receiveWindow, mostOpening, n.stream)
	l.stack.SetTransportProtocolHandler(tcp.ProtocolNumber, streams.HandlePacket)
	datagrams := udp.NewForwarder(l.stack, n.datagram)
	l.stack.SetTransportProtocolHandler(udp.ProtocolNumber, func(id stack.TransportEndpointID, p *stack.PacketBuffer) bool {
		if id.LocalPort == portDNS || id.LocalPort == portQUIC && c.QUIC != nil {
			return datagrams.HandlePacket(id, p)
		}
		n.refuse(id, p)
		return false // the stack says that the port cannot be reached
	})
	n.device = device.NewDevice(l, n.bind, n.logger())
	if err := n.device.IpcSet(configuration(c.Server, c.Phones)); err != nil {
		n.device.Close()
		return nil, fmt.Errorf("settings of WireGuard: %w", err)
	}
	if err := n.device.Up(); err != nil {
		n.device.Close()
		return nil, fmt.Errorf("the socket of WireGuard on %s: %w", c.Listen, err)
	}
	return n, nil
}

const (
	portDNS  = 53
	portQUIC = 443
)

// logger passes on what the device complains about. Its messages have no
// attributes.
func (n *Network) logger() *device.Logger {
	return &device.Logger{
		Verbosef: device.DiscardLogf,
		Errorf: func(format string, args ...any) {
			if n.config.Log != nil {
				n.config.Log.Debug("wireguard", slog.String("says", fmt.Sprintf(format, args...)))
			}
		},
	}
}

// At returns the address of the socket.
func (n *Network) At() netip.AddrPort {
	n.bind.mu.Lock()
	defer n.bind.mu.Unlock()
	return n.bind.addr
}

// Phone returns the name of the phone that has an address inside the tunnel.
func (n *Network) Phone(a netip.Addr) string {
	for _, p := range n.config.Phones {
		if a == p.Addr || a == addr6(p.Addr) {
			return p.Name
		}
	}
	return ""
}

// Close ends the network.
func (n *Network) Close() error {
	n.once.Do(func() {
		close(n.closing)
		n.device.Close() // closes the link too
		n.flows.Wait()
	})
	return nil
}

// Accept implements [net.Listener]: it gives the TCP connections of phones.
// Their local address is where they want to go.
func (n *Network) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.closing:
		return nil, net.ErrClosed
	}
}

// Addr implements [net.Listener]: it is the address of the socket.
func (n *Network) Addr() net.Addr { return net.UDPAddrFromAddrPort(n.At()) }

// stream takes a TCP connection.
func (n *Network) stream(r *tcp.ForwarderRequest) {
	var wq waiter.Queue
	port := r.ID().LocalPort
	ep, err := r.CreateEndpoint(&wq)
	if err != nil {
		r.Complete(true)
		return
	}
	r.Complete(false)
	ep.SocketOptions().SetKeepAlive(true) // a phone that has gone says no goodbye
	idle, gap := tcpip.KeepaliveIdleOption(keepAlive), tcpip.KeepaliveIntervalOption(keepAliveGap)
	_, _ = ep.SetSockOpt(&idle), ep.SetSockOpt(&gap) // known options of TCP
	c := gonet.NewTCPConn(&wq, ep)
	if port == portDNS {
		n.flows.Go(func() { n.lookups(c) })
		return
	}
	select {
	case n.conns <- c:
	case <-n.closing:
		_ = c.Close() // nobody takes it
	}
}

// datagram takes the first datagram of a flow that is answered.
func (n *Network) datagram(r *udp.ForwarderRequest) {
	var wq waiter.Queue
	ep, err := r.CreateEndpoint(&wq)
	if err != nil {
		return
	}
	c := gonet.NewUDPConn(&wq, ep)
	if r.ID().LocalPort == portQUIC {
		n.config.QUIC(c)
		return
	}
	if !n.ask(1) {
		_ = c.Close() // the phone asks again
		return
	}
	n.flows.Go(func() {
		defer n.ask(-1)
		n.lookup(c)
	})
}

// ask counts flows of lookups. It reports whether there is room for one more.
func (n *Network) ask(by int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.asking+by > mostAsking {
		return false
	}
	n.asking += by
	return true
}

// lookup answers the lookups of one flow.
func (n *Network) lookup(c net.Conn) {
	defer func() { _ = c.Close() }()
	defer n.until(c)()
	b := make([]byte, maxDatagram)
	for {
		_ = c.SetReadDeadline(n.soon()) // without one, the end of the network ends it
		size, err := c.Read(b)
		if err != nil {
			return
		}
		if answer, err := n.answer(c, b[:size]); err == nil {
			_, _ = c.Write(answer) // the phone asks again
		}
	}
}

// lookups answers those of a TCP connection (RFC 7766).
func (n *Network) lookups(c net.Conn) {
	defer func() { _ = c.Close() }()
	defer n.until(c)()
	for {
		_ = c.SetDeadline(n.soon()) // without one, the end of the network ends it
		query, err := dns.ReadTCP(c)
		if err != nil {
			return
		}
		answer, err := n.answer(c, query)
		if err != nil || dns.WriteTCP(c, answer) != nil {
			return
		}
	}
}

func (n *Network) answer(c net.Conn, query []byte) ([]byte, error) {
	from, to := addrPort(c.RemoteAddr()), addrPort(c.LocalAddr())
	return n.config.Names.Answer(context.Background(), from.Addr(), to, query)
}

// until closes c when the network ends. The function that it returns ends
// the watch.
func (n *Network) until(c net.Conn) (stop func()) {
	done := make(chan struct{})
	go func() {
		select {
		case <-n.closing:
			_ = c.Close() // wakes its reader
		case <-done:
		}
	}()
	return func() { close(done) }
}

// soon is the moment at which a flow of lookups has been idle for too long.
func (n *Network) soon() time.Time {
	return time.Now().Add(lookupIdle) //nolint:forbidigo // the stack checks it against the system's clock
}

// refuse counts a datagram that goes nowhere.
func (n *Network) refuse(id stack.TransportEndpointID, p *stack.PacketBuffer) {
	if n.config.Blocked == nil {
		return
	}
	view := p.Data().AsRange().ToView()
	defer view.Release()
	n.config.Blocked.Add(n.config.Now(), blocked.Flow{
		From: netip.AddrPortFrom(addr(id.RemoteAddress), id.RemotePort),
		To:   netip.AddrPortFrom(addr(id.LocalAddress), id.LocalPort),
	}, view.AsSlice())
}

func addr(a tcpip.Address) netip.Addr {
	out, _ := netip.AddrFromSlice(a.AsSlice())
	return out.Unmap()
}

// addrPort is the address of a socket of the stack.
func addrPort(a net.Addr) netip.AddrPort {
	p, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
}
