package report

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"telltale/audit"
)

// A piece is a stretch of an excerpt. Gap is set instead of Text where bytes
// are left out.
type piece struct {
	Text string
	Mark bool
	Gap  string

	left int // bytes that Gap is about
}

// An extent says how much of a layer is shown around and inside the mark.
type extent struct {
	head, around       int // bytes at the start of the layer; before and after the mark
	markHead, markTail int // bytes at both ends of a long mark
}

var (
	textExtent = extent{head: 40, around: 140, markHead: 200, markTail: 80}
	hexExtent  = extent{head: hexRow, around: hexRow, markHead: 5 * hexRow, markTail: 2 * hexRow}
)

// windows returns the ranges of n bytes that are shown. Both ends of the mark
// are always in them.
func (x extent) windows(n int, mark audit.Span) []audit.Span {
	ws := []audit.Span{{Start: 0, End: x.head}}
	if mark.Len() <= x.markHead+x.markTail {
		ws = append(ws, audit.Span{Start: mark.Start - x.around, End: mark.End + x.around})
	} else {
		ws = append(ws,
			audit.Span{Start: mark.Start - x.around, End: mark.Start + x.markHead},
			audit.Span{Start: mark.End - x.markTail, End: mark.End + x.around})
	}
	for i := range ws {
		ws[i].Start, ws[i].End = max(0, ws[i].Start), min(n, ws[i].End)
	}
	return closeGaps(union(ws), n)
}

// smallGap is a number of bytes that are rather shown than left out.
const smallGap = 32

func closeGaps(ws []audit.Span, n int) []audit.Span {
	if last := len(ws) - 1; n-ws[last].End < smallGap {
		ws[last].End = n
	}
	joined := ws[:1]
	for _, w := range ws[1:] {
		if last := len(joined) - 1; w.Start-joined[last].End < smallGap {
			joined[last].End = w.End
			continue
		}
		joined = append(joined, w)
	}
	return joined
}

// excerpt shows data with the mark. The spans of clear may be shown besides
// what the masker lets through. Binary is a dump of hexadecimal digits.
func (m masker) excerpt(data []byte, mark audit.Span, clear []audit.Span) (pieces []piece, binary bool) {
	mark.Start = min(max(mark.Start, 0), len(data))
	mark.End = min(max(mark.End, mark.Start), len(data))
	if !isText(data) {
		return m.dump(data, mark, clear), true
	}
	at := 0
	for _, w := range textExtent.windows(len(data), mark) {
		w = wholeRunes(data, w)
		pieces = append(pieces, gap(w.Start-at)...)
		pieces = append(pieces, m.window(data, w, mark, clear)...)
		at = w.End
	}
	return append(pieces, gap(len(data)-at)...), false
}

// window shows the bytes of w, cut where the mark or a masked part begins or ends.
func (m masker) window(data []byte, w, mark audit.Span, clear []audit.Span) []piece {
	var pieces []piece
	for _, part := range m.split(data[w.Start:w.End], shift(clear, -w.Start)) {
		start, end := w.Start+part.Start, w.Start+part.End
		cuts := []int{start, min(max(mark.Start, start), end), min(max(mark.End, start), end), end}
		for i, marked := range []bool{false, true, false} {
			if from, to := cuts[i], cuts[i+1]; from < to {
				pieces = add(pieces, piece{Text: m.show(data[from:to], part.clear), Mark: marked})
			}
		}
	}
	return pieces
}

// add joins a piece with the one before if it looks the same.
func add(pieces []piece, p piece) []piece {
	if last := len(pieces) - 1; last >= 0 && pieces[last].Gap == "" && pieces[last].Mark == p.Mark {
		pieces[last].Text += p.Text
		return pieces
	}
	return append(pieces, p)
}

func gap(n int) []piece {
	if n <= 0 {
		return nil
	}
	return []piece{{Gap: count(n, "byte", "bytes") + " left out", left: n}}
}

func shift(spans []audit.Span, by int) []audit.Span {
	moved := make([]audit.Span, len(spans))
	for i, s := range spans {
		moved[i] = audit.Span{Start: max(0, s.Start+by), End: max(0, s.End+by)}
	}
	return moved
}

