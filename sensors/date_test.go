package sensors_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"telltale/sensors"
)

func TestParseDate(t *testing.T) {
	for _, tt := range []struct{ text, lib, want string }{
		{"2026-11-21 02:38:02", "js", "2026-11-21T02:38:02Z"},
		{"2026-11-21 02:38:02.19", "js", "2026-11-21T02:38:02.019Z"},
		{"1970-01-01 00:00:00.00", "js", "1970-01-01T00:00:00Z"},
		{"2026-11-21 02:38:02.45", "python", "2026-11-21T02:38:02.045Z"},
		{"2026-11-21 02:38:02.45", "Golang", "2026-11-21T02:38:02.45Z"},
		{"2026-11-21 02:38:02.123", "js", "2026-11-21T02:38:02.123Z"},
		{"2026-11-21 02:38:02.123456", "Java", "2026-11-21T02:38:02.123456Z"},
	} {
		got, ok := sensors.ParseDate(tt.text, tt.lib)
		if text := got.Format(time.RFC3339Nano); text != tt.want || !ok {
			t.Errorf("%s of %s: got %s, %t, want %s", tt.text, tt.lib, text, ok, tt.want)
		}
	}
	for _, bad := range []string{
		"", "2026-11-21", "2026-13-21 02:38:02", "2026-11-21 02:38:02.", "2026-11-21 02:38:02.1234567", "2026-11-21 02:38:02.-1", "2026-11-21 02:38:02.+1",
		"2026-11-21 02:38:02,5", "2026-11-21 2:38:02", " 2026-11-21 02:38:02", "2026-11-21 02:38:02.1.2",
	} {
		for _, lib := range []string{"js", "Java"} {
			if got, ok := sensors.ParseDate(bad, lib); ok {
				t.Errorf("%q of %s: got %s", bad, lib, got)
			}
		}
	}
}

// Whatever an SDK makes of a time, to the millisecond, is read as that time.
func TestParseDateProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "ms")).UTC()
		unpadded := fmt.Sprintf("%s.%d", at.Format(time.DateTime), at.Nanosecond()/1e6)
		trimmed := at.Format("2006-01-02 15:04:05.999")
		padded := at.Format("2006-01-02 15:04:05.000")
		for _, c := range []struct{ text, lib string }{{unpadded, "js"}, {unpadded, "python"}, {trimmed, "Golang"}, {padded, "js"}, {padded, "Java"}} {
			if got, ok := sensors.ParseDate(c.text, c.lib); !ok || !got.Equal(at) {
				t.Errorf("%s of %s: got %s, %t, want %s", c.text, c.lib, got, ok, at)
			}
		}
	})
}
