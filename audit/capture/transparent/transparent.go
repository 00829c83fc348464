// Package transparent is a way to the proxy for machines that know of none:
// their packets are led to it by the router that they go through (Linux, with
// the REDIRECT or TPROXY target of netfilter). It finds out where a
// connection was to go, and counts the datagrams that are led here.
package transparent

import (
	"errors"
	"net"
	"net/netip"

	"telltale/audit/capture/mitm"
)

// ErrUnsupported means that the system has no such thing.
var ErrUnsupported = errors.New("the transparent mode needs Linux; use --listen, --socks or --wireguard")

// A Listener accepts connections that were made to other machines.
type Listener struct {
	net.Listener
	// TPROXY reports whether the listener takes what TPROXY leads here. That
	// needs root; REDIRECT works without.
	TPROXY bool
}

// Accept implements [net.Listener]. The local address of a connection is where
// it was to go.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &led{Conn: c, to: original(c)}, nil
}

// Way is the way of its connections. One that was made to the proxy itself
// speaks to it as to a proxy.
func (l *Listener) Way(c net.Conn) (mitm.Destination, error) {
	to, own := address(c.LocalAddr()), address(l.Addr())
	if to.Port() == own.Port() && ours(to.Addr()) {
		return mitm.Destination{}, nil
	}
	return mitm.Destination{Addr: to.String()}, nil
}

// A led connection was made to another machine.
type led struct {
	net.Conn
	to netip.AddrPort
}

// LocalAddr implements [net.Conn].
func (c *led) LocalAddr() net.Addr {
	if c.to.IsValid() {
		return net.TCPAddrFromAddrPort(c.to)
	}
	return c.Conn.LocalAddr()
}

// address is the address of a socket, of IPv4 where it can be.
func address(a net.Addr) netip.AddrPort {
	p, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(p.Addr().Unmap().WithZone(""), p.Port())
}

// ours reports whether an address is one of this machine.
func ours(a netip.Addr) bool {
	if a.IsLoopback() {
		return true
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, i := range addrs {
		if p, err := netip.ParsePrefix(i.String()); err == nil && p.Addr().Unmap() == a {
			return true
		}
	}
	return false
}
