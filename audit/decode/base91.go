package decode

var base91 = radix{"base91", 91, digitTable(
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&()*+,./:;<=>?@[]^_`{|}~\"")}

func isBase91(in layer) bool {
	for range denseWords(in.data) {
		return true
	}
	return false
}

// decodeBase91 gives each word that reads well.
func decodeBase91(in layer, emit func(part) bool) error {
	for word := range denseWords(in.data) {
		out := base91.dense(word.data, base91.from91)
		if out != nil && !emit(part{base91.step, out, word.span}) {
			break
		}
	}
	return nil
}

// from91 reads pairs of digits: a value of 13 bits, or of 14 if the lower 13
// are small. Where anything else stands, the result is nil.
func (r radix) from91(text []byte) []byte {
	out := make([]byte, 0, len(text)*7/8+1)
	var bits, n uint
	first, half := uint(0), false
	for _, c := range text {
		v := uint(r.digits[c])
		if v == noDigit {
			return nil
		}
		if half = !half; half {
			first = v
			continue
		}
		v = first + v*91
		bits |= v << n
		if n += 13; v&8191 <= 88 {
			n++
		}
		for ; n >= 8; n -= 8 {
			out = append(out, byte(bits))
			bits >>= 8
		}
	}
	if half {
		out = append(out, byte(bits|first<<n)) //nolint:gosec // the low byte is meant
	}
	return out
}
