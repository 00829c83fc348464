package detect

import (
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"telltale/audit"
)

// The forms of a seed that stands there whole and readable.
const (
	Plain  = "plain"
	Folded = "folded" // in other capitals
)

// hostForm is the form of the host of an address.
const hostForm = "url:host"

// A spelling is a way to write a seed.
type spelling struct {
	name string // of the form; empty: as it is
	use  use
	// write returns the texts that this spelling has for a seed; they may
	// be equal to the seed or to each other, and empty.
	write func(planted) []string
	// enough reports whether a part is long and particular enough to be told
	// though it has few random letters. Nil: it needs more than 32 random bits.
	enough func(text string) bool
}

// A use says in what a spelling is looked for, and how much of the seed it is.
type use int

const (
	inText   use = 1 << iota // as it stands; capitals of ASCII make no difference there
	inPieces                 // in what pieces give that are put one behind the other
	inUsual                  // before hashing with the usual digests
	inSums                   // before hashing with all digests
	// ofPart: only a part of the seed, which may be known from elsewhere.
	// It counts only if it is particular, and no other seed has the same.
	ofPart
	inBoth = inText | inUsual
)

func (u use) has(other use) bool { return u&other != 0 }

// confidence of a match.
func (s *spelling) confidence() audit.Confidence {
	if s.use.has(ofPart) {
		return audit.Likely
	}
	return audit.Certain
}

// someBits are the random bits that a part must have before it is hashed:
// nobody else hashes the name of a host with a number in it, but many may hash
// that of a large site.
const someBits = 6

// tells reports whether a text is enough of the seed.
func (s *spelling) tells(text string) bool {
	if !s.use.has(ofPart) || s.enough != nil && s.enough(text) {
		return true
	}
	bits := randomBits(text)
	return bits > enoughBits || bits >= someBits && !s.use.has(inText|inPieces)
}

