// Package personal says what personal data and behaviour look like: the kinds
// that claims name and that findings carry.
//
// A [Kind] is a path from coarse to fine, such as "behaviour/navigation/url".
// The list of all kinds is kinds.txt, one a line: the path, a short name, and
// what it means in plain words, with tabs between.
//
// A [Form] is a way of writing personal data that one value shows by itself: a
// checksum, a structure. [Recognise] looks at the value of a field, [Find] at a
// text. Other tables are names.txt, the names of fields that mean a form;
// dummies.txt, values that look like identifiers and are none; countries.txt
// and iban.txt, codes and lengths of numbers. Nothing here opens a file or a
// connection, and looking at a value that has no form takes well below 1 µs.
package personal

import (
	_ "embed"
	"strings"
	"sync"
)

// A Kind names one sort of personal data, coarse to fine, with slashes.
type Kind string

// Under reports whether k is parent or lies below it: "id/device/imei" is
// under "id/device" and under "id".
func (k Kind) Under(parent Kind) bool {
	rest, ok := strings.CutPrefix(string(k), string(parent))
	return ok && (rest == "" || rest[0] == '/')
}

// Meaning returns what k means in plain words, "" if k is not in the list.
func (k Kind) Meaning() string { return words()[k].meaning }

// Short returns a name of one to four words for k, its path if k is not in the list.
func (k Kind) Short() string {
	if w, ok := words()[k]; ok {
		return w.short
	}
	return string(k)
}

// Known reports whether k is in the list of kinds, or is a parent of one that is.
func (k Kind) Known() bool {
	if k == "" {
		return false
	}
	for _, known := range Kinds() {
		if known.Under(k) {
			return true
		}
	}
	return false
}

// Kinds returns every kind of the list, in its order.
func Kinds() []Kind {
	var kinds []Kind
	for line := range strings.Lines(kindsText) {
		if kind, _, ok := strings.Cut(line, "\t"); ok {
			kinds = append(kinds, Kind(kind))
		}
	}
	return kinds
}

//go:embed kinds.txt
var kindsText string

// word is what is said of a kind.
type word struct{ short, meaning string }

var words = sync.OnceValue(func() map[Kind]word {
	m := make(map[Kind]word)
	for line := range strings.Lines(kindsText) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 3 {
			m[Kind(f[0])] = word{f[1], f[2]}
		}
	}
	return m
})
