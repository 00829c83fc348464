package personal

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }

// hexDigit returns the value of a hexadecimal digit, -1 if c is none.
func hexDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// A number is the digits of a value, as they are written with separators.
type number struct {
	digits [24]byte // values, not characters
	n      int
}

// read takes the digits to a base of at most 16 out of a value, in which
// spaces, hyphens and the further separators may stand between two of them.
// Other characters make it no number; so do letters of both cases.
func read(value string, base int, separators string) (number, bool) {
	var num number
	var upper, lower, apart bool
	for i := range len(value) {
		c := value[i]
		switch d := hexDigit(c); {
		case d >= 0 && d < base:
			if num.n == len(num.digits) {
				return number{}, false
			}
			num.digits[num.n] = byte(d) //nolint:gosec // a digit
			num.n++
			upper, lower, apart = upper || isUpper(c), lower || isLower(c), false
		case (c == ' ' || c == '-' || strings.IndexByte(separators, c) >= 0) && num.n > 0 && !apart:
			apart = true
		default:
			return number{}, false
		}
	}
	return num, num.n > 0 && !apart && (!upper || !lower)
}

// value returns the first n digits as a decimal number.
func (num *number) value(n int) int {
	v := 0
	for _, d := range num.digits[:n] {
		v = v*10 + int(d)
	}
	return v
}

// varied reports whether at least four different digits stand in num: nobody
// has the number 111111111111111, and many programs send it.
func (num *number) varied() bool {
	seen, n := [16]bool{}, 0
	for _, d := range num.digits[:num.n] {
		if !seen[d] {
			seen[d] = true
			n++
		}
	}
	return n >= 4
}

// luhn reports whether the last digit is the check digit of the others
// (ISO/IEC 7812-1, annex B). For MEIDs the base is 16 (3GPP2 X.S0008).
func (num *number) luhn(base int) bool {
	sum := 0
	for i := range num.n {
		d := int(num.digits[num.n-1-i])
		if i%2 == 1 {
			d *= 2
			d = d/base + d%base
		}
		sum += d
	}
	return sum%base == 0
}

// reportingBodies are the first two digits of an IMEI: who assigned it (GSMA
// TS.06, appendix A, with those that assign no longer). Test numbers, 00 and 02
// to 09, are nobody's.
var reportingBodies = [100]bool{
	1: true, 10: true, 30: true, 33: true, 35: true, 44: true, 45: true, 49: true, 50: true, 51: true,
	52: true, 53: true, 54: true, 86: true, 91: true, 97: true, 98: true, 99: true,
}

func isIMEI(value string) bool {
	num, ok := read(value, 10, "/")
	return ok && num.n == 15 && reportingBodies[num.value(2)] && num.luhn(10) && num.varied()
}

func isBareIMEI(value string) bool {
	num, ok := read(value, 10, "")
	return ok && (num.n == 14 || num.n == 16) && reportingBodies[num.value(2)] && num.varied()
}

// isMEID accepts the hexadecimal form with its check digit, and the decimal
// form of 10 and 8 digits, which has none but does not use all its range.
func isMEID(value string) bool {
	num, ok := read(value, 16, "")
	switch {
	case !ok || !num.varied():
		return false
	case num.n == 15:
		return num.digits[0] >= 0xA && num.luhn(16)
	case num.n == 18:
		maker, serial := num.value(10), num.decimal(10, 18)
		return maker >= 0xA0000000 && maker <= 0xFFFFFFFF && serial >= 0 && serial <= 0xFFFFFF
	}
	return false
}

// decimal returns the digits from one place to another as a number, -1 if a
// letter stands among all digits.
func (num *number) decimal(from, to int) int {
	v := 0
	for i, d := range num.digits[:num.n] {
		if d > 9 {
			return -1
		}
		if i >= from && i < to {
			v = v*10 + int(d)
		}
	}
	return v
}

func isBareMEID(value string) bool {
	num, ok := read(value, 16, "")
	return ok && num.n == 14 && num.digits[0] >= 0xA && num.varied()
}

