package detect

import (
	"encoding/binary"
	"runtime"
	"slices"
	"sync"
)

// A hashed is a spelling of a seed that is hashed.
type hashed struct {
	seed     int
	spelling *spelling
	text     string
	all      bool // with all digests, otherwise with the usual ones
}

func (h hashed) digests() []digest {
	if h.all {
		return digests
	}
	return digests[:len(usualDigests)]
}

// images finds the digests of all seeds by their first eight bytes. They are
// computed when the first bytes that may be a digest are looked at: ten thousand
// seeds have three million of them.
//
// The numbers of images run through the texts, and through the digests of each.
type images struct {
	texts  []hashed
	starts []int // number of the first image of each text, and of all images

	once  sync.Once
	keys  []uint64 // the first eight bytes of each image, 0 if there is none
	slots []uint32 // number of an image + 1, at its hash or behind it, 0: free
	bits  []uint64 // a filter before slots, as in matcher
	shift int      // 64 less the power of two of bits
	slot  int      // 64 less the power of two of slots
	mask  uint64   // length of slots - 1
}

func newImages(texts []hashed) *images {
	m := &images{texts: texts, starts: make([]int, 1, len(texts)+1)}
	for i, t := range texts {
		m.starts = append(m.starts, m.starts[i]+len(t.digests()))
	}
	return m
}

// len returns how many images there are.
func (m *images) len() int { return m.starts[len(m.texts)] }

// image returns the text and the digest of an image.
func (m *images) image(number int) (hashed, *digest) {
	i, found := slices.BinarySearch(m.starts, number)
	if !found {
		i--
	}
	return m.texts[i], &m.texts[i].digests()[number-m.starts[i]]
}

func (m *images) compute() {
	m.keys = make([]uint64, m.len())
	var wait sync.WaitGroup
	each := len(m.texts)/runtime.GOMAXPROCS(0) + 1
	for from := 0; from < len(m.texts); from += each {
		wait.Go(func() { m.hash(from, min(from+each, len(m.texts))) })
	}
	wait.Wait()
	m.slot, m.shift = 64-4, 64-leastBits
	for 1<<(64-m.slot) < 2*len(m.keys) {
		m.slot--
	}
	for 64-m.shift < mostBits && 1<<(64-m.shift) < bitsEach*len(m.keys) {
		m.shift--
	}
	m.mask = 1<<(64-m.slot) - 1
	m.slots, m.bits = make([]uint32, 1<<(64-m.slot)), make([]uint64, 1<<(64-m.shift-6))
	for i, key := range m.keys {
		if key != 0 {
			m.insert(key, uint32(i+1))
		}
	}
}

// hash computes the images of some texts.
func (m *images) hash(from, to int) {
	for i, t := range m.texts[from:to] {
		keys := m.keys[m.starts[from+i]:]
		for k, d := range t.digests() {
			if sum := d.sum([]byte(t.text)); len(sum) >= gram {
				keys[k] = binary.LittleEndian.Uint64(sum)
			}
		}
	}
}

func (m *images) insert(key uint64, number uint32) {
	h := spread(key)
	m.bits[h>>m.shift>>6] |= 1 << (h >> m.shift & 63)
	at := h >> m.slot
	for m.slots[at] != 0 {
		at = (at + 1) & m.mask
	}
	m.slots[at] = number
}

// spread hashes a word (Fibonacci hashing); its highest bits are the best.
func spread(w uint64) uint64 { return w * 0x9E3779B97F4A7C15 }

// find calls hit for every place at which the first bytes of an image stand in
// data, in the order of the places.
func (m *images) find(data []byte, hit func(number, start int)) {
	if m.len() == 0 || len(data) < gram || !mayHoldDigest(data) {
		return
	}
	m.once.Do(m.compute)
	var w uint64
	bits, shift := m.bits, m.shift
	for i, b := range data {
		w = w>>8 | uint64(b)<<56
		h := spread(w) >> shift
		if bits[h>>6]&(1<<(h&63)) != 0 && i >= gram-1 {
			m.lookup(w, i-(gram-1), hit)
		}
	}
}

// at calls hit for every image that data begins with the first bytes of.
func (m *images) at(data []byte, hit func(number int)) {
	m.once.Do(m.compute)
	w := word(data)
	if h := spread(w) >> m.shift; m.bits[h>>6]&(1<<(h&63)) != 0 {
		m.lookup(w, 0, func(number, _ int) { hit(number) })
	}
}

// lookup calls hit for the images that begin with the bytes of w.
func (m *images) lookup(w uint64, start int, hit func(number, start int)) {
	for at := spread(w) >> m.slot; m.slots[at] != 0; at = (at + 1) & m.mask {
		if number := int(m.slots[at]) - 1; m.keys[number] == w {
			hit(number, start)
		}
	}
}

// mayHoldDigest reports whether data is something else than ASCII text. Of
// eight random bytes, one in some thousand is text by chance; where they are
// all of the data, they are looked at in any case.
func mayHoldDigest(data []byte) bool {
	if len(data) == gram {
		return true
	}
	for _, b := range data {
		if unprintable[b] {
			return true
		}
	}
	return false
}

// unprintable are the bytes that ASCII text has none of.
var unprintable = func() (set [256]bool) {
	for i := range set {
		set[i] = i < ' ' && i != '\t' && i != '\n' && i != '\r' || i > '~'
	}
	return set
}()
