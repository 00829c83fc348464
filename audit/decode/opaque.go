package decode

import "math"

// Opacity is judged in windows, because a readable head must not hide an
// encrypted rest. Bytes below the least length are ids, digests and keys, too
// short to tell from any other bytes.
const (
	opaqueWindow = 256
	minOpaque    = 48
)

// unread reports whether a layer that no decoder could read has something to
// hide: its bytes look so, or the header of an encrypted token said so.
func unread(in layer) bool { return in.step == jweCiphertext || opaque(in.data) }

// entropy returns the Shannon entropy of the bytes of data, in bits per byte,
// to two decimals.
func entropy(data []byte) float64 {
	var counts [256]int
	for _, c := range data {
		counts[c]++
	}
	bits := 0.0
	for _, k := range counts {
		if k > 0 {
			p := float64(k) / float64(len(data))
			bits -= p * math.Log2(p)
		}
	}
	return math.Round(100*bits) / 100
}

// opaque reports whether data, which no decoder could read, is what a good
// cipher or a compressor gives: not text, and at least half of it like random
// bytes.
func opaque(data []byte) bool {
	if len(data) < minOpaque || isMostlyText(data) {
		return false
	}
	windows, random := 0, 0
	for start := 0; start == 0 || start+opaqueWindow <= len(data); start += opaqueWindow {
		windows++
		if likeRandom(data[start:min(start+opaqueWindow, len(data))]) {
			random++
		}
	}
	return 2*random >= windows
}

// likeRandom compares n bytes with n random ones in two ways, each with a
// margin of four standard deviations, so that random bytes pass but for one
// window in some ten thousand.
//
// The number of equal pairs is W. F. Friedman's index of coincidence (1922)
// before it is divided: random bytes have n(n-1)/2 pairs that are equal with
// probability 1/256. Records and text repeat themselves more, a table of bytes
// less. The share of printable ASCII, 95 in 256, catches short records with
// fields of text.
func likeRandom(window []byte) bool {
	var counts [256]int
	ascii := 0
	for _, c := range window {
		counts[c]++
		if ' ' <= c && c <= '~' {
			ascii++
		}
	}
	equal := 0
	for _, k := range counts {
		equal += k * (k - 1) / 2
	}
	n := float64(len(window))
	return near(float64(equal), n*(n-1)/2, 1.0/256) && near(float64(ascii), n, 95.0/256)
}

// near reports whether a count is within four standard deviations of what n
// trials of probability p give.
func near(count, n, p float64) bool {
	return math.Abs(count-n*p) <= 4*math.Sqrt(n*p*(1-p))
}
