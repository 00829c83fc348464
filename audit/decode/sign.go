package decode

import (
	"iter"
	"math/bits"
	"slices"
)

// A sign is what every layer in an encoding shows at first sight. Nearly all
// layers are short values that no decoder wants; signs, which are compared for
// all decoders at once, spare them most of the gates. The zero sign fits any
// layer. A sign never turns away what the gate would let in.
type sign struct {
	min   int    // least length
	first string // the first byte is one of these
	has   string // one of these bytes stands somewhere
}

// unprintable are the bytes that no text in ASCII has.
var unprintable = func() string {
	var set []byte
	for c := range 256 {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c >= 0x7f {
			set = append(set, byte(c))
		}
	}
	return string(set)
}()

// punctuation are the digits of base 85 and 91 that base64 has not. Twenty
// digits have none of them in less than one case of a hundred.
const punctuation = "!\"#$%&'()*,.:;<>?@[\\]^`{|}~"

// A decoderSet has a bit for each row of the table of decoders.
type decoderSet [2]uint64

func (s *decoderSet) add(i int) { s[i>>6] |= 1 << (i & 63) }

// all yields the rows in order.
func (s decoderSet) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for n, word := range s {
			for ; word != 0; word &= word - 1 {
				if !yield(n<<6 | bits.TrailingZeros64(word)) {
					return
				}
			}
		}
	}
}

func (s decoderSet) or(t decoderSet) decoderSet  { return decoderSet{s[0] | t[0], s[1] | t[1]} }
func (s decoderSet) and(t decoderSet) decoderSet { return decoderSet{s[0] & t[0], s[1] & t[1]} }

// longestMin is the greatest least length that is told apart.
const longestMin = 32

// firstSights are the signs of the table of decoders.
var firstSights = newSigns(decoders)

// signs are those of all decoders, turned round: for each thing that a layer
// may show, the decoders that could want it.
type signs struct {
	byLength [longestMin + 1]decoderSet
	byFirst  [256]decoderSet
	anyBytes decoderSet   // that ask for no byte
	class    [256]uint64  // one bit, the same for bytes that the same decoders ask for
	byClass  []decoderSet // for each bit
}

func newSigns(table []decoder) *signs {
	s := new(signs)
	var byByte [256]decoderSet
	for i, d := range table {
		for n := min(d.sign.min, longestMin); n <= longestMin; n++ {
			s.byLength[n].add(i)
		}
		first := d.sign.first
		if first == "" {
			first = everyByte
		}
		for _, c := range []byte(first) {
			s.byFirst[c].add(i)
		}
		for _, c := range []byte(d.sign.has) {
			byByte[c].add(i)
		}
		if d.sign.has == "" {
			s.anyBytes.add(i)
		}
	}
	for c, set := range byByte {
		bit := slices.Index(s.byClass, set)
		if bit < 0 {
			bit = len(s.byClass)
			s.byClass = append(s.byClass, set)
		}
		s.class[c] = 1 << bit
	}
	return s
}

var everyByte = func() string {
	set := make([]byte, 256)
	for c := range set {
		set[c] = byte(c)
	}
	return string(set)
}()

// fitting returns the decoders whose sign data has.
func (s *signs) fitting(data []byte) decoderSet {
	if len(data) == 0 {
		return decoderSet{}
	}
	set := s.byLength[min(len(data), longestMin)].and(s.byFirst[data[0]])
	if set.and(s.anyBytes) == set {
		return set
	}
	seen := uint64(0)
	for _, c := range data {
		seen |= s.class[c]
	}
	has := s.anyBytes
	for ; seen != 0; seen &= seen - 1 {
		has = has.or(s.byClass[bits.TrailingZeros64(seen)])
	}
	return set.and(has)
}
