package decode

import "telltale/audit"

// A joiner puts digits together that were sent in pieces: as values that
// follow one another in one container. Any two tokens that stand side by side
// can be joined; what makes pieces of them is that the whole reads as text, or
// is compressed, so that nothing is made up and no tokens are taken for
// content that could not be read.
type joiner struct {
	step   string // of the layers
	pieces []piece
}

// The bounds of what is joined: a piece has as many digits as a short value
// may, and a list of pieces no more than a large request.
const (
	minPiece  = 4
	maxPieces = 4096
)

// add takes in the next value of the container, and hands out what was whole
// before it. Very short ones, such as the numbers of the pieces, may stand
// between. It reports whether emit wants more.
func (j *joiner) add(value piece, emit func(part) bool) bool {
	if len(value.data) < minPiece {
		return true
	}
	digits := isPiece(value.data)
	if (!digits || len(j.pieces) == maxPieces) && !j.flush(emit) {
		return false
	}
	if digits {
		j.pieces = append(j.pieces, value)
	}
	return true
}

// isPiece reports whether a value can be a part of a number in base64 or
// hexadecimal digits.
func isPiece(data []byte) bool {
	for _, c := range trimPadding(data) {
		if sextets[c] == noDigit {
			return false
		}
	}
	return true
}

// flush hands out the pieces that read well together, each once.
func (j *joiner) flush(emit func(part) bool) bool {
	wanted := true
	for start := 0; wanted && start+1 < len(j.pieces); {
		end := together(j.pieces[start:])
		if end < 2 {
			start++
			continue
		}
		var whole []byte
		for _, p := range j.pieces[start : start+end] {
			whole = append(whole, p.data...)
		}
		first, last := j.pieces[start], j.pieces[start+end-1]
		wanted = emit(part{j.step, whole, audit.Span{Start: first.span.Start, End: last.span.End}})
		start += end
	}
	j.pieces = j.pieces[:0]
	return wanted
}

// together returns how many of the pieces read well together: all up to one
// that ends in padding, or a few less, because a neighbour may happen to be
// made of digits, too. It looks at the first digits only.
func together(pieces []piece) int {
	if !readableDigits(pieces[0].data) {
		return 0
	}
	n, head := 0, []byte(nil)
	for padded := false; n < len(pieces) && !padded; n++ {
		data := pieces[n].data
		head = append(head, data[:min(len(data), max(0, headSize-len(head)))]...)
		padded = data[len(data)-1] == '='
	}
	for range maxTrailing {
		if n >= 2 && len(head) >= minRun && readableDigits(head) {
			return n
		}
		if n--; n < 2 || len(head) >= headSize {
			return 0
		}
		head = head[:len(head)-len(pieces[n].data)]
	}
	return 0
}

// maxTrailing is how many numbers of pieces are tried.
const maxTrailing = 5

// readableDigits reports whether digits are base64 or hexadecimal digits of text or
// of compressed data, as far as they go.
func readableDigits(digits []byte) bool {
	head := digits[:min(len(digits), headSize)]
	if out := fromBase64(head); reads(out) {
		return true
	}
	for _, c := range head {
		if unhex[c] == noDigit {
			return false
		}
	}
	return reads(fromHex(head))
}

func reads(out []byte) bool {
	return len(out) >= 3 && (isText(out) || compressed(out))
}