// spellings are what is looked for. A seed that two of them write alike counts
// under the first. To look for another, add a row.
var spellings = []spelling{
	{"", inText | inSums, func(p planted) []string { return []string{p.value} }, nil},
	{Folded, inText, otherCases, nil},
	{"lowercase", inSums, one(strings.ToLower), nil},
	{"uppercase", inUsual, one(strings.ToUpper), nil},
	{"trimmed", inBoth, one(strings.TrimSpace), nil},
	{"nfc", inBoth, normalForm(norm.NFC), nil},
	{"nfd", inBoth, normalForm(norm.NFD), nil},
	{"nfkc", inBoth, normalForm(norm.NFKC), nil},
	{"nfkd", inBoth, normalForm(norm.NFKD), nil},
	{"fullwidth", inText, one(fullwidth), nil},
	{"plus", inBoth, one(func(s string) string { return strings.ReplaceAll(s, " ", "+") }), nil},
	{"space", inText, one(func(s string) string { return strings.ReplaceAll(s, "+", " ") }), nil},
	{"words", inText, anyOrder, nil},

	// What programs do to a text before they hash it.
	{"newline", inUsual, encoded(func(s string) string { return s + "\n" }), nil},
	{"utf16le", inUsual, encoded(utf16LE), nil},
	{"percent", inUsual, encoded(percentEncoded), nil},
	{"base64", inUsual, encoded(func(s string) string { return string(base64Digits([]byte(s))) }), nil},

	{"email:canonical", inText | inSums, ofEmail(canonicalEmail), nil},
	{"email:no-tag", inBoth, ofEmail(func(user, host string) string { return untagged(user) + "@" + host }), nil},
	{"email:no-dots", inBoth, ofEmail(func(user, host string) string { return undotted(user) + "@" + host }), nil},
	{"email:quoted", inBoth, ofEmail(func(user, host string) string { return `"` + user + `"@` + host }), nil},
	{"email:mailto", inUsual, ofEmail(func(user, host string) string { return "mailto:" + user + "@" + host }), nil},
	{"email:user", inBoth | ofPart, ofEmail(func(user, _ string) string { return user }), isParticularName},

	{"url:no-scheme", inBoth, ofAddress(func(a address) string { return strings.TrimRight(a.afterScheme(), "/") }), nil},
	{"url:no-fragment", inBoth, ofURL(withoutFragment), nil},
	{"url:slash", inBoth, ofURL(otherSlash), nil},
	{"url:port", inBoth, ofURL(otherPort), nil},
	{"url:host-lowercase", inUsual, ofURL(lowerHost), nil},
	{"url:idna", inBoth, ofURL(asciiHost), nil},
	{"url:unicode", inBoth, ofURL(unicodeHost), nil},
	{"url:escaped", inBoth, ofURL(escaped), nil},
	{"url:unescaped", inBoth, ofURL(unescaped), nil},
	{"url:browser", inBoth, ofAddress(address.String), nil},
	{"url:no-www", inBoth, ofAddress(func(a address) string { return a.withoutWWW().afterScheme() }), nil},
	{"url:no-www", inUsual, ofAddress(func(a address) string { return a.withoutWWW().String() }), nil},
	{"url:query-order", inText, otherQueries, nil},
	{"url:query-sorted", inUsual, ofURL(sortedQuery), nil},
	{"url:no-query", inBoth | ofPart, ofAddress(func(a address) string { return strings.TrimRight(a.page().afterScheme(), "/") }), isParticularPage},
	{"url:no-query", inUsual | ofPart, ofAddress(func(a address) string { return a.page().String() }), isParticularPage},
	{"url:no-query", inUsual | ofPart, ofAddress(func(a address) string { return a.page().withoutWWW().afterScheme() }), isParticularPage},
	{"url:origin", inUsual | ofPart, ofAddress(address.origin), nil},
	{"url:origin", inUsual | ofPart, ofAddress(func(a address) string { return a.origin() + "/" }), nil},
	{hostForm, inBoth | ofPart, ofAddress(address.hostname), isParticularHost},
	{"url:host:no-www", inBoth | ofPart, ofAddress(func(a address) string { return a.withoutWWW().hostname() }), isParticularHost},
	{"url:host:reversed", inText | ofPart, ofAddress(func(a address) string { return reversedLabels(a.hostname()) }), isParticularHost},
	{"url:domain", inUsual | ofPart, ofURL(domain), nil},
	{"url:path", inText | ofPart, ofAddress(func(a address) string { return strings.Trim(a.path+a.query, "/") }), isParticularPath},
	{"url:path", inUsual | ofPart, ofAddress(func(a address) string { return a.path + a.query }), hasSegments},
	{"url:path-only", inText | ofPart, ofAddress(func(a address) string { return strings.Trim(a.path, "/") }), isParticularPath},
	{"url:path-only", inUsual | ofPart, ofAddress(func(a address) string { return a.path }), hasSegments},
	{"url:query", inText | ofPart, ofURL(query), isParticularPath},
	{"url:segment", inText | ofPart, segments, nil},
	{"url:segments", inPieces | ofPart, joinedSegments, isParticularPath},
	{"url:value", inText | ofPart, queryValues, isPhrase},
	{"url:words", inText | ofPart, queryWords(" ", "+"), isPhrase},
	{"url:words", inPieces | ofPart, queryWords(""), func(text string) bool { return len(text) >= leastPhrase }},

	{"uuid:no-dashes", inBoth, ofUUID(func(digits string) string { return digits }), nil},
	{"uuid:dashes", inBoth, ofUUID(dashed), nil},
	{"uuid:braces", inUsual, ofUUID(func(digits string) string { return "{" + dashed(digits) + "}" }), nil},
	{"mac:no-colons", inBoth, ofMAC("", 2), nil},
	{"mac:colons", inBoth, ofMAC(":", 2), nil},
	{"mac:dashes", inBoth, ofMAC("-", 2), nil},
	{"mac:dots", inBoth, ofMAC(".", 4), nil},
}

// encoded makes a spelling of a value and of it in lower case.
func encoded(write func(string) string) func(planted) []string {
	return func(p planted) []string { return []string{write(p.value), write(strings.ToLower(p.value))} }
}

func utf16LE(s string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		b = append(b, byte(unit), byte(unit>>8)) //nolint:gosec // the low byte is meant
	}
	return string(b)
}

