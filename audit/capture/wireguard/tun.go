package wireguard

import (
	"context"
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.zx2c4.com/wireguard/tun"
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
)

const (
	mtu   = 1420 // of WireGuard within Ethernet
	nic   = 1
	queue = 1024 // packets
)

// A link is the network that is inside the tunnel: an IP stack of its own that
// takes packets for any address as its own. It is the device that WireGuard
// reads and writes.
type link struct {
	stack    *stack.Stack
	endpoint *channel.Endpoint
	events   chan tun.Event
	ctx      context.Context
	cancel   context.CancelFunc
	once     sync.Once
}

func newLink() (*link, error) {
	l := &link{
		stack: stack.New(stack.Options{
			NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, ipv6.NewProtocol},
			TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4, icmp.NewProtocol6},
		}),
		endpoint: channel.New(queue, mtu, ""),
		events:   make(chan tun.Event, 1),
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.events <- tun.EventUp
	sack := tcpip.TCPSACKEnabled(true)
	for what, err := range map[string]tcpip.Error{
		"selective acknowledgements": l.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &sack),
		"an interface":               l.stack.CreateNIC(nic, l.endpoint),
	} {
		if err != nil {
			return nil, fmt.Errorf("network of the tunnel: %s: %s", what, err)
		}
	}
	for what, err := range map[string]tcpip.Error{
		"packets for all addresses":  l.stack.SetPromiscuousMode(nic, true),
		"packets from all addresses": l.stack.SetSpoofing(nic, true),
	} {
		if err != nil {
			return nil, fmt.Errorf("network of the tunnel: %s: %s", what, err)
		}
	}
	l.stack.SetRouteTable([]tcpip.Route{
		{Destination: header.IPv4EmptySubnet, NIC: nic},
		{Destination: header.IPv6EmptySubnet, NIC: nic},
	})
	return l, nil
}

// Read implements [tun.Device]: it gives WireGuard what is to be sent.
func (l *link) Read(bufs [][]byte, sizes []int, offset int) (int, error) {
	p := l.endpoint.ReadContext(l.ctx)
	if p == nil {
		return 0, os.ErrClosed
	}
	defer p.DecRef()
	view := p.ToView()
	defer view.Release()
	n, err := view.Read(bufs[0][offset:])
	sizes[0] = n
	return 1, err
}

// Write implements [tun.Device]: it takes what WireGuard has received.
func (l *link) Write(bufs [][]byte, offset int) (int, error) {
	for i, b := range bufs {
		b = b[offset:]
		if len(b) == 0 {
			continue
		}
		p := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(b)})
		switch header.IPVersion(b) {
		case header.IPv4Version:
			l.endpoint.InjectInbound(header.IPv4ProtocolNumber, p)
		case header.IPv6Version:
			l.endpoint.InjectInbound(header.IPv6ProtocolNumber, p)
		default:
			p.DecRef()
			return i, syscall.EAFNOSUPPORT
		}
		p.DecRef()
	}
	return len(bufs), nil
}

// Close implements [tun.Device].
func (l *link) Close() error {
	l.once.Do(func() {
		l.cancel()
		l.endpoint.Close()
		l.stack.Close()
		close(l.events)
	})
	return nil
}

// File implements [tun.Device]: there is none.
func (l *link) File() *os.File { return nil }

// MTU implements [tun.Device].
func (l *link) MTU() (int, error) { return mtu, nil }

// Name implements [tun.Device].
func (l *link) Name() (string, error) { return "telltale", nil }

// Events implements [tun.Device].
func (l *link) Events() <-chan tun.Event { return l.events }

// BatchSize implements [tun.Device].
func (l *link) BatchSize() int { return 1 }
