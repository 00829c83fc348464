//go:build !linux

package transparent

import (
	"net"
	"net/netip"
)

// Listen fails: only Linux tells where a connection was to go.
func Listen(string) (*Listener, error) { return nil, ErrUnsupported }

func original(c net.Conn) netip.AddrPort { return address(c.LocalAddr()) }
