package flows

import (
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// dnsType is the name of a type of records.
func dnsType(n int64) string {
	if n < 0 || n > 0xffff {
		return strconv.FormatInt(n, 10)
	}
	return strings.TrimPrefix(dnsmessage.Type(n).String(), "Type")
}

// dnsCode is the name of an answer's code.
func dnsCode(n int64) string {
	if n < 0 || n > 0xfff {
		return strconv.FormatInt(n, 10)
	}
	return strings.TrimPrefix(dnsmessage.RCode(n).String(), "RCode")
}

// dnsAnswer is what a record says, if that is an address or a name.
func dnsAnswer(r dict) string {
	data := r.text("data")
	switch dnsmessage.Type(r.int("type")) { //nolint:gosec // compared only
	case dnsmessage.TypeA, dnsmessage.TypeAAAA:
		if ip, ok := netip.AddrFromSlice([]byte(data)); ok {
			return ip.String()
		}
	case dnsmessage.TypeCNAME, dnsmessage.TypePTR:
		return wireName([]byte(data))
	}
	return ""
}

// wireName is a name in the form of RFC 1035 without compression.
func wireName(b []byte) string {
	var labels []string
	for len(b) > 1 && int(b[0]) < len(b) && b[0] < 64 {
		labels = append(labels, string(b[1:1+b[0]]))
		b = b[1+b[0]:]
	}
	return strings.Join(labels, ".")
}