// wholeRunes widens w until it cuts no character of UTF-8.
func wholeRunes(data []byte, w audit.Span) audit.Span {
	for n := 0; n < utf8.UTFMax && w.Start > 0 && w.Start < len(data) && !utf8.RuneStart(data[w.Start]); n++ {
		w.Start--
	}
	for n := 0; n < utf8.UTFMax && w.End < len(data) && !utf8.RuneStart(data[w.End]); n++ {
		w.End++
	}
	return w
}

// isText reports whether data is better read as text: at most one character
// in twenty would have to be written out.
func isText(data []byte) bool {
	odd, n := 0, 0
	for rest := data; len(rest) > 0; n++ {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 || !unicode.IsPrint(r) && !unicode.IsSpace(r) {
			odd++
		}
		rest = rest[size:]
	}
	return odd*20 <= n
}

// hexRow is the number of bytes in a line of a dump: few enough for a phone.
const hexRow = 8

func (m masker) dump(data []byte, mark audit.Span, clear []audit.Span) []piece {
	shown := make([]bool, len(data))
	for _, p := range m.split(data, clear) {
		for i := p.Start; i < p.End && p.clear; i++ {
			shown[i] = true
		}
	}
	var pieces []piece
	at := 0
	for _, w := range hexExtent.windows(len(data), mark) {
		first := w.Start / hexRow * hexRow
		for row := max(first, at); row < w.End; row += hexRow {
			line := audit.Span{Start: row, End: min(row+hexRow, len(data))}
			if row > 0 && !anyTrue(shown[line.Start:line.End]) {
				continue // a line of dots tells nothing
			}
			pieces = append(pieces, gap(row-at)...)
			pieces = append(pieces, hexLine(data, line, mark, shown)...)
			at = line.End
		}
	}
	return append(pieces, gap(len(data)-at)...)
}

func anyTrue(bs []bool) bool {
	for _, b := range bs {
		if b {
			return true
		}
	}
	return false
}

// hexLine is one line of a dump: offset, digits, characters.
func hexLine(data []byte, line, mark audit.Span, shown []bool) []piece {
	pieces := []piece{{Text: fmt.Sprintf("%06x  ", line.Start)}}
	column := func(width int, cell func(i int) string) {
		for i := line.Start; i < line.End; i++ {
			marked := i >= mark.Start && i < mark.End
			pieces = add(pieces, piece{Text: cell(i), Mark: marked})
			if width > 1 && i+1 < line.End {
				pieces = add(pieces, piece{Text: " ", Mark: marked && i+1 < mark.End})
			}
		}
	}
	column(2, func(i int) string {
		if !shown[i] {
			return "••"
		}
		return hexByte(data[i])
	})
	pieces = add(pieces, piece{Text: strings.Repeat("   ", hexRow-line.Len()) + "  "})
	column(1, func(i int) string {
		switch {
		case !shown[i]:
			return "•"
		case data[i] < ' ' || data[i] > '~':
			return "."
		default:
			return string(rune(data[i]))
		}
	})
	return add(pieces, piece{Text: "\n"})
}

func hexByte(b byte) string { return hex.EncodeToString([]byte{b}) }

func quoteRune(r rune) string { return strconv.QuoteRuneToASCII(r) }

// signs are the first bytes by which a format is known. They are the same in
// every message and give nothing away.
var signs = []string{
	"\x1f\x8b\x08", "\x78\x01", "\x78\x9c", "\x78\xda", // gzip, zlib
	"H4sI", "eJ", "eyJ", "W3si", // base64 of gzip, zlib, an object, a list of objects
}

// sign returns the range of a format's sign at the start of mark.
func sign(data []byte, mark audit.Span) []audit.Span {
	if mark.Start < 0 || mark.Start > len(data) {
		return nil
	}
	for _, s := range signs {
		if bytes.HasPrefix(data[mark.Start:], []byte(s)) {
			return []audit.Span{{Start: mark.Start, End: mark.Start + len(s)}}
		}
	}
	return nil
}
