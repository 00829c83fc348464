package sensors

import (
	"strconv"
	"strings"
	"time"
)

// unpadded are the SDKs that write milliseconds as a number: .19 are 19 ms.
var unpadded = map[string]bool{"js": true, "python": true}

// ParseDate reads a property that is a date: YYYY-MM-DD HH:MM:SS, and perhaps a
// fraction of one to six digits. lib names the SDK, which decides what the
// fraction means: of most it is one, of some the number of milliseconds. The
// client's zone is not in it; the result is in UTC.
func ParseDate(s, lib string) (time.Time, bool) {
	whole, fraction, dotted := strings.Cut(s, ".")
	t, err := time.Parse(time.DateTime, whole)
	if err != nil || len(whole) != len(time.DateTime) {
		return time.Time{}, false
	}
	if !dotted {
		return t, true
	}
	if unpadded[lib] && len(fraction) < 3 {
		fraction = strings.Repeat("0", 3-len(fraction)) + fraction
	}
	n, err := strconv.ParseUint(fraction, 10, 32)
	if err != nil || len(fraction) > 6 || s[len(s)-1] == '.' {
		return time.Time{}, false
	}
	for range 6 - len(fraction) {
		n *= 10
	}
	return t.Add(time.Duration(n) * time.Microsecond), true
}
