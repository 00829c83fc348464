package detect

import (
	"slices"
	"strings"
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
}

// A use says in what a spelling is looked for, and how much of the seed it is.
type use int

const (
	inText  use = 1 << iota // as it stands; capitals of ASCII make no difference there
	inUsual                 // before hashing with the usual digests
	inSums                  // before hashing with all digests
	// ofPart: only a part of the seed, which may be known from elsewhere.
	// It counts only if it has enough random letters by itself, and no
	// other seed has the same.
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

// spellings are what is looked for. A seed that two of them write alike counts
// under the first. To look for another, add a row.
var spellings = []spelling{
	{"", inText | inSums, func(p planted) []string { return []string{p.value} }},
	{Folded, inText, otherCases},
	{"lowercase", inSums, one(strings.ToLower)},
	{"uppercase", inUsual, one(strings.ToUpper)},
	{"trimmed", inBoth, one(strings.TrimSpace)},
	{"nfc", inBoth, normalForm(norm.NFC)},
	{"nfd", inBoth, normalForm(norm.NFD)},
	{"nfkc", inBoth, normalForm(norm.NFKC)},
	{"nfkd", inBoth, normalForm(norm.NFKD)},
	{"fullwidth", inText, one(fullwidth)},
	{"plus", inBoth, one(func(s string) string { return strings.ReplaceAll(s, " ", "+") })},
	{"space", inText, one(func(s string) string { return strings.ReplaceAll(s, "+", " ") })},
	{"words", inText, anyOrder},

	{"email:canonical", inText | inSums, ofEmail(canonicalEmail)},
	{"email:no-tag", inBoth, ofEmail(func(user, host string) string { return untagged(user) + "@" + host })},
	{"email:no-dots", inBoth, ofEmail(func(user, host string) string { return undotted(user) + "@" + host })},
	{"email:quoted", inBoth, ofEmail(func(user, host string) string { return `"` + user + `"@` + host })},
	{"email:user", inBoth | ofPart, ofEmail(func(user, _ string) string { return user })},

	{"url:no-scheme", inBoth, withoutScheme},
	{"url:no-fragment", inBoth, ofURL(withoutFragment)},
	{"url:slash", inBoth, ofURL(otherSlash)},
	{"url:port", inBoth, ofURL(otherPort)},
	{"url:host-lowercase", inUsual, ofURL(lowerHost)},
	{"url:idna", inBoth, ofURL(asciiHost)},
	{"url:unicode", inBoth, ofURL(unicodeHost)},
	{"url:escaped", inBoth, ofURL(escaped)},
	{"url:unescaped", inBoth, ofURL(unescaped)},
	{"url:query-order", inText, otherQueries},
	{"url:query-sorted", inUsual, ofURL(sortedQuery)},
	{"url:no-query", inBoth | ofPart, ofURL(withoutQuery)},
	{"url:origin", inUsual | ofPart, ofURL(origin)},
	{hostForm, inBoth | ofPart, ofURL(host)},
	{"url:domain", inUsual | ofPart, ofURL(domain)},
	{"url:path", inText | ofPart, ofURL(pathAndQuery)},
	{"url:path-only", inText | ofPart, ofURL(path)},
	{"url:query", inText | ofPart, ofURL(query)},
	{"url:segment", inText | ofPart, segments},
	{"url:value", inText | ofPart, queryValues},

	{"uuid:no-dashes", inBoth, ofUUID(func(digits string) string { return digits })},
	{"uuid:dashes", inBoth, ofUUID(dashed)},
	{"uuid:braces", inUsual, ofUUID(func(digits string) string { return "{" + dashed(digits) + "}" })},
	{"mac:no-colons", inBoth, ofMAC("", 2)},
	{"mac:colons", inBoth, ofMAC(":", 2)},
	{"mac:dashes", inBoth, ofMAC("-", 2)},
	{"mac:dots", inBoth, ofMAC(".", 4)},
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
	words := strings.FieldsFunc(p.value, func(r rune) bool { return r == ' ' || r == '+' })
	if p.url != nil || len(words) < 2 || len(words) > maxOrders {
		return nil
	}
	var texts []string
	for _, order := range orders(words) {
		texts = append(texts, strings.Join(order, " "), strings.Join(order, "+"))
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
