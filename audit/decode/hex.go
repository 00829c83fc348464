package decode

import "telltale/audit"

// unhex maps a hexadecimal digit to its value.
var unhex = digitTable("0123456789abcdef", "0123456789ABCDEF")

func isHex(in layer) bool {
	for range runs(in.data, unhex) {
		return true
	}
	return false
}

// decodeHex decodes each run of hexadecimal digits. An odd run has a neighbour
// that happens to be a digit: it counts if one reading of it is text.
func decodeHex(in layer, emit func(part) bool) error {
	for run := range runs(in.data, unhex) {
		for _, r := range evenRuns(run) {
			out := fromHex(in.data[r.Start:r.End])
			if r != run && !isMostlyText(out) {
				continue
			}
			if !emit(part{"hex", out, r}) {
				return nil
			}
			break
		}
	}
	return nil
}

func evenRuns(run audit.Span) []audit.Span {
	if run.Len()%2 == 0 {
		return []audit.Span{run}
	}
	return []audit.Span{{Start: run.Start + 1, End: run.End}, {Start: run.Start, End: run.End - 1}}
}

func fromHex(digits []byte) []byte {
	out := make([]byte, len(digits)/2)
	for i := range out {
		out[i] = unhex[digits[2*i]]<<4 | unhex[digits[2*i+1]]
	}
	return out
}
