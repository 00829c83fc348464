package wireguard

import (
	"net"
	"net/netip"
	"sync"

	"golang.zx2c4.com/wireguard/conn"
)

// A bind is the UDP socket of the server: on one address, where WireGuard's
// own would listen on all of them.
type bind struct {
	mu   sync.Mutex
	addr netip.AddrPort
	conn *net.UDPConn
}

// Open implements [conn.Bind]. The port is part of our address already.
func (b *bind) Open(uint16) ([]conn.ReceiveFunc, uint16, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conn != nil {
		return nil, 0, conn.ErrBindAlreadyOpen
	}
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(b.addr))
	if err != nil {
		return nil, 0, err
	}
	b.conn = c
	at := c.LocalAddr().(*net.UDPAddr).AddrPort()
	b.addr = netip.AddrPortFrom(b.addr.Addr(), at.Port())
	receive := func(packets [][]byte, sizes []int, from []conn.Endpoint) (int, error) {
		n, addr, err := c.ReadFromUDPAddrPort(packets[0])
		if err != nil {
			return 0, err
		}
		sizes[0], from[0] = n, endpoint(netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()))
		return 1, nil
	}
	return []conn.ReceiveFunc{receive}, at.Port(), nil
}

// Close implements [conn.Bind].
func (b *bind) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conn == nil {
		return nil
	}
	err := b.conn.Close()
	b.conn = nil
	return err
}

// SetMark implements [conn.Bind]: marks are for routing, which is not ours.
func (b *bind) SetMark(uint32) error { return nil }

// Send implements [conn.Bind].
func (b *bind) Send(packets [][]byte, to conn.Endpoint) error {
	b.mu.Lock()
	c := b.conn
	b.mu.Unlock()
	if c == nil {
		return net.ErrClosed
	}
	for _, p := range packets {
		if _, err := c.WriteToUDPAddrPort(p, netip.AddrPort(to.(endpoint))); err != nil {
			return err
		}
	}
	return nil
}

// ParseEndpoint implements [conn.Bind].
func (b *bind) ParseEndpoint(s string) (conn.Endpoint, error) {
	a, err := netip.ParseAddrPort(s)
	return endpoint(a), err
}

// BatchSize implements [conn.Bind].
func (b *bind) BatchSize() int { return 1 }

// An endpoint is where a phone is.
type endpoint netip.AddrPort

// ClearSrc implements [conn.Endpoint].
func (endpoint) ClearSrc() {}

// SrcToString implements [conn.Endpoint].
func (endpoint) SrcToString() string { return "" }

// SrcIP implements [conn.Endpoint].
func (endpoint) SrcIP() netip.Addr { return netip.Addr{} }

// DstToString implements [conn.Endpoint].
func (e endpoint) DstToString() string { return netip.AddrPort(e).String() }

// DstIP implements [conn.Endpoint].
func (e endpoint) DstIP() netip.Addr { return netip.AddrPort(e).Addr() }

// DstToBytes implements [conn.Endpoint].
func (e endpoint) DstToBytes() []byte {
	b, _ := netip.AddrPort(e).MarshalBinary() // never fails
	return b
}
