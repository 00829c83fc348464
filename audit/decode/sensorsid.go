package decode

import (
	"bytes"
	"strconv"
	"time"

	"telltale/audit"
	"telltale/sensors"
)

// minSensorsID is the length of the shortest id of the Sensors SDK for pages.
const minSensorsID = 12 + 9 + 1 + 4 + 12 + 4

func isSensorsID(in layer) bool {
	return len(in.data) >= minSensorsID && len(in.data) < 2*minSensorsID && bytes.Count(in.data, []byte("-")) >= 4
}

// decodeSensorsID takes the id apart that the Sensors SDK for pages gives a
// visitor: it is called anonymous, and tells the time of the first visit, a check
// value of the User-Agent and the area of the screen.
func decodeSensorsID(in layer, emit func(part) bool) error {
	id, ok := sensors.ParseCookieID(string(in.data))
	if !ok {
		return nil
	}
	screen := ""
	if id.Screen() {
		screen = strconv.Itoa(id.Area)
	}
	start := 0
	for i, value := range [len(id.Parts)]struct{ name, text string }{
		{"first-visit", id.FirstVisit.Format(time.RFC3339Nano)},
		{"random", id.Random},
		{"user-agent-check", strconv.FormatInt(int64(id.UserAgent), 16)},
		{"screen-area", screen},
		{"second-time", id.Second.Format(time.RFC3339Nano)},
	} {
		end := start + len(id.Parts[i])
		if !emit(part{"sensors-id:" + value.name, []byte(value.text), audit.Span{Start: start, End: end}}) {
			return nil
		}
		start = end + 1
	}
	return nil
}
