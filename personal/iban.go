package personal

import (
	_ "embed"
	"strconv"
	"sync"
)

// iban.txt has the length of an account number in each country.
//
//go:embed iban.txt
var ibanText string

var ibanLengths = sync.OnceValue(func() map[string]int {
	table := make(map[string]int)
	for f := range rows(ibanText, 2) {
		table[f[0]], _ = strconv.Atoi(f[1]) // a test reads the whole table
	}
	return table
})

// isIBAN reports whether a value is an international bank account number, in one
// piece or in groups of four: the letters and digits after the country's
// letters and two check digits, then those four, as a number that leaves 1 when
// divided by 97 (ISO 13616, ISO 7064 MOD 97-10).
func isIBAN(value string) bool {
	var text [34]byte
	n := 0
	for i := range len(value) {
		c := value[i]
		if c == ' ' && i%5 == 4 && i < len(value)-1 {
			continue
		}
		if !isUpper(c) && !isDigit(c) || n == len(text) {
			return false
		}
		text[n] = c
		n++
	}
	if n < 15 || ibanLengths()[string(text[:2])] != n || !isDigit(text[2]) || !isDigit(text[3]) {
		return false
	}
	rest := 0
	for i := range n {
		c := text[(i+4)%n]
		if isDigit(c) {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'A') + 10) % 97
		}
	}
	return rest == 1
}
