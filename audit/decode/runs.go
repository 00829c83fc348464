package decode

import (
	"iter"

	"telltale/audit"
)

// minRun is the least length of a run of digits that is tried: chance makes
// shorter ones in any text, and 8 bytes is the length of the shortest seed.
const minRun = 16

const noDigit = 0xff

// digitTable returns a table that maps each character to its place in one of
// the alphabets, anything else to noDigit.
func digitTable(alphabets ...string) *[256]byte {
	var table [256]byte
	for i := range table {
		table[i] = noDigit
	}
	for _, a := range alphabets {
		for i := range len(a) {
			table[a[i]] = byte(i)
		}
	}
	return &table
}

// runs yields the maximal runs of at least minRun digits. It looks at the last
// place of a possible run first: most text is then skipped 16 bytes at a time.
func runs(data []byte, digits *[256]byte) iter.Seq[audit.Span] {
	return func(yield func(audit.Span) bool) {
		for start := 0; start+minRun <= len(data); {
			i := start + minRun - 1
			for i >= start && digits[data[i]] != noDigit {
				i--
			}
			if i >= start {
				start = i + 1
				continue
			}
			end := start + minRun
			for end < len(data) && digits[data[end]] != noDigit {
				end++
			}
			if !yield(audit.Span{Start: start, End: end}) {
				return
			}
			start = end + 1
		}
	}
}

// isDigitsOf reports whether data has no other digits than those of a table.
func isDigitsOf(data []byte, digits *[256]byte) bool {
	for _, c := range data {
		if digits[c] == noDigit {
			return false
		}
	}
	return true
}
