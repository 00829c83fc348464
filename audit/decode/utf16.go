package decode

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// A wideForm is one way to write characters in units of two or four bytes.
type wideForm struct {
	step string
	mark string // byte order mark
	unit int
	zero [4]bool // which of four bytes are zero in a Latin letter
	read func([]byte) rune
}

// wideForms has the longer marks first, because one is the start of another.
var wideForms = []wideForm{
	{"utf32le", "\xff\xfe\x00\x00", 4, [4]bool{false, true, true, true}, func(b []byte) rune { return wide(binary.LittleEndian.Uint32(b)) }},
	{"utf32be", "\x00\x00\xfe\xff", 4, [4]bool{true, true, true, false}, func(b []byte) rune { return wide(binary.BigEndian.Uint32(b)) }},
	{"utf16le", "\xff\xfe", 2, [4]bool{false, true, false, true}, func(b []byte) rune { return rune(binary.LittleEndian.Uint16(b)) }},
	{"utf16be", "\xfe\xff", 2, [4]bool{true, false, true, false}, func(b []byte) rune { return rune(binary.BigEndian.Uint16(b)) }},
}

// wide returns a character that is none as U+FFFD.
func wide(n uint32) rune {
	if n > utf8.MaxRune {
		return utf8.RuneError
	}
	return rune(n)
}

// minWide is how many bytes must be zero where no mark says what it is.
const minWide = 4

func isUTF16(in layer) bool { return wideFormOf(in.data) != nil }

// wideFormOf knows a form by its mark, or else by the zero bytes that Latin
// letters have among the first 256.
func wideFormOf(data []byte) *wideForm {
	if len(data) < 2*minWide {
		return nil
	}
	var zeros [4]int
	head := data[:min(len(data), 256)]
	for i, c := range head {
		if c == 0 {
			zeros[i%4]++
		}
	}
	for i := range wideForms {
		if f := &wideForms[i]; bytes.HasPrefix(data, []byte(f.mark)) || f.fits(zeros, len(head)) {
			return f
		}
	}
	return nil
}

// fits reports whether the bytes that are zero in Latin letters are so often,
// and the others hardly ever. In UTF-32 the highest byte is zero in every
// letter, and the next one in most.
func (f *wideForm) fits(zeros [4]int, size int) bool {
	right, wrong := 0, 0
	for i, zero := range f.zero {
		if zero {
			right += zeros[i]
		} else {
			wrong += zeros[i]
		}
	}
	if f.unit == 4 {
		top, next := zeros[3], zeros[2]
		if f.zero[0] {
			top, next = zeros[0], zeros[1]
		}
		if top < size/4 || next < size/8 {
			return false
		}
	}
	return right >= minWide && 8*wrong <= right
}

// decodeUTF16 reads text in UTF-16 or UTF-32. It gives nothing that is no text.
func decodeUTF16(in layer, emit func(part) bool) error {
	f := wideFormOf(in.data)
	out := f.text(bytes.TrimPrefix(in.data, []byte(f.mark)))
	if isMostlyText(out) {
		emit(in.whole(f.step, out))
	}
	return nil
}

// hasWideMark reports whether data may be in UTF-16 or UTF-32: all forms have
// such a byte.
func hasWideMark(data []byte) bool {
	return bytes.IndexByte(data, 0) >= 0 || bytes.IndexByte(data, 0xff) >= 0
}

// isWideText reports whether all of data is text in UTF-16 or UTF-32.
func isWideText(data []byte) bool {
	if !hasWideMark(data[:min(len(data), 256)]) {
		return false
	}
	f := wideFormOf(data)
	return f != nil && isText(f.text(bytes.TrimPrefix(data, []byte(f.mark))))
}

func (f *wideForm) text(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for ; len(data) >= f.unit; data = data[f.unit:] {
		r := f.read(data)
		if f.unit == 2 && utf16.IsSurrogate(r) && len(data) >= 4 {
			if pair := utf16.DecodeRune(r, f.read(data[2:])); pair != utf8.RuneError {
				r, data = pair, data[2:]
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}
