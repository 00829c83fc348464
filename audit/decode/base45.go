package decode

// base45Digits are those of RFC 9285.
var base45Digits = digitTable("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")

// minBase45 is how many digits 16 bytes take.
const minBase45 = 24

// isBase45 wants nothing but digits: they are capitals, so that most text has
// another character soon. Numbers have hexadecimal digits only.
func isBase45(in layer) bool {
	return len(in.data) >= minBase45 && len(in.data)%3 != 1 &&
		isDigitsOf(in.data, base45Digits) && !isDigitsOf(in.data, unhex)
}

// decodeBase45 reads two bytes from three digits, the lowest digit first, and
// one byte from the last two.
func decodeBase45(in layer, emit func(part) bool) error {
	out := make([]byte, 0, len(in.data)*2/3)
	for rest := in.data; len(rest) > 0; {
		n := min(3, len(rest))
		value, most := 0, 0xffff
		for i := n; i > 0; i-- {
			value = 45*value + int(base45Digits[rest[i-1]])
		}
		if n == 3 {
			out = append(out, byte(value>>8))
		} else {
			most = 0xff
		}
		if value > most {
			return nil
		}
		out, rest = append(out, byte(value)), rest[n:]
	}
	if plain(out) {
		emit(in.whole("base45", out))
	}
	return nil
}
