package decode

import (
	"bytes"
	"encoding/binary"
	"iter"
	"math"

	"telltale/audit"
)

// base85s are the alphabets of Adobe, of ZeroMQ (RFC 32 of it) and of RFC 1924.
var base85s = []radix{
	{"ascii85", 85, digitTable("!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstu")},
	{"z85", 85, digitTable("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#")},
	{"base85", 85, digitTable("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~")},
}

var ascii85Begin, ascii85End = []byte("<~"), []byte("~>")

// minDense is the number of digits that 16 bytes take in base 85; base 91
// needs no more.
const minDense = 20

// headDense is the number of digits by which a layer is judged, some groups.
const headDense = 80

func isBase85(in layer) bool { return isBase91(in) || bytes.Contains(in.data, ascii85Begin) }

// isDense reports whether the first characters of data could be digits of
// base 85 or 91, and data is not what may have such digits too: an address or a
// form.
func isDense(data []byte) bool {
	if len(data) < minDense || bytes.HasPrefix(data, []byte("http")) {
		return false
	}
	var capitals, small, marks, foreign int // the latter are in no form
	head := data[:min(len(data), headDense)]
	for _, c := range head {
		switch {
		case c <= ' ' || c > '~':
			return false
		case 'A' <= c && c <= 'Z':
			capitals++
		case 'a' <= c && c <= 'z':
			small++
		case isPunctuation[c]:
			marks++
			if !formBytes[c] {
				foreign++
			}
		}
	}
	if foreign == 0 && len(head) == headDense {
		return false
	}
	// Of the digits of anything, about a third are capitals, and as many are
	// small. Addresses and JSON have few capitals.
	least := len(head) / 20
	return marks > 0 && capitals > least && small > least
}

var formBytes = byteSet("%&=+.:/?#*-_~,;@")

var isPunctuation = byteSet(punctuation)

// denseWords yields the layer if there is no space at its start, otherwise each
// word that may be made of such digits, as behind the name of a scheme. What
// follows a word in a list or in brackets may be a digit too: it is yielded
// with that and without.
func denseWords(data []byte) iter.Seq[piece] {
	return func(yield func(piece) bool) {
		if isBracketed(data) { // what stands in JSON is a layer of its own
			return
		}
		if isDense(data) {
			yield(piece{data, audit.Span{End: len(data)}})
			return
		}
		for start := 0; start+minDense <= len(data); {
			size := 0
			for start+size < len(data) && !isGap(data[start+size]) {
				size++
			}
			if size < minDense { // as most words are
				start += size + 1
				continue
			}
			words, n := trims(audit.Span{Start: start, End: start + size}, data)
			for _, word := range words[:n] {
				if text := data[word.Start:word.End]; isDense(text) && !yield(piece{text, word}) {
					return
				}
			}
			start += size + 1
		}
	}
}

// trims returns the range of a word, and without what may stand around it: the
// end of a list or of brackets, and quotes.
func trims(word audit.Span, data []byte) (all [3]audit.Span, n int) {
	text := data[word.Start:word.End]
	all[0], n = word, 1
	if end := len(bytes.TrimRight(text, ");,")); end < len(text) {
		all[n] = audit.Span{Start: word.Start, End: word.Start + end}
		n++
	}
	if first, last := bytes.IndexByte(text, '"'), bytes.LastIndexByte(text, '"'); first < last {
		all[n] = audit.Span{Start: word.Start + first + 1, End: word.Start + last}
		n++
	}
	return all, n
}

func isGap(c byte) bool { return c <= ' ' || c > '~' }

// decodeBase85 gives what stands between the marks of Ascii85, or else each
// word that reads well in one of the alphabets.
func decodeBase85(in layer, emit func(part) bool) error {
	marked := false
	for span := range framed(in.data) {
		out := base85s[0].from85(in.data[span.Start+2 : span.End-2])
		if out == nil {
			continue
		}
		marked = true
		if !emit(part{"ascii85", out, span}) {
			return nil
		}
	}
	if marked {
		return nil
	}
	for word := range denseWords(in.data) {
		for _, r := range base85s {
			if out := r.dense(word.data, r.from85); out != nil {
				if !emit(part{r.step, out, word.span}) {
					return nil
				}
				break
			}
		}
	}
	return nil
}

// dense reads the digits of a word, nothing if the result is not plain. Text
// shows by the first digits, a container only as a whole.
func (r radix) dense(word []byte, read func([]byte) []byte) []byte {
	if !promising(read(word[:minDense])) && len(word) < minHeld {
		return nil
	}
	if out := read(word); plain(out) {
		return out
	}
	return nil
}

// framed yields the ranges from a mark "<~" to the next "~>".
func framed(data []byte) iter.Seq[audit.Span] {
	return func(yield func(audit.Span) bool) {
		for at := 0; ; {
			start := bytes.Index(data[at:], ascii85Begin)
			if start < 0 {
				return
			}
			start += at
			size := bytes.Index(data[start+2:], ascii85End)
			if size < 0 {
				return
			}
			at = start + 2 + size + 2
			if !yield(audit.Span{Start: start, End: at}) {
				return
			}
		}
	}
}

// from85 decodes groups of five digits, the last one of which may be short. In
// Ascii85 the letter z stands for four zeros. Line ends do not count. Where
// anything else stands, the result is nil.
func (r radix) from85(text []byte) []byte {
	out := make([]byte, 0, len(text)*4/5+4)
	group, n := uint64(0), 0
	for _, c := range text {
		switch v := r.digits[c]; {
		case v != noDigit:
			group = group*85 + uint64(v)
			n++
		case c == 'z' && n == 0:
			out = append(out, 0, 0, 0, 0)
		case c != '\r' && c != '\n':
			return nil
		}
		if group > math.MaxUint32 {
			return nil
		}
		if n == 5 {
			out = binary.BigEndian.AppendUint32(out, uint32(group))
			group, n = 0, 0
		}
	}
	if n == 0 {
		return out
	}
	for range 5 - n {
		group = group*85 + 84
	}
	last := binary.BigEndian.AppendUint32(nil, uint32(min(group, math.MaxUint32)))
	return append(out, last[:n-1]...)
}
