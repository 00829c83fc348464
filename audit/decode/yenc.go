package decode

import (
	"bytes"

	"telltale/audit"
)

var yencBegin, yencPart, yencEnd = []byte("=ybegin "), []byte("=ypart "), []byte("\n=yend ")

func isYEnc(in layer) bool { return bytes.Contains(in.data, yencBegin) }

// decodeYEnc reads what stands between the lines "=ybegin" and "=yend": each
// byte is 42 more than it was, and those that would disturb follow an equals
// sign and are 64 more again.
func decodeYEnc(in layer, emit func(part) bool) error {
	start := afterLine(in.data, bytes.Index(in.data, yencBegin))
	if bytes.HasPrefix(in.data[start:], yencPart) {
		start = afterLine(in.data, start)
	}
	end := len(in.data)
	if i := bytes.Index(in.data[start:], yencEnd); i >= 0 {
		end = start + i
	}
	out := make([]byte, 0, end-start)
	shift := byte(42)
	for _, c := range in.data[start:end] {
		switch {
		case c == '\r' || c == '\n':
		case c == '=' && shift == 42:
			shift += 64
		default:
			out = append(out, c-shift)
			shift = 42
		}
	}
	emit(part{"yenc", out, audit.Span{Start: start, End: end}})
	return nil
}

// afterLine returns where the line after the one at a place starts.
func afterLine(data []byte, at int) int {
	i := bytes.IndexByte(data[at:], '\n')
	if i < 0 {
		return len(data)
	}
	return at + i + 1
}
