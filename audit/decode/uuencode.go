package decode

import (
	"bytes"

	"telltale/audit"
)

var uuBegin = []byte("begin ")

func isUuencode(in layer) bool { return uuBody(in.data) > 0 }

// uuBody returns where the first line after "begin MODE NAME" starts, 0 if
// there is no such line.
func uuBody(data []byte) int {
	for at := 0; ; {
		i := bytes.Index(data[at:], uuBegin)
		if i < 0 {
			return 0
		}
		start := at + i
		at = start + len(uuBegin)
		end := bytes.IndexByte(data[at:], '\n')
		_, digits := number(data[at:], 8, 4)
		if end > digits && digits >= 3 && data[at+digits] == ' ' && (start == 0 || data[start-1] == '\n') {
			return at + end + 1
		}
	}
}

// decodeUuencode reads the lines after "begin": a character for the number of
// bytes, then four characters for each three of them.
func decodeUuencode(in layer, emit func(part) bool) error {
	start := uuBody(in.data)
	var out []byte
	end := start
	for line := range split(in.data[start:], '\n') {
		octets, ok := uuLine(bytes.TrimRight(line.data, "\r"))
		if !ok {
			break
		}
		out, end = append(out, octets...), start+line.span.End
	}
	emit(part{"uuencode", out, audit.Span{Start: start, End: end}})
	return nil
}

// uuLine reads one line. Programs may have cut off the space at its end.
func uuLine(line []byte) (out []byte, ok bool) {
	if len(line) < 2 || line[0] <= ' ' || line[0] > 'M' {
		return nil, false
	}
	want := int(line[0] - ' ')
	if len(line) <= want {
		return nil, false
	}
	var bits uint32
	for i := range (want + 2) / 3 * 4 {
		digit := byte(' ')
		if 1+i < len(line) {
			digit = line[1+i]
		}
		if digit < ' ' || digit > '`' {
			return nil, false
		}
		bits = bits<<6 | uint32(digit-' ')&63
		if i%4 == 3 {
			out = append(out, byte(bits>>16), byte(bits>>8), byte(bits)) //nolint:gosec // the low bytes are meant
		}
	}
	return out[:want], true
}
