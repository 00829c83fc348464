package decode

import "telltale/audit"

// A radix is a way to write bytes in the digits of an alphabet.
type radix struct {
	step   string
	base   int
	digits *[256]byte
}

// base32s are the alphabets of RFC 4648, the one of Douglas Crockford, in which
// O is zero, and I and L are one, and z-base-32, whose digits Web Key Directory
// and Mainline DHT use.
var base32s = []radix{
	{"base32", 32, digitTable("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "abcdefghijklmnopqrstuvwxyz234567")},
	{"base32hex", 32, digitTable("0123456789ABCDEFGHIJKLMNOPQRSTUV", "0123456789abcdefghijklmnopqrstuv")},
	{"crockford", 32, digitTable("0123456789ABCDEFGHJKMNPQRSTVWXYZ", "0123456789abcdefghjkmnpqrstvwxyz", "OI", "oL", "0i", "0l")},
	{"zbase32", 32, digitTable("ybndrfg8ejkmcpqxot1uwisza345h769", "YBNDRFG8EJKMCPQXOT1UWISZA345H769")},
}

// minBase32 is the number of digits that 15 bytes take.
const minBase32 = 24

var alnum = digitTable("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")

func isBase32(in layer) bool {
	for run := range runs(in.data, alnum) {
		if maybeBase32(in.data[run.Start:run.End]) {
			return true
		}
	}
	return false
}

// maybeBase32 reports whether letters and digits are long enough, of one case,
// and not those of a hexadecimal number, which hardly any base32 is.
func maybeBase32(text []byte) bool {
	return len(text) >= minBase32 && !bothCases(text) && !isDigitsOf(text, unhex)
}

// decodeBase32 gives each run of digits that reads well.
func decodeBase32(in layer, emit func(part) bool) error {
	for run := range runs(in.data, alnum) {
		text := in.data[run.Start:run.End]
		if !maybeBase32(text) {
			continue
		}
		for _, r := range base32s {
			if !r.reads(text) {
				continue
			}
			end := run.End
			for end < min(len(in.data), run.End+6) && in.data[end] == '=' {
				end++
			}
			if !emit(part{r.step, r.from32(text), audit.Span{Start: run.Start, End: end}}) {
				return nil
			}
			break
		}
	}
	return nil
}

// reads reports whether digits are those of something. Text shows by its first
// digits, a container only as a whole.
func (r radix) reads(text []byte) bool {
	if len(text) < minBase32 || !r.all(text) {
		return false
	}
	head := text[:min(len(text), headSize)]
	return promising(r.from32(head[:minBase32])) && plain(r.from32(head)) || worthy(r.from32(text))
}

// all reports whether text has no other digits.
func (r radix) all(text []byte) bool { return isDigitsOf(text, r.digits) }

// from32 decodes digits. Bits that fill no byte are dropped.
func (r radix) from32(text []byte) []byte {
	out := make([]byte, 0, len(text)*5/8)
	var bits uint32
	n := 0
	for _, c := range text {
		bits = bits<<5 | uint32(r.digits[c])
		if n += 5; n >= 8 {
			n -= 8
			out = append(out, byte(bits>>n)) //nolint:gosec // the low byte is meant
		}
	}
	return out
}
