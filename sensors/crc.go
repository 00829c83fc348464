package sensors

import (
	"strconv"
	"strings"
	"unicode/utf16"
)

// Hash returns the check value that SDKs send as crc. It is no CRC but Java's
// String.hashCode: 31*h plus each UTF-16 unit, in 32 bits.
func Hash(s string) int32 {
	var h int32
	for _, r := range s {
		if high, low := utf16.EncodeRune(r); low != '\ufffd' {
			h = 31*(31*h+high) + low
		} else {
			h = 31*h + r
		}
	}
	return h
}

// A CRC is the check value of a payload. It proves nothing, and some SDKs
// count it wrongly for some characters: a wrong one is no reason to refuse.
type CRC struct {
	Sent  bool
	Value int32 // as sent
	Right bool  // it is the hash of the payload's text
}

// readCRC reads "crc=N" of ext, or N. text is the payload as it was before it
// was encoded for the form.
func readCRC(ext, crc, text string) CRC {
	if value, ok := strings.CutPrefix(ext, "crc="); ok {
		crc = value
	}
	n, err := strconv.ParseInt(crc, 10, 32)
	if err != nil {
		return CRC{}
	}
	return CRC{Sent: true, Value: int32(n), Right: Hash(text) == int32(n)}
}
