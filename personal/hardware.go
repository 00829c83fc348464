package personal

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"
)

// readMAC reads a hardware address: six pairs of hexadecimal digits, all
// together, or with one and the same separator between them.
func readMAC(value string) (mac [6]byte, separated, ok bool) {
	step := 2
	if len(value) == 17 {
		step, separated = 3, true
		if sep := value[2]; sep != ':' && sep != '-' {
			return mac, true, false
		}
	} else if len(value) != 12 {
		return mac, false, false
	}
	for i := range mac {
		high, low := hexDigit(value[i*step]), hexDigit(value[i*step+1])
		if high < 0 || low < 0 || separated && i > 0 && value[i*step-1] != value[2] {
			return mac, separated, false
		}
		mac[i] = byte(high<<4 | low) //nolint:gosec // two digits
	}
	return mac, separated, true
}

// The two lowest bits of the first byte of a hardware address (IEEE 802):
// of a group instead of one card, and given out locally instead of by a maker.
// Phones make up local addresses for each network.
const (
	macGroup = 0x01
	macLocal = 0x02
)

// isMaker reports whether a value is the address of one card, as its maker
// gave it, with separators. One without any letter may be a date.
func isMaker(value string) bool {
	mac, separated, ok := readMAC(value)
	if !ok || !separated || mac[0]&(macGroup|macLocal) != 0 || mac[0]|mac[1]|mac[2] == 0 {
		return false
	}
	for i := range len(value) {
		if hexDigit(value[i]) > 9 {
			return true
		}
	}
	return false
}

func isMAC(value string) bool {
	mac, _, ok := readMAC(value)
	if !ok || mac[0]&macGroup != 0 || mac == ([6]byte{}) {
		return false
	}
	return mac != [6]byte{2}
}

func isAndroidID(value string) bool {
	num, ok := read(value, 16, "")
	return ok && num.n == len(value) && num.varied()
}

// A UUID is what one says by its form alone (RFC 9562).
type UUID struct {
	Version int       // 1 time and hardware address, 4 random …; 0 if the variant has no versions
	Time    time.Time // of versions 1, 6 and 7, else zero
	Node    string    // hardware address in versions 1 and 6, if it is a card's and not random
}

// gregorian is the number of 100 ns between 15 October 1582, with which UUIDs of
// versions 1 and 6 begin to count, and 1970.
const gregorian = 0x01B21DD213814000

// ReadUUID reads a UUID: 32 hexadecimal digits with hyphens after 8, 12, 16 and
// 20 of them, or without any; braces may stand around it. A UUID of zeros is none.
func ReadUUID(value string) (UUID, bool) {
	b, ok := uuidBytes(value)
	if !ok || b == ([16]byte{}) {
		return UUID{}, false
	}
	if b[8]>>6 != 0b10 { // the variant of RFC 9562
		return UUID{}, true
	}
	u := UUID{Version: int(b[6] >> 4)}
	switch u.Version {
	case 1:
		u.Time = ticks(uint64(binary.BigEndian.Uint16(b[6:])&0xFFF)<<48 | uint64(binary.BigEndian.Uint16(b[4:]))<<32 | uint64(binary.BigEndian.Uint32(b[:])))
	case 6:
		u.Time = ticks(uint64(binary.BigEndian.Uint32(b[:]))<<28 | uint64(binary.BigEndian.Uint16(b[4:]))<<12 | uint64(binary.BigEndian.Uint16(b[6:])&0xFFF))
	case 7:
		u.Time = time.UnixMilli(int64(binary.BigEndian.Uint64(b[:]) >> 16)).UTC()
	}
	if (u.Version == 1 || u.Version == 6) && b[10]&(macGroup|macLocal) == 0 {
		u.Node = fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", b[10], b[11], b[12], b[13], b[14], b[15])
	}
	return u, true
}

// ticks returns the time of a count of 100 ns since 1582.
func ticks(n uint64) time.Time {
	since := int64(n) - gregorian //nolint:gosec // 60 bits
	return time.Unix(since/1e7, since%1e7*100).UTC()
}

// uuidBytes reads the digits of a UUID.
func uuidBytes(value string) (b [16]byte, ok bool) {
	if len(value) == 38 && value[0] == '{' && value[37] == '}' {
		value = value[1:37]
	}
	var digits [32]byte
	switch len(value) {
	case 32:
		copy(digits[:], value)
	case 36:
		if value[8] != '-' || value[13] != '-' || value[18] != '-' || value[23] != '-' {
			return b, false
		}
		n := copy(digits[:], value[:8])
		for _, at := range []int{9, 14, 19} {
			n += copy(digits[n:], value[at:at+4])
		}
		copy(digits[n:], value[24:])
	default:
		return b, false
	}
	_, err := hex.Decode(b[:], digits[:])
	return b, err == nil
}

func isUUID(value string) bool {
	b, ok := uuidBytes(value)
	return ok && b != [16]byte{}
}

func isSerial(value string) bool {
	digit := false
	for i := range len(value) {
		c := value[i]
		if !isDigit(c) && !isUpper(c) && !isLower(c) && (c != '-' || i == 0) {
			return false
		}
		digit = digit || isDigit(c)
	}
	return digit
}
