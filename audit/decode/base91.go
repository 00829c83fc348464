package decode

var base91 = radix{"base91", 91, digitTable(
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&()*+,./:;<=>?@[]^_`{|}~\"")}

func isBase91(in layer) bool { return isDense(in.data) }

// decodeBase91 gives the whole layer if it reads well.
func decodeBase91(in layer, emit func(part) bool) error {
	if !promising(base91.from91(in.data[:minDense])) || !plain(base91.from91(in.data[:min(len(in.data), headDense)])) {
		return nil
	}
	if out := base91.from91(in.data); plain(out) {
		emit(in.whole(base91.step, out))
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
