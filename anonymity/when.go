package anonymity

import (
	"math"
	"strconv"
	"time"
)

// layouts are the forms of a time, most frequent first.
var layouts = []string{
	time.RFC3339Nano,
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02T15:04",
	"2006-01-02 15:04",
	"2006-01-02",
}

// Unix times from 1973 to 5138 have nine to eleven digits in seconds. Three or
// six more digits mean milliseconds or microseconds.
const (
	minSeconds = 1e8
	maxSeconds = 1e11
)

// ParseTime reads a time in one of the forms that logs have, and returns it in
// Unix seconds, rounded down. A time that names no zone is in zone, UTC if nil.
// Names of zones such as CET are not read: they mean different offsets to
// different people.
func ParseTime(s string, zone *time.Location) (unix int64, ok bool) {
	if zone == nil {
		zone = time.UTC
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		for _, scale := range []float64{1, 1e3, 1e6} {
			if sec := n / scale; sec >= minSeconds && sec < maxSeconds {
				return int64(math.Floor(sec)), true
			}
		}
		return 0, false
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t.Unix(), true
		}
	}
	return 0, false
}
