package detect

import (
	"encoding/binary"
	"math"
	"slices"
)

// gram is the number of bytes by which the filter looks: as many as fit into
// one machine word.
const gram = 8

// The filter has 128 bits a pattern, so that one position in 128 passes it by
// chance, within these bounds as powers of two: from 8 KiB, which the nearest
// cache holds, to 8 MiB, which the furthest does.
const (
	leastBits, mostBits = 16, 26
	bitsEach            = 128
)

// A matcher finds many patterns in one pass: a q-gram filter. The last eight
// bytes are a word; its hash asks a bit map whether any pattern has these
// bytes; only then a table is asked which. Each pattern is filed under the
// rarest of its grams, because real patterns share their beginnings.
//
// Aho-Corasick automata lose most of their speed in Go beyond a thousand
// patterns (cache misses); this filter does not.
type matcher struct {
	fold     *[256]byte // applied to each byte of the data
	bits     []uint64
	shift    int              // 64 less the power of two of bits
	byGram   map[uint64]int32 // the first pattern that is filed under a gram
	filed    []filing         // of each pattern
	patterns [][]byte
}

// A filing says where in a pattern its gram stands, and which pattern is the
// next one under this gram, -1 if none is.
type filing struct{ offset, next int32 }

// newMatcher files patterns, each of at least gram bytes. fold is applied to
// the data and must have been applied to the patterns; nil: none.
func newMatcher(patterns [][]byte, fold *[256]byte) *matcher {
	if fold == nil {
		fold = &asIs
	}
	size := leastBits
	for size < mostBits && 1<<size < bitsEach*len(patterns) {
		size++
	}
	m := &matcher{
		fold: fold, patterns: patterns, shift: 64 - size,
		bits: make([]uint64, 1<<(size-6)), byGram: make(map[uint64]int32, len(patterns)),
		filed: make([]filing, len(patterns)),
	}
	count := grams(patterns)
	for i, p := range slices.Backward(patterns) {
		offset := rarest(p, count)
		key := word(p[offset:])
		next, shared := m.byGram[key]
		if !shared {
			next = -1
		}
		m.filed[i] = filing{int32(offset), next} //nolint:gosec // patterns are far shorter than 2 GiB
		m.byGram[key] = int32(i)                 //nolint:gosec // far fewer than 2^31 patterns
		h := m.hash(key)
		m.bits[h>>6] |= 1 << (h & 63)
	}
	return m
}

// A census counts in how many places of the patterns each gram stands. Grams
// whose hashes agree are counted together: that costs some of the choice, and
// a count of its own for each of them would cost far more memory than all else.
type census []uint16

const censusBits = 22

func (c census) at(p []byte) *uint16 {
	return &c[spread(word(p))>>(64-censusBits)]
}

// grams takes the census. A pattern of one gram has no choice and is not
// counted.
func grams(patterns [][]byte) census {
	c := make(census, 1<<censusBits)
	for _, p := range patterns {
		for i := 0; len(p) > gram && i+gram <= len(p); i++ {
			if n := c.at(p[i:]); *n < math.MaxUint16 {
				*n++
			}
		}
	}
	return c
}

func rarest(p []byte, count census) int {
	best := 0
	for i := range len(p) - gram + 1 {
		if *count.at(p[i:]) < *count.at(p[best:]) {
			best = i
		}
	}
	return best
}

// word returns the first eight bytes as the filter sees them: the last byte on top.
func word(p []byte) uint64 {
	return binary.LittleEndian.Uint64(p)
}

// hash spreads a word over the filter (Fibonacci hashing).
func (m *matcher) hash(w uint64) uint64 { return spread(w) >> m.shift }

// find calls hit for every place at which a pattern stands in data, in the
// order of the places of their grams.
func (m *matcher) find(data []byte, hit func(pattern, start int)) {
	if len(data) < gram || len(m.patterns) == 0 {
		return
	}
	var w uint64
	fold, bits, shift := m.fold, m.bits, m.shift
	for i, b := range data {
		w = w>>8 | uint64(fold[b])<<56
		h := spread(w) >> shift // m.hash, with all of it in registers
		if bits[h>>6]&(1<<(h&63)) == 0 || i < gram-1 {
			continue
		}
		p, ok := m.byGram[w]
		for ok {
			f := m.filed[p]
			if start := i - (gram - 1) - int(f.offset); m.stands(m.patterns[p], data, start) {
				hit(int(p), start)
			}
			p, ok = f.next, f.next >= 0
		}
	}
}

// stands reports whether p stands in data at start.
func (m *matcher) stands(p, data []byte, start int) bool {
	if start < 0 || start+len(p) > len(data) {
		return false
	}
	for i, b := range p {
		if m.fold[data[start+i]] != b {
			return false
		}
	}
	return true
}

// asIs folds nothing, lower folds ASCII capitals.
var asIs, lower = foldings()

func foldings() (asIs, lower [256]byte) {
	for i := range 256 {
		b := byte(i)
		asIs[i], lower[i] = b, b
		if 'A' <= b && b <= 'Z' {
			lower[i] = b + 'a' - 'A'
		}
	}
	return asIs, lower
}
