package wireguard

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
)

// A Key is a private key of WireGuard (Curve25519).
type Key struct{ *ecdh.PrivateKey }

// NewKey draws a key.
func NewKey() (Key, error) {
	k, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return Key{}, fmt.Errorf("key of WireGuard: %w", err)
	}
	return Key{k}, nil
}

// public is the public key in the form of configuration files.
func (k Key) public() string { return base64.StdEncoding.EncodeToString(k.PublicKey().Bytes()) }

// A Phone is a device that may join, whatever it is.
type Phone struct {
	Name string
	Addr netip.Addr // that it has inside the tunnel
	Key  Key
}

// The network inside the tunnel: 10.66.0.0/16, and this one of IPv6.
var (
	inside6 = netip.MustParsePrefix("fd66:7474::/64")
	// Gateway is the address of the capture inside the tunnel, where phones
	// find their name server.
	Gateway = netip.MustParseAddr("10.66.0.1")
)

// mostPhones can join one capture.
const mostPhones = 1000

// NewPhones draws keys for phones with these names.
func NewPhones(names []string) ([]Phone, error) {
	if len(names) > mostPhones {
		return nil, fmt.Errorf("%d phones; at most %d can join one capture", len(names), mostPhones)
	}
	var phones []Phone
	addr := Gateway
	for _, name := range names {
		key, err := NewKey()
		if err != nil {
			return nil, err
		}
		addr = addr.Next()
		phones = append(phones, Phone{name, addr, key})
	}
	return phones, nil
}

// addr6 is the address of IPv6 that goes with one of IPv4.
func addr6(a netip.Addr) netip.Addr {
	b, four := inside6.Addr().As16(), a.As4()
	copy(b[12:], four[:])
	return netip.AddrFrom16(b)
}

// Settings is what a phone's WireGuard app is given, as a file or a QR code.
func (p Phone) Settings(server Key, endpoint string) string {
	return fmt.Sprintf(`[Interface]
PrivateKey = %s
Address = %s/32, %s/128
DNS = %s
MTU = %d

[Peer]
PublicKey = %s
AllowedIPs = 0.0.0.0/0, ::/0
Endpoint = %s
PersistentKeepalive = 25
`, base64.StdEncoding.EncodeToString(p.Key.Bytes()), p.Addr, addr6(p.Addr), Gateway, mtu, server.public(), endpoint)
}

// configuration is what the device of the server is given.
func configuration(server Key, phones []Phone) string {
	var b strings.Builder
	fmt.Fprintf(&b, "private_key=%s\n", hex.EncodeToString(server.Bytes()))
	for _, p := range phones {
		fmt.Fprintf(&b, "public_key=%s\nallowed_ip=%s/32\nallowed_ip=%s/128\n",
			hex.EncodeToString(p.Key.PublicKey().Bytes()), p.Addr, addr6(p.Addr))
	}
	return b.String()
}
