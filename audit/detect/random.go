package detect

// enoughBits is how many random bits a part of a seed must have more than:
// with 32, one of the values in a gigabyte would be met by chance.
const enoughBits = 32

// randomBits estimates how many bits of a text nobody could guess. Letters
// alone may be words, names, schemes and domains, and count nothing. Digits at
// an end of a word, such as in "page2020", have three bits each. Letters and
// digits that take turns are random: four bits each if all are hexadecimal
// digits, otherwise five.
func randomBits(text string) int {
	bits := 0
	for i := 0; i < len(text); {
		n := 0
		for i+n < len(text) && charClassOf(text[i+n]) != noClass {
			n++
		}
		bits += wordBits(text[i : i+n])
		i += n + 1
	}
	return bits
}

type charClass int

const (
	noClass charClass = iota
	digitClass
	letterClass
)

func charClassOf(c byte) charClass {
	switch {
	case '0' <= c && c <= '9':
		return digitClass
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		return letterClass
	default:
		return noClass
	}
}

// wordBits is randomBits of letters and digits alone.
func wordBits(word string) int {
	turns, digits := 0, 0
	for i := range len(word) {
		if charClassOf(word[i]) == digitClass {
			digits++
		}
		if i > 0 && charClassOf(word[i]) != charClassOf(word[i-1]) {
			turns++
		}
	}
	switch {
	case turns < 2:
		return 3 * digits
	case isHex(word):
		return 4 * len(word)
	default:
		return 5 * len(word)
	}
}
