package decode

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"
)

// Cribs are texts that find the key of bytes that are XORed with them: known
// plaintext. A key of n bytes that repeats itself cancels out of the difference
// of bytes n apart, data[i]^data[i+n]; so a text shows there as it would
// without any key (W. F. Friedman's differences, for XOR in place of addition).
// For each length of a key, a few bytes of difference of each text are looked
// for, and what they give is checked against all of the text. The nil Cribs
// find nothing. Cribs do not change and are safe for concurrent use.
type Cribs struct {
	texts [][]byte
	index func() *cribIndex // is made when it is needed first
}

// Bounds of the keys that are found, and of the work on a layer.
const (
	maxCribKey  = 16
	maxCribData = 4096 // bytes in which a text is looked for
	maxAlike    = 16   // texts with the same difference that are tried
	gramSize    = 5
	// minAgreed is how many bytes of a text must agree beyond those that the
	// key is taken from: random bytes do once in 2^48 times.
	minAgreed = 6
)

// NewCribs returns the cribs of these texts. Another spelling of a text, such as
// an address inside another one, is found where a part is spelled the same.
func NewCribs(texts ...string) *Cribs {
	c := new(Cribs)
	for _, t := range texts {
		if len(t) > minAgreed {
			c.texts = append(c.texts, []byte(t))
		}
	}
	c.index = sync.OnceValue(func() *cribIndex { return newCribIndex(c.texts) })
	return c
}

// key returns the shortest key under which all of a text stands in data, or else
// the one under which most of a text does; nil if there is none, or if the text
// stands there without any.
func (c *Cribs) key(data []byte) (best []byte) {
	if c == nil || len(c.texts) == 0 {
		return nil
	}
	data = data[:min(len(data), maxCribData)]
	index, most := c.index(), 0
	for lag := 1; lag <= min(maxCribKey, len(data)-minAgreed); lag++ {
		gram := uint64(0)
		for i := range len(data) - lag {
			gram = (gram<<8 | uint64(data[i]^data[i+lag])) & gramMask
			if i < gramSize-1 || !index.may(lag, gram) {
				continue
			}
			for _, e := range index.alike(lag, gram) {
				text := c.texts[e.text]
				key, agreed := e.key(data, i-gramSize+1, text)
				if agreed == len(text) {
					return key
				}
				if agreed-lag > most {
					best, most = key, agreed-lag
				}
			}
		}
	}
	return best
}

const gramMask = 1<<(8*gramSize) - 1

// A cribGram is a difference in a text: of bytes so far apart, from here on.
type cribGram struct {
	gram     uint64
	lag      int
	text, at int
}

func (e cribGram) compare(other cribGram) int {
	return cmp.Or(cmp.Compare(e.lag, other.lag), cmp.Compare(e.gram, other.gram), cmp.Compare(e.text, other.text))
}

// key returns the key under which the text stands in data, with its byte number
// e.at at i, and how many bytes of the text do: all of them, or enough if the
// rest of data is text too.
func (e cribGram) key(data []byte, i int, text []byte) (key []byte, agreed int) {
	start := i - e.at // of the text; before the data if it is cut off
	key = make([]byte, e.lag)
	for j := e.at; j < e.at+e.lag; j++ {
		key[(start+j+e.lag*len(text))%e.lag] = data[start+j] ^ text[j]
	}
	agrees := func(j int) bool {
		return start+j >= 0 && start+j < len(data) && data[start+j]^text[j] == key[(start+j)%e.lag]
	}
	from, to := e.at, e.at+e.lag
	for from > 0 && agrees(from-1) {
		from--
	}
	for to < len(text) && agrees(to) {
		to++
	}
	if to-from < e.lag+minAgreed || !slices.ContainsFunc(key, func(c byte) bool { return c != 0 }) {
		return nil, 0
	}
	if to-from < len(text) && !isMostlyText(xor(data, key)) {
		return nil, 0
	}
	return key, to - from
}

// A cribIndex finds texts by their differences.
type cribIndex struct {
	grams  []cribGram // in order
	filter []uint64   // a bit for each hash that a gram has
	shift  int        // of a hash to the number of its bit
}

// newCribIndex takes one gram of each text for each length of a key, that from
// a place where the text is least like the others.
func newCribIndex(texts [][]byte) *cribIndex {
	x := new(cribIndex)
	rarest := rarestGrams(texts)
	for n, t := range texts {
		rare := rarest[n]
		for lag := 1; lag <= min(maxCribKey, len(t)-minAgreed); lag++ {
			e := cribGram{lag: lag, text: n, at: min(rare, len(t)-gramSize-lag)}
			if rare >= lag && e.at < rare {
				e.at = rare - lag // the later bytes are the rare ones
			}
			if e.gram = difference(t, e.at, lag); telltaleGram(e.gram) {
				x.grams = append(x.grams, e)
			}
		}
	}
	slices.SortFunc(x.grams, cribGram.compare)
	size := bits.Len(uint(16*len(x.grams) + 64))
	x.filter, x.shift = make([]uint64, 1<<(size-6)), 64-size
	for _, e := range x.grams {
		bit := x.hash(e.lag, e.gram)
		x.filter[bit>>6] |= 1 << (bit & 63)
	}
	return x
}

// rarestGrams returns where each text is least like the others. Grams are counted
// by their hashes: a few may count as one.
func rarestGrams(texts [][]byte) []int {
	size := 0
	for _, t := range texts {
		size += len(t)
	}
	shift := 64 - bits.Len(uint(4*size))
	counts := make([]uint32, 1<<(64-shift))
	count := func(t []byte, at int) *uint32 { return &counts[textGram(t, at)*mixer>>shift] }
	for _, t := range texts {
		for at := range len(t) - gramSize + 1 {
			*count(t, at)++
		}
	}
	rarest := make([]int, len(texts))
	for n, t := range texts {
		for at := range len(t) - gramSize + 1 {
			if *count(t, at) < *count(t, rarest[n]) {
				rarest[n] = at
			}
		}
	}
	return rarest
}

// mixer spreads numbers over the upper bits of their product: 2^64 divided by
// the golden ratio (D. Knuth, The Art of Computer Programming, 6.4).
const mixer = 0x9e3779b97f4a7c15

// textGram returns the bytes of a gram as a number.
func textGram(text []byte, at int) (gram uint64) {
	for _, c := range text[at : at+gramSize] {
		gram = gram<<8 | uint64(c)
	}
	return gram
}

// difference returns the gram of the bytes from a place on and those that stand
// so far behind them.
func difference(text []byte, at, lag int) uint64 {
	return textGram(text, at) ^ textGram(text, at+lag)
}

// telltaleGram reports whether a difference has more than one value: a run of
// the same byte has not.
func telltaleGram(gram uint64) bool { return gram>>8 != gram&(gramMask>>8) }

func (x *cribIndex) hash(lag int, gram uint64) uint64 {
	return (gram<<5 ^ uint64(lag)) * mixer >> x.shift //nolint:gosec // small and positive
}

// may reports whether there may be such a gram.
func (x *cribIndex) may(lag int, gram uint64) bool {
	bit := x.hash(lag, gram)
	return x.filter[bit>>6]>>(bit&63)&1 != 0
}

// alike returns the texts with a gram, a few at most.
func (x *cribIndex) alike(lag int, gram uint64) []cribGram {
	from, _ := slices.BinarySearchFunc(x.grams, cribGram{gram: gram, lag: lag}, cribGram.compare)
	to := from
	for to < min(len(x.grams), from+maxAlike) && x.grams[to].lag == lag && x.grams[to].gram == gram {
		to++
	}
	return x.grams[from:to]
}