// percentEncoded writes a text as encodeURIComponent of ECMAScript does.
func percentEncoded(s string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if charClassOf(c) != noClass || strings.IndexByte("-_.!~*'()", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
	return b.String()
}

// one makes a spelling of a function of the value.
func one(write func(string) string) func(planted) []string {
	return func(p planted) []string { return []string{write(p.value)} }
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// otherCases are the ways in which Unicode changes the case of letters beyond
// ASCII; those of ASCII make no difference in text.
func otherCases(p planted) []string {
	if isASCII(p.value) {
		return nil
	}
	return inCases(p.value)
}

func inCases(s string) []string {
	return []string{strings.ToLower(s), strings.ToUpper(s), cases.Lower(noLanguage).String(s), cases.Upper(noLanguage).String(s), cases.Fold().String(s)}
}

// normalForm writes a value in a normal form of Unicode (UAX #15), in each case.
func normalForm(f norm.Form) func(planted) []string {
	return func(p planted) []string {
		if isASCII(p.value) {
			return nil
		}
		form := f.String(p.value)
		return append([]string{form}, inCases(form)...)
	}
}

// fullwidth writes ASCII in the letters that East Asian keyboards have for it
// (U+FF01 to U+FF5E), which NFKC takes for the same.
func fullwidth(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '\u3000'
		case '!' <= r && r <= '~':
			return r - '!' + '\uff01'
		}
		return r
	}, s)
}

// maxOrders is how many words may be in any order: five have 120 orders.
const maxOrders = 4

// anyOrder writes the words of a search in any order.
func anyOrder(p planted) []string {
	if p.url != nil {
		return nil
	}
	return reordered(p.value, " ", "+")
}

// reordered returns the words of a text in any order with each separator
// between them, none if there are one or too many.
func reordered(text string, separators ...string) (texts []string) {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '+' })
	if len(words) < 2 || len(words) > maxOrders {
		return nil
	}
	for _, order := range orders(words) {
		for _, sep := range separators {
			texts = append(texts, strings.Join(order, sep))
		}
	}
	return texts
}

// orders returns all orders of a few words.
func orders(words []string) [][]string {
	if len(words) <= 1 {
		return [][]string{words}
	}
	var all [][]string
	for i := range words {
		rest := slices.Delete(slices.Clone(words), i, i+1)
		for _, tail := range orders(rest) {
			all = append(all, append([]string{words[i]}, tail...))
		}
	}
	return all
}

// ofEmail makes a spelling of e-mail addresses.
func ofEmail(write func(user, host string) string) func(planted) []string {
	return func(p planted) []string {
		if p.host == "" {
			return nil
		}
		text := write(p.user, p.host)
		return []string{text, strings.ToLower(text)}
	}
}

func untagged(user string) string {
	user, _, _ = strings.Cut(user, "+")
	return user
}

func undotted(user string) string { return strings.ReplaceAll(user, ".", "") }

// canonicalEmail is how large providers compare addresses: without the dots
// and the tag of the local part, in lower case.
func canonicalEmail(user, host string) string {
	return strings.ToLower(undotted(untagged(user)) + "@" + host)
}

// ofUUID makes a spelling of the 32 digits of a UUID, in either case.
func ofUUID(write func(digits string) string) func(planted) []string {
	return func(p planted) []string {
		digits := strings.ReplaceAll(strings.Trim(p.value, "{}"), "-", "")
		if len(digits) != 32 || !isHex(digits) {
			return nil
		}
		return []string{write(digits), write(strings.ToLower(digits)), write(strings.ToUpper(digits))}
	}
}

func dashed(digits string) string {
	return strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-")
}

var macSeparators = strings.NewReplacer(":", "", "-", "", ".", "")

// ofMAC makes a spelling of the 12 digits of a hardware address, in either
// case, with a separator after every so many.
func ofMAC(separator string, every int) func(planted) []string {
	return func(p planted) []string {
		digits := macSeparators.Replace(p.value)
		if len(digits) != 12 || !isHex(digits) {
			return nil
		}
		var groups []string
		for group := range slices.Chunk([]byte(digits), every) {
			groups = append(groups, string(group))
		}
		text := strings.Join(groups, separator)
		return []string{text, strings.ToLower(text), strings.ToUpper(text)}
	}
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdefABCDEF") == "" }
