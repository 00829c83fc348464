package detect

// A saltCache remembers what salts make of all seeds. The same salts stand in
// request after request, and hashing ten thousand texts again would take longer
// than all else. It holds no sums but filters of them: what a filter cannot
// rule out is computed again.
type saltCache struct {
	filters map[saltBlock]saltFilter
	size    int // words
}

// A saltBlock is what one salt, one digest and one stage of the search make.
type saltBlock struct {
	salt, digest string
	stage        int
}

// maxSaltWords bounds the words of a cache: 32 MiB.
const maxSaltWords = 4 << 20

// keep files a filter.
func (c *saltCache) keep(b saltBlock, f saltFilter) {
	if c.size += len(f); c.size > maxSaltWords {
		clear(c.filters)
		c.size = len(f)
	}
	if c.filters == nil {
		c.filters = make(map[saltBlock]saltFilter)
	}
	c.filters[b] = f
}

// A saltFilter is a set of the first words of sums, with one bit each among 32
// or more: of other words, one in thirty seems to be in it.
type saltFilter []uint64

func newSaltFilter(sums int) saltFilter { return make(saltFilter, sums/2+1) }

func (f saltFilter) place(w uint64) (word uint64, bit uint64) {
	h := spread(w) >> 16
	return h / 64 % uint64(len(f)), 1 << (h % 64)
}

func (f saltFilter) add(w uint64) {
	at, bit := f.place(w)
	f[at] |= bit
}

// mayHold reports whether one of the wanted digests may be in the set.
func (f saltFilter) mayHold(wanted saltRecord) bool {
	for w := range wanted {
		if at, bit := f.place(w); f[at]&bit != 0 {
			return true
		}
	}
	return false
}