func isICCID(value string) bool {
	num, ok := read(value, 10, "")
	if !ok || num.n < 19 || num.n > 20 || num.value(2) != 89 || !num.luhn(10) || !num.varied() {
		return false
	}
	_, _, ok = callingCode(num.digits[2:num.n])
	return ok
}

// isIMSI knows the mobile country codes by their first digit only: 2 Europe, 3
// North America, 4 Asia, 5 Oceania, 6 Africa, 7 South America.
func isIMSI(value string) bool {
	num, ok := read(value, 10, "")
	return ok && (num.n == 14 || num.n == 15) && num.digits[0] >= 2 && num.digits[0] <= 7 && num.varied()
}

// An issuer is a range of first digits of card numbers.
type issuer struct {
	digits   int // of low and high
	low      int
	high     int
	min, max int // length of a number
}

// issuers are the ranges of the large card systems (ISO/IEC 7812, as their
// rule books have them).
var issuers = []issuer{
	{1, 4, 4, 13, 19},       // Visa
	{2, 51, 55, 16, 16},     // Mastercard
	{4, 2221, 2720, 16, 16}, // Mastercard
	{2, 34, 34, 15, 15},     // American Express
	{2, 37, 37, 15, 15},     // American Express
	{3, 300, 305, 14, 14},   // Diners Club
	{2, 36, 36, 14, 19},     // Diners Club
	{4, 3528, 3589, 16, 19}, // JCB
	{4, 6011, 6011, 16, 19}, // Discover
	{3, 644, 659, 16, 19},   // Discover
	{2, 62, 62, 16, 19},     // UnionPay
	{4, 2200, 2204, 16, 19}, // Mir
	{4, 5018, 5038, 13, 19}, // Maestro
	{2, 56, 58, 13, 19},     // Maestro
	{2, 67, 67, 13, 19},     // Maestro
}

func isCard(value string) bool {
	num, ok := read(value, 10, "")
	if !ok || !num.luhn(10) || !num.varied() {
		return false
	}
	for _, r := range issuers {
		if head := num.value(r.digits); num.n >= r.min && num.n <= r.max && head >= r.low && head <= r.high {
			return true
		}
	}
	return false
}

// countries.txt has the calling codes.
//
//go:embed countries.txt
var countriesText string

// A country is a calling code: how many digits follow it.
type country struct{ min, max int }

var countries = sync.OnceValue(func() map[int]country {
	table := make(map[int]country)
	for f := range rows(countriesText, 3) {
		code, _ := strconv.Atoi(f[0]) // a test reads the whole table
		low, _ := strconv.Atoi(f[1])
		high, _ := strconv.Atoi(f[2])
		table[code] = country{low, high}
	}
	return table
})

// callingCode returns the country that digits begin with, and how many of them
// are its code: one to three.
func callingCode(digits []byte) (c country, n int, ok bool) {
	code := 0
	for n = range min(3, len(digits)) {
		code = code*10 + int(digits[n])
		if c, ok = countries()[code]; ok {
			return c, n + 1, true
		}
	}
	return country{}, 0, false
}

// isPhone reports whether a value is a number as one dials it from abroad.
func isPhone(value string) bool {
	local, ok := strings.CutPrefix(value, "+")
	return ok && isAbroad(local)
}

// isAbroad reports whether a value is a calling code and a number behind it.
func isAbroad(value string) bool {
	num, ok := read(strings.Replace(value, "(0)", "", 1), 10, ".")
	if !ok || !num.varied() {
		return false
	}
	c, code, ok := callingCode(num.digits[:num.n])
	return ok && num.n-code >= c.min && num.n-code <= c.max
}

// isDialled reports whether a value may be a number in any country's own way.
func isDialled(value string) bool {
	num, ok := read(strings.Replace(strings.TrimPrefix(value, "+"), "(", "", 1), 10, "/.)")
	return ok && num.n >= 7 && num.n <= 15 && num.varied()
}
