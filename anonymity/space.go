package anonymity

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// A Space is a dictionary: all the values that an identifier may have, by
// number. It makes them as they are asked for.
type Space struct {
	Name string
	Size uint64
	at   func(i uint64, to []byte) []byte // appends value i
}

// spaces is the table of the kinds of dictionaries.
var spaces = []struct {
	name, form string
	parse      func(arg string) (Space, error)
}{
	{"digits", "digits:TEMPLATE, in which each # is a digit and each % a hexadecimal digit, such as digits:+4915112######", parseTemplate},
	{"imei", "imei:TAC, the first 8 digits of the IMEIs of a model of phone", parseIMEI},
	{"mac", "mac:PREFIX, the first 3 bytes of the addresses of a maker, such as mac:00:1a:2b", parseMAC},
	{"ipv4", "ipv4:PREFIX, such as ipv4:192.0.2.0/24", parseIPv4},
}

// SpaceForms lists how dictionaries are written.
func SpaceForms() []string {
	forms := make([]string, len(spaces))
	for i, s := range spaces {
		forms[i] = s.form
	}
	return forms
}

// ParseSpace reads the description of a dictionary; see [SpaceForms].
func ParseSpace(s string) (Space, error) {
	kind, arg, _ := strings.Cut(s, ":")
	for _, known := range spaces {
		if known.name == kind {
			space, err := known.parse(arg)
			space.Name = s
			return space, err
		}
	}
	return Space{}, fmt.Errorf("there is no dictionary %q; there are: %s", s, strings.Join(SpaceForms(), "; "))
}

// ListSpace is a dictionary of given words.
func ListSpace(name string, words []string) Space {
	return Space{name, uint64(len(words)), func(i uint64, to []byte) []byte { return append(to, words[i]...) }}
}

func parseTemplate(template string) (Space, error) {
	size := uint64(1)
	for _, c := range []byte(template) {
		base := uint64(1)
		switch c {
		case '#':
			base = 10
		case '%':
			base = 16
		}
		if size > 1<<60/base {
			return Space{}, fmt.Errorf("the dictionary %q has more values than can be counted", template)
		}
		size *= base
	}
	return Space{"", size, func(i uint64, to []byte) []byte {
		from := len(to)
		to = append(to, template...)
		for j := len(to) - 1; j >= from; j-- {
			switch to[j] {
			case '#':
				to[j] = byte('0' + i%10)
				i /= 10
			case '%':
				to[j] = "0123456789abcdef"[i%16]
				i /= 16
			}
		}
		return to
	}}, nil
}

// parseIMEI makes the IMEIs of a type: six digits of the device and the check
// digit of Luhn (3GPP TS 23.003, annex B).
func parseIMEI(tac string) (Space, error) {
	if _, err := strconv.ParseUint(tac, 10, 64); err != nil || len(tac) != 8 {
		return Space{}, fmt.Errorf("the dictionary imei:%s: the type allocation code has 8 digits", tac)
	}
	body, err := parseTemplate(tac + "######")
	at := body.at
	body.at = func(i uint64, to []byte) []byte {
		from := len(to)
		to = at(i, to)
		return append(to, luhn(to[from:]))
	}
	return body, err
}

// luhn returns the digit that completes digits.
func luhn(digits []byte) byte {
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return byte('0' + (10-sum%10)%10)
}

// parseMAC makes addresses in lower case with colons.
func parseMAC(prefix string) (Space, error) {
	bytes := strings.FieldsFunc(strings.ToLower(prefix), func(r rune) bool { return r == ':' || r == '-' })
	joined := strings.Join(bytes, "")
	if _, err := strconv.ParseUint(joined, 16, 64); err != nil || len(joined) != 6 || len(bytes) != 3 {
		return Space{}, fmt.Errorf("the dictionary mac:%s: a maker's prefix has 3 bytes, such as 00:1a:2b", prefix)
	}
	return parseTemplate(strings.Join(bytes, ":") + ":%%:%%:%%")
}

func parseIPv4(prefix string) (Space, error) {
	p, err := netip.ParsePrefix(prefix)
	if err != nil || !p.Addr().Is4() {
		return Space{}, fmt.Errorf("the dictionary ipv4:%s: a prefix is such as 192.0.2.0/24", prefix)
	}
	first := p.Masked().Addr().As4()
	base := binary.BigEndian.Uint32(first[:])
	return Space{"", 1 << (32 - p.Bits()), func(i uint64, to []byte) []byte {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], base+uint32(i)) //nolint:gosec // less than the prefix holds
		return netip.AddrFrom4(a).AppendTo(to)
	}}, nil
}
