package ranges

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// An address is an IP address as a number of 128 bits.
type address struct{ high, low uint64 }

func number(ip netip.Addr) address {
	b := ip.As16()
	return address{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func (a address) compare(b address) int {
	return cmp.Or(cmp.Compare(a.high, b.high), cmp.Compare(a.low, b.low))
}

// next returns the number after a, and whether there is one.
func (a address) next() (address, bool) {
	b, over := a.plus(address{0, 1})
	return b, !over
}

// plus returns the sum, and whether it went past the last address.
func (a address) plus(b address) (sum address, over bool) {
	low, carry := bits.Add64(a.low, b.low, 0)
	high, carry := bits.Add64(a.high, b.high, carry)
	return address{high, low}, carry != 0
}

func (a address) minus(b address) address {
	low, borrow := bits.Sub64(a.low, b.low, 0)
	high, _ := bits.Sub64(a.high, b.high, borrow)
	return address{high, low}
}

// zeros counts the zero bits at the end: 128 for zero.
func (a address) zeros() int {
	if a.low != 0 {
		return bits.TrailingZeros64(a.low)
	}
	return 64 + bits.TrailingZeros64(a.high)
}

// right and left shift by up to 128 bits; Go's shifts by 64 or more give zero.
func (a address) right(n int) address {
	if n >= 64 {
		return address{0, a.high >> (n - 64)}
	}
	return address{a.high >> n, a.low>>n | a.high<<(64-n)}
}

func (a address) left(n int) address {
	if n >= 64 {
		return address{a.low << (n - 64), 0}
	}
	return address{a.high<<n | a.low>>(64-n), a.low << n}
}
