package hello

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Transports of a hello, the first letter of a JA4.
const (
	TCP  = 't'
	QUIC = 'q'
)

// nothing stands for the hash of an empty list.
const nothing = "000000000000"

// JA4 names the kind of client, such as t13d1516h2_8daaf6152771_e5627efa2ab1:
// the same for the same software whatever it sends and to whom. The method is
// FoxIO's (github.com/FoxIO-LLC/ja4, technical_details/JA4.md), which for TLS
// clients is under the BSD licence. Values that clients put in at random
// (GREASE, RFC 8701) do not count.
func (c *Client) JA4(transport rune) string {
	ciphers, extensions := ungreased(c.Ciphers), ungreased(c.Extensions)
	named := 'i'
	if c.Named {
		named = 'd'
	}
	start := fmt.Sprintf("%c%s%c%02d%02d%s", transport, c.version(), named, min(len(ciphers), 99), min(len(extensions), 99), c.protocol())
	extensions = slices.DeleteFunc(extensions, func(e uint16) bool { return e == extServerName || e == extALPN })
	slices.Sort(ciphers)
	slices.Sort(extensions)
	rest := listed(extensions)
	if rest != "" && len(c.Signatures) > 0 {
		rest += "_" + listed(ungreased(c.Signatures))
	}
	return start + "_" + short(listed(ciphers)) + "_" + short(rest)
}

// version is the highest that the client speaks.
func (c *Client) version() string {
	highest := c.Version
	if versions := ungreased(c.Versions); len(versions) > 0 {
		highest = slices.Max(versions)
	}
	switch highest {
	case 0x0304:
		return "13"
	case 0x0303:
		return "12"
	case 0x0302:
		return "11"
	case 0x0301:
		return "10"
	case 0x0300:
		return "s3"
	case 0x0002:
		return "s2"
	}
	return "00"
}

// protocol is the first and the last letter of the first protocol offered, of
// its hexadecimal form if one of them is neither letter nor digit.
func (c *Client) protocol() string {
	if len(c.ALPN) == 0 || c.ALPN[0] == "" {
		return "00"
	}
	p := c.ALPN[0]
	if first, last := p[0], p[len(p)-1]; alphanumeric(first) && alphanumeric(last) {
		return string([]byte{first, last})
	}
	p = hex.EncodeToString([]byte(p))
	return string([]byte{p[0], p[len(p)-1]})
}

func alphanumeric(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// ungreased returns a new list without the values of RFC 8701: two equal bytes
// that end in a.
func ungreased(list []uint16) []uint16 {
	return slices.DeleteFunc(slices.Clone(list), func(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff })
}

func listed(list []uint16) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = fmt.Sprintf("%04x", v)
	}
	return strings.Join(words, ",")
}

// short is the start of a SHA-256.
func short(s string) string {
	if s == "" {
		return nothing
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])[:12]
}
