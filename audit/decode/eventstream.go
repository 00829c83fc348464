package decode

import (
	"bytes"
	"strconv"

	"telltale/audit"
)

// eventFields are those of a server-sent event (HTML Standard, section 9.2.6).
var eventFields = [][]byte{[]byte("data:"), []byte("event:"), []byte("id:"), []byte("retry:"), []byte(":")}

var eventStarts = byteSet("deir:")

// isEventStream wants lines, fields of events in all of them, one of them data.
func isEventStream(in layer) bool {
	if len(in.data) < minRun/2 || !eventStarts[in.data[0]] || !startsEventField(in.data) || bytes.IndexByte(in.data, '\n') < 0 {
		return false
	}
	data := false
	for line := range split(in.data, '\n') {
		text := bytes.TrimRight(line.data, "\r")
		if len(text) > 0 && !startsEventField(text) {
			return false
		}
		data = data || bytes.HasPrefix(text, eventFields[0])
	}
	return data
}

func startsEventField(line []byte) bool {
	for _, f := range eventFields {
		if bytes.HasPrefix(line, f) {
			return true
		}
	}
	return false
}

// decodeEventStream gives the data of each event, the lines of it joined, under
// its number, and the other fields under their names.
func decodeEventStream(in layer, emit func(part) bool) error {
	n := 0
	var event piece
	send := func() bool {
		if event.data == nil {
			return true
		}
		p := part{"sse:" + strconv.Itoa(n) + "/data", event.data, event.span}
		event = piece{}
		n++
		return emit(p)
	}
	for line := range split(in.data, '\n') {
		text := bytes.TrimRight(line.data, "\r")
		name, value, _ := bytes.Cut(text, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		span := audit.Span{Start: line.span.Start + len(text) - len(value), End: line.span.Start + len(text)}
		switch {
		case len(text) == 0:
			if !send() {
				return nil
			}
		case string(name) != "data":
			if !emit(part{"sse:" + strconv.Itoa(n) + "/" + fieldName(name, n), value, span}) {
				return nil
			}
		case event.data == nil:
			event = piece{bytes.Clone(value), span}
		default:
			event.data = append(append(event.data, '\n'), value...)
			event.span.End = span.End
		}
	}
	send()
	return nil
}
