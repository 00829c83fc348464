package transparent

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// soOriginalDst asks netfilter where a redirected connection was to go
// (SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST of linux/netfilter_ipv4.h and
// linux/netfilter_ipv6/ip6_tables.h).
const soOriginalDst = 80

// Listen listens for connections that the firewall leads to addr.
func Listen(addr string) (*Listener, error) {
	l := &Listener{TPROXY: true}
	config := net.ListenConfig{Control: func(network, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) { l.TPROXY = l.TPROXY && transparentSocket(int(fd), network) })
	}}
	inner, err := config.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("transparent mode: %w", err)
	}
	l.Listener = inner
	return l, nil
}

// transparentSocket lets a socket have addresses of other machines.
func transparentSocket(fd int, network string) bool {
	err := unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_TRANSPARENT, 1)
	if network[len(network)-1] == '6' {
		_ = unix.SetsockoptInt(fd, unix.SOL_IPV6, unix.IPV6_TRANSPARENT, 1) // the error of the other is the same
	}
	return err == nil
}

// original is where a connection was to go, as far as netfilter knows it; else
// the address that it arrived at.
func original(c net.Conn) netip.AddrPort {
	local := address(c.LocalAddr())
	t, ok := c.(*net.TCPConn)
	if !ok {
		return local
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return local
	}
	to := local
	_ = raw.Control(func(fd uintptr) { // an error leaves the local address
		if local.Addr().Is4() {
			to = original4(int(fd), local)
		} else {
			to = original6(int(fd), local)
		}
	})
	return to
}

func original4(fd int, local netip.AddrPort) netip.AddrPort {
	// A sockaddr_in has the size of this structure, for which there is a call.
	mreq, err := unix.GetsockoptIPv6Mreq(fd, unix.SOL_IP, soOriginalDst)
	if err != nil {
		return local // it was not redirected
	}
	b := mreq.Multiaddr
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), binary.BigEndian.Uint16(b[2:4]))
}

func original6(fd int, local netip.AddrPort) netip.AddrPort {
	info, err := unix.GetsockoptIPv6MTUInfo(fd, unix.SOL_IPV6, soOriginalDst)
	if err != nil {
		return local // it was not redirected
	}
	port := (*[2]byte)(unsafe.Pointer(&info.Addr.Port)) //nolint:gosec // G103: the field has network order
	return netip.AddrPortFrom(netip.AddrFrom16(info.Addr.Addr).Unmap(), binary.BigEndian.Uint16(port[:]))
}
