package detect

import "strings"

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

// What natural seeds have instead of random letters. A part that is told for
// one of these reasons must stand by itself, not in a longer word.

// The lengths from which a part of a seed is particular.
const (
	leastName   = 8  // local part of an e-mail address
	leastPath   = 12 // path of a page
	leastPhrase = 16 // words of a search
	leastStart  = 16 // start of an address, without what many start with
)

// The random bits of a host and of a path that are taken for particular.
const hostBits, pathBits = 16, 12

// isParticularName wants a number or a dot in the local part of an e-mail
// address: "maria.lindqvist" is a person, "postmaster" is not.
func isParticularName(user string) bool {
	return len(user) >= leastName && strings.ContainsAny(user, ".0123456789")
}

// isParticularPage wants two segments behind a host, or a long one.
func isParticularPage(text string) bool {
	path := strings.Trim(cutAddress(text).path, "/")
	return len(path) >= leastPath || strings.Contains(path, "/")
}

func isParticularHost(name string) bool { return randomBits(name) >= hostBits }

func isParticularPath(text string) bool {
	return len(text) >= leastPath && randomBits(text) >= pathBits || len(text) >= leastPhrase && strings.Contains(text, "/")
}

// hasSegments wants two of them in a path.
func hasSegments(path string) bool { return strings.Count(path, "/") >= 2 }

// isPhrase wants several words.
func isPhrase(text string) bool {
	return len(text) >= leastPhrase && strings.ContainsAny(text, " +")
}
