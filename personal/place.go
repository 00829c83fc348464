package personal

import (
	"net/netip"
	"strconv"
	"strings"
)

// minDecimals is the precision from which on a coordinate is a place and not a
// region: the third decimal of a degree is 110 m.
const minDecimals = 3

// degrees reads a decimal number with enough decimals. 0 is no place.
func degrees(value string, limit float64) bool {
	digits := strings.TrimPrefix(value, "-")
	dot := strings.IndexByte(digits, '.')
	if dot < 1 || dot > 3 || len(digits)-dot-1 < minDecimals {
		return false
	}
	for i := range len(digits) {
		if i != dot && !isDigit(digits[i]) {
			return false
		}
	}
	v, err := strconv.ParseFloat(value, 64)
	return err == nil && v != 0 && -limit <= v && v <= limit
}

func isLatitude(value string) bool  { return degrees(value, 90) }
func isLongitude(value string) bool { return degrees(value, 180) }

// isPosition reads "latitude,longitude".
func isPosition(value string) bool {
	lat, lon, ok := strings.Cut(value, ",")
	return ok && isLatitude(strings.TrimSpace(lat)) && isLongitude(strings.TrimSpace(lon))
}

func isIP(value string) bool {
	addr, err := netip.ParseAddr(value)
	return err == nil && !addr.IsLoopback() && !addr.IsUnspecified()
}

// isSSID leaves out what programs say when they may not know the name.
func isSSID(value string) bool {
	switch strings.Trim(value, `"<>`) {
	case "", "unknown ssid", "unknown", "null", "none", "true", "false", "0", "0x":
		return false
	}
	return true
}
