package mitm

import (
	"bytes"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
)

// SOCKS is the way of SOCKS5 (RFC 1928). With a user, clients have to give
// that name and password (RFC 1929). Only CONNECT is known: UDP would carry
// QUIC past the proxy, and is refused so that clients fall back to TCP.
func SOCKS(user, password string) Way {
	return func(c net.Conn) (Destination, error) {
		s := socks{c, user, password}
		if err := s.greet(); err != nil {
			return Destination{}, err
		}
		return s.request()
	}
}

// Words of RFC 1928 and RFC 1929.
const (
	socksVersion  = 5
	authNone      = 0
	authPassword  = 2
	authNoneFits  = 0xff
	authVersion   = 1
	socksConnect  = 1
	socksUDP      = 3
	addrIPv4      = 1
	addrName      = 3
	addrIPv6      = 4
	replyOK       = 0
	replyCommand  = 7
	replyAddress  = 8
	authSucceeded = 0
	authFailed    = 1
)

var (
	errSOCKSUDP  = errors.New("UDP ASSOCIATE of SOCKS was refused: only TCP is let through, so that nothing passes unseen")
	errSOCKSUser = errors.New("the user or password of SOCKS was wrong")
)

// A socks is the talk with a client.
type socks struct {
	net.Conn
	user, password string
}

// bytes reads n bytes.
func (s socks) bytes(n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(s, b)
	return b, err
}

// field reads bytes that have their length before them.
func (s socks) field() ([]byte, error) {
	n, err := s.bytes(1)
	if err != nil {
		return nil, err
	}
	return s.bytes(int(n[0]))
}

// greet agrees on how the client says who it is, and hears it.
func (s socks) greet() error {
	version, err := s.bytes(1)
	if err != nil {
		return err
	}
	if version[0] != socksVersion {
		return fmt.Errorf("SOCKS begins with %d; only SOCKS5 is spoken here", version[0])
	}
	methods, err := s.field()
	if err != nil {
		return err
	}
	want := byte(authNone)
	if s.user != "" {
		want = authPassword
	}
	for _, m := range methods {
		if m == want {
			if _, err := s.Write([]byte{socksVersion, want}); err != nil || want == authNone {
				return err
			}
			return s.login()
		}
	}
	_, _ = s.Write([]byte{socksVersion, authNoneFits}) // the client may be gone
	return fmt.Errorf("the client of SOCKS offers the methods %v; wanted is %d", methods, want)
}

// login hears name and password.
func (s socks) login() error {
	if _, err := s.bytes(1); err != nil {
		return err
	}
	user, err := s.field()
	if err != nil {
		return err
	}
	password, err := s.field()
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(user, []byte(s.user))&subtle.ConstantTimeCompare(password, []byte(s.password)) == 0 {
		_, _ = s.Write([]byte{authVersion, authFailed}) // the client may be gone
		return errSOCKSUser
	}
	_, err = s.Write([]byte{authVersion, authSucceeded})
	return err
}

// request hears where the client wants to go.
func (s socks) request() (Destination, error) {
	head, err := s.bytes(4)
	if err != nil {
		return Destination{}, err
	}
	host, err := s.host(head[3])
	if err != nil {
		return Destination{}, err
	}
	port, err := s.bytes(2)
	if err != nil {
		return Destination{}, err
	}
	to := Destination{Addr: net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(port))))}
	switch head[1] {
	case socksConnect:
		return to, s.reply(replyOK)
	case socksUDP:
		_ = s.reply(replyCommand) // the client may be gone
		return to, errSOCKSUDP
	default:
		_ = s.reply(replyCommand) // the client may be gone
		return to, fmt.Errorf("command %d of SOCKS was refused: only CONNECT (1) is let through", head[1])
	}
}

// host reads an address without its port.
func (s socks) host(kind byte) (string, error) {
	switch kind {
	case addrName:
		name, err := s.field()
		if err == nil && (len(name) == 0 || bytes.ContainsAny(name, "[]%:/ \x00")) {
			_ = s.reply(replyAddress) // the client may be gone
			return "", fmt.Errorf("a name in SOCKS that is none: %q", name)
		}
		return string(name), err
	case addrIPv4, addrIPv6:
		size := 4
		if kind == addrIPv6 {
			size = 16
		}
		b, err := s.bytes(size)
		if err != nil {
			return "", err
		}
		ip, _ := netip.AddrFromSlice(b)
		return ip.String(), nil
	}
	_ = s.reply(replyAddress) // the client may be gone
	return "", fmt.Errorf("an address of type %d in SOCKS; known are 1, 3 and 4", kind)
}

// reply answers with a code. The address in it means nothing to clients of CONNECT.
func (s socks) reply(code byte) error {
	_, err := s.Write([]byte{socksVersion, code, 0, addrIPv4, 0, 0, 0, 0, 0, 0})
	return err
}
