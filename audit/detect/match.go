package detect

// gram is the number of bytes by which the filter looks: as many as fit into
// one machine word.
const gram = 8

// filterBits is the size of the filter, as a power of two. 2^24 bits are 2 MiB:
// with 100,000 patterns one position in 170 passes it by chance.
const filterBits = 24

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
	byGram   map[uint64][]entry
	patterns [][]byte
}

// An entry is a pattern with the place of its gram.
type entry struct{ pattern, offset int32 }

// newMatcher files patterns, each of at least gram bytes. fold is applied to
// the data and must have been applied to the patterns; nil: none.
func newMatcher(patterns [][]byte, fold *[256]byte) *matcher {
	if fold == nil {
		fold = &asIs
	}
	m := &matcher{
		fold: fold, patterns: patterns,
		bits: make([]uint64, 1<<(filterBits-6)), byGram: make(map[uint64][]entry, len(patterns)),
	}
	count := make(map[uint64]int32)
	for _, p := range patterns {
		for i := range len(p) - gram + 1 {
			count[word(p[i:])]++
		}
	}
	for i, p := range patterns {
		offset := rarest(p, count)
		key := word(p[offset:])
		m.byGram[key] = append(m.byGram[key], entry{int32(i), int32(offset)}) //nolint:gosec // far fewer than 2^31 patterns
		h := hash(key)
		m.bits[h>>6] |= 1 << (h & 63)
	}
	return m
}

func rarest(p []byte, count map[uint64]int32) int {
	best := 0
	for i := range len(p) - gram + 1 {
		if count[word(p[i:])] < count[word(p[best:])] {
			best = i
		}
	}
	return best
}

// word returns the first eight bytes as the filter sees them: the last byte on top.
func word(p []byte) uint64 {
	_ = p[gram-1]
	var w uint64
	for i := range gram {
		w |= uint64(p[i]) << (8 * i)
	}
	return w
}

// hash spreads a word over the filter (Fibonacci hashing).
func hash(w uint64) uint64 { return w * 0x9E3779B97F4A7C15 >> (64 - filterBits) }

// find calls hit for every place at which a pattern stands in data, in the
// order of the places of their grams.
func (m *matcher) find(data []byte, hit func(pattern, start int)) {
	if len(data) < gram || len(m.patterns) == 0 {
		return
	}
	var w uint64
	fold, bits := m.fold, m.bits
	for i, b := range data {
		w = w>>8 | uint64(fold[b])<<56
		h := hash(w)
		if bits[h>>6]&(1<<(h&63)) == 0 || i < gram-1 {
			continue
		}
		for _, e := range m.byGram[w] {
			if start := i - (gram - 1) - int(e.offset); m.stands(m.patterns[e.pattern], data, start) {
				hit(int(e.pattern), start)
			}
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
