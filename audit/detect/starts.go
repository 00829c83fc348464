package detect

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"telltale/audit"
)

// A start is a text of a seed that may be met cut short.
type start struct {
	wording
	folded string
	// natural is where the letters begin that count though they are not
	// random, -1 if only random ones count.
	natural int
	enough  func(start string) bool // of what has enough letters, nil: any
}

// addStarts notes what of a seed may be met cut short.
func (w *writer) addStarts(i int, p planted) {
	add := func(sp *spelling, text string, natural int, enough func(string) bool) {
		w.starts = append(w.starts, start{wording{seed: i, spelling: sp, text: text, cut: true}, string(folded(text)), natural, enough})
	}
	switch {
	case isPage(p.url):
		for _, a := range p.written {
			www := len(a.host) - len(a.withoutWWW().host)
			add(&spellings[0], a.String(), len(a.scheme)+www, isParticularStart)
			add(noScheme, a.afterScheme(), www, isParticularStart)
			add(wholePath, strings.Trim(a.path+a.query, "/"), -1, nil)
		}
	case p.host != "":
		add(&spellings[0], p.value, 0, nil)
	default:
		add(&spellings[0], p.value, -1, nil)
	}
}

var noScheme, wholePath = named("url:no-scheme"), named("url:path")

// named returns a row of spellings.
func named(name string) *spelling {
	return &spellings[slices.IndexFunc(spellings, func(s spelling) bool { return s.name == name })]
}

// fileStarts files of each text the least start that tells the seed from all
// others.
func (w *writer) fileStarts(seeds []audit.Seed) {
	slices.SortStableFunc(w.starts, func(a, b start) int { return cmp.Compare(a.folded, b.folded) })
	shared := make([]int, len(w.starts)) // bytes that another seed starts with, too
	neighbours := func(i, other, before int) int {
		n := commonStart(w.starts[i].folded, w.starts[other].folded)
		if seeds[w.starts[i].seed].Value == seeds[w.starts[other].seed].Value {
			n = min(n, before)
		}
		shared[i] = max(shared[i], n)
		return n
	}
	for i, before := 1, 0; i < len(w.starts); i++ {
		before = neighbours(i, i-1, before)
	}
	for i, before := len(w.starts)-2, 0; i >= 0; i-- {
		before = neighbours(i, i+1, before)
	}
	for i, s := range w.starts {
		if n := s.least(shared[i]); n < len(s.text) {
			w.addPattern(folded(s.text[:n]), s.wording)
		}
	}
}

func commonStart(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// pastShared is by how many letters a natural start is longer than what
// another seed starts with.
const pastShared = 4

// least returns the length of the least start that may be told, of which so
// many bytes are shared: beyond them it has enough random bits, or it has many
// letters.
func (s start) least(shared int) int {
	rest := s.text[min(shared, len(s.text)):]
	n := shared + sort.Search(len(rest), func(n int) bool { return randomBits(rest[:n]) > enoughBits })
	if s.natural >= 0 {
		from := min(max(s.natural+leastStart, shared+pastShared), len(s.text))
		natural := from + sort.Search(len(s.text)-from, func(n int) bool { return s.enough == nil || s.enough(s.text[:from+n]) })
		n = min(n, natural)
	}
	return max(gram, n)
}

// isParticularStart reports whether the start of an address is more than a
// common host: it has a particular one, or a good part of the path.
func isParticularStart(text string) bool {
	a := cutAddress(text)
	return isParticularHost(a.host) || len(a.path)+len(a.query) >= leastPath
}
