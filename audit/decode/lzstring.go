package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"telltale/audit"
)

// lzDigits are the digits of lz-string's base64 and of its URI component. The
// latter has "+" and "-" at the end, and a proxy may turn "+" into a space.
var lzDigits = digitTable(
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
)

var lzURIDigits = digitTable(
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-",
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -",
)

// The widths of the characters that lz-string writes. With 15 bits, 32 is
// added to keep out of the control characters.
const (
	lzDigitBits  = 6
	lzUTF16Bits  = 15
	lzUTF16Shift = 32
	lzRawBits    = 16
)

// minLZString is the least length of a token: the first character takes two
// digits, each further one more.
const minLZString = 8

// lzProbe is the number of units by which a layer is judged first: most make
// no sense after a few.
const lzProbe = 32

// An lzForm is a way in which lz-string writes its bits.
type lzForm struct {
	width uint
	// units appends up to cap(dst) units of data to dst. It is not ok if
	// something else is among them.
	units func(dst []uint16, data []byte) (units []uint16, ok bool)
	// bytes says that the form is no text, so that it stands only where such
	// bytes may.
	bytes bool
}

var lzForms = []lzForm{
	{lzDigitBits, lzBase64, false},
	{lzDigitBits, lzURI, false},
	{lzUTF16Bits, lzUTF16, false},
	{lzRawBits, lzRawUTF8, false},
	{lzRawBits, lzRaw, true},
	{lzRawBits, lzRawLittle, true},
}

// isLZString wants at the start digits only, of which the first can be one, or
// something that is no ASCII.
func isLZString(in layer) bool {
	if len(in.data) < minLZString {
		return false
	}
	digits, ascii := true, true
	for _, c := range in.data[:minLZString] {
		digits = digits && (lzDigits[c] != noDigit || lzURIDigits[c] != noDigit || c == '=')
		ascii = ascii && ' ' <= c && c < utf8.RuneSelf
	}
	if digits {
		return lzStarts(in.data)
	}
	return !ascii
}

// lzStarts reports whether the first digits announce a character that can be
// printed, and then a string that there can be: the first but one.
func lzStarts(data []byte) bool {
	var units [5]uint16 // enough for the widest codes
	for i := range units {
		units[i] = uint16(min(lzDigits[data[i]], lzURIDigits[data[i]]))
	}
	z := lzString{units: units[:], width: lzDigitBits}
	code, _ := z.code(2)
	if code > lzLong {
		return false
	}
	c, _ := z.code(8 << code)
	next, _ := z.code(3)
	r := rune(c) //nolint:gosec // 16 bits at most
	return next <= lzFirst+1 && (unicode.IsPrint(r) || unicode.IsSpace(r) || utf16.IsSurrogate(r))
}

// decodeLZString tries the forms. Nothing marks them: a form counts if the
// mark of the end stands at the end, and the result is text.
func decodeLZString(in layer, emit func(part) bool) error {
	packed := maybePacked(in)
	for _, form := range lzForms {
		if form.bytes && !packed || !form.promises(in.data) {
			continue
		}
		units, ok := form.units(make([]uint16, 0, len(in.data)), in.data)
		if !ok {
			continue
		}
		z := lzString{units: units, width: form.width}
		err := z.read(in.room)
		text := z.text(in.room)
		if (z.ended || err != nil && len(text) > len(in.data)) && len(text) >= minRun/2 && (isText(text) || len(text) >= unmarkedHead && isMostlyText(text)) && oneScript(text) {
			emit(in.whole("lz-string", text))
			return err
		}
	}
	return nil
}

// scripts are those that people write in one text, besides Latin letters and
// what all scripts have.
var scripts = [][]*unicode.RangeTable{
	{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo},
	{unicode.Hangul},
	{unicode.Cyrillic},
	{unicode.Greek},
	{unicode.Arabic},
	{unicode.Hebrew},
	{unicode.Thai},
	{unicode.Devanagari},
	{unicode.Bengali},
	{unicode.Tamil},
}

// oneScript reports whether text is in one of the scripts. What tokens give by
// chance has characters from anywhere.
func oneScript(text []byte) bool {
	return slices.ContainsFunc(scripts, func(script []*unicode.RangeTable) bool {
		for _, r := range string(text) {
			if r >= utf8.RuneSelf && !unicode.In(r, unicode.Latin, unicode.Common, unicode.Inherited) && !unicode.In(r, script...) && !unicode.IsControl(r) {
				return false
			}
		}
		return true
	})
}

// lzProbes are decompressions with room for a probe.
var lzProbes = sync.Pool{New: func() any {
	return &lzString{units: make([]uint16, 0, lzProbe), out: make([]uint16, 0, 4*lzProbe), strings: make([]audit.Span, 0, 4*lzProbe)}
}}

// promises reports whether the first units make sense.
func (f lzForm) promises(data []byte) bool {
	z := lzProbes.Get().(*lzString) //nolint:forcetypeassert // the pool has no other type
	defer lzProbes.Put(z)
	*z = lzString{units: z.units[:0:lzProbe], out: z.out[:0], strings: z.strings[:0], width: f.width}
	var ok bool
	if z.units, ok = f.units(z.units, data); !ok {
		return false
	}
	_ = z.read(lzProbe * lzProbe) // it breaks off, where the units end at the latest
	return z.ended || len(z.units) >= lzProbe && (len(z.out) > lzProbe*lzProbe || z.at+2*lzRawBits >= lzProbe*f.width)
}

func lzBase64(dst []uint16, data []byte) ([]uint16, bool) {
	return lzUnits(dst, bytes.TrimRight(data, "="), lzDigits)
}

func lzURI(dst []uint16, data []byte) ([]uint16, bool) {
	return lzUnits(dst, bytes.TrimRight(data, "$"), lzURIDigits)
}

// lzUnits appends the values of digits.
func lzUnits(dst []uint16, data []byte, digits *[256]byte) ([]uint16, bool) {
	for _, c := range data[:min(len(data), cap(dst))] {
		if digits[c] == noDigit {
			return dst, false
		}
		dst = append(dst, uint16(digits[c]))
	}
	return dst, true
}

func lzUTF16(dst []uint16, data []byte) ([]uint16, bool) {
	dst, ok := lzRawUTF8(dst, data)
	for i, u := range dst {
		if u < lzUTF16Shift || u >= lzUTF16Shift+1<<lzUTF16Bits {
			return dst[:i], false
		}
		dst[i] = u - lzUTF16Shift
	}
	return dst, ok
}

// lzRawUTF8 appends the units of a string that was written as UTF-8, where
// halves of pairs may stand alone. It is not ok if all of them are ASCII.
func lzRawUTF8(dst []uint16, data []byte) ([]uint16, bool) {
	i := 0
	for i < len(data) && len(dst) < cap(dst) {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r != utf8.RuneError || size > 1:
			dst = utf16.AppendRune(dst, r)
		case i+2 < len(data) && data[i] == 0xed && data[i+1]&data[i+2]&0x80 != 0: // half of a pair
			dst = append(dst, 0xd000|uint16(data[i+1]&0x3f)<<6|uint16(data[i+2]&0x3f))
			size = 3
		default:
			return dst, false
		}
		i += size
	}
	return dst, len(dst) < i
}

// lzRaw reads units of two bytes, the way of the library's Uint8Array.
func lzRaw(dst []uint16, data []byte) ([]uint16, bool) { return lzPairs(dst, data, binary.BigEndian) }

func lzRawLittle(dst []uint16, data []byte) ([]uint16, bool) {
	return lzPairs(dst, data, binary.LittleEndian)
}

func lzPairs(dst []uint16, data []byte, order binary.ByteOrder) ([]uint16, bool) {
	for len(data) > 1 && len(dst) < cap(dst) {
		dst, data = append(dst, order.Uint16(data)), data[2:]
	}
	return dst, len(data) != 1
}

// The first three codes of lz-string announce a new character of 8 or of 16
// bits, and the end.
const (
	lzShort = iota
	lzLong
	lzEnd
	lzFirst // of the strings
)

// maxLZStrings bounds the table, in which each code is a string more.
const maxLZStrings = 1 << 20

var errLZStrings = errors.New("has more strings than the limit of a layer; the rest is not read")

// lzString is a decompression. A string of its table is a character, or one
// that was given before with the character that came after it: so the table
// holds ranges of out.
type lzString struct {
	units   []uint16
	width   uint // bits of a unit
	at      uint // bits read
	bits    uint // of a code
	left    int  // strings until a code needs a bit more
	strings []audit.Span
	out     []uint16
	ended   bool // the mark of the end stands at the end
}

// read appends to out until the codes end or make no sense, or there is no
// more room, which is an error.
func (z *lzString) read(room int64) error {
	var last audit.Span // the string of the code before
	z.bits, z.left = 2, 1
	for {
		code, ok := z.code(z.bits)
		if !ok {
			return nil
		}
		if code == lzEnd {
			z.ended = z.restIsPadding()
			return nil
		}
		start := len(z.out)
		if !z.give(code, last) {
			return nil
		}
		if last.Len() > 0 {
			z.learn(audit.Span{Start: last.Start, End: last.End + 1})
		}
		last = audit.Span{Start: start, End: len(z.out)}
		if len(z.strings) > maxLZStrings {
			return errLZStrings
		}
		if int64(len(z.out)) > room {
			return fmt.Errorf("%w, %d bytes; the rest is not read", errRoom, room)
		}
	}
}

// text returns what was read as UTF-8, up to room bytes and a character.
func (z *lzString) text(room int64) []byte {
	text := make([]byte, 0, len(z.out))
	for i := 0; i < len(z.out); i++ {
		r := rune(z.out[i])
		if i+1 < len(z.out) && utf16.IsSurrogate(r) {
			if pair := utf16.DecodeRune(r, rune(z.out[i+1])); pair != utf8.RuneError {
				r = pair
				i++
			}
		}
		if text = utf8.AppendRune(text, r); int64(len(text)) > room {
			return text[:room]
		}
	}
	return text
}

// give appends the string of a code, and reports whether there is one.
func (z *lzString) give(code int, last audit.Span) bool {
	start := len(z.out)
	switch entry := code - lzFirst; {
	case code == lzShort || code == lzLong:
		c, ok := z.code(8 << code)
		z.out = append(z.out, uint16(c)) //nolint:gosec // 16 bits at most
		z.learn(audit.Span{Start: start, End: start + 1})
		return ok
	case entry < len(z.strings):
		s := z.strings[entry]
		z.out = append(z.out, z.out[s.Start:s.End]...)
	case entry == len(z.strings) && last.Len() > 0: // the string that is just being made
		z.out = append(z.out, z.out[last.Start:last.End]...)
		z.out = append(z.out, z.out[last.Start])
	default:
		return false
	}
	return true
}

// learn adds a string to the table.
func (z *lzString) learn(s audit.Span) {
	z.strings = append(z.strings, s)
	if z.left--; z.left == 0 {
		z.left = 1 << z.bits
		z.bits++
	}
}

// code reads n bits, the lowest of the code first, the highest of a unit
// first.
func (z *lzString) code(n uint) (code int, ok bool) {
	if z.at+n > uint(len(z.units))*z.width {
		return 0, false
	}
	for i := range n {
		bit := z.units[z.at/z.width] >> (z.width - 1 - z.at%z.width) & 1
		code |= int(bit) << i
		z.at++
	}
	return code, true
}

// restIsPadding reports whether what was not read is less than two units
// without a bit: the library fills the last one, and may add one more.
func (z *lzString) restIsPadding() bool {
	for n := uint(len(z.units))*z.width - z.at; n > 0; n-- {
		if bit, _ := z.code(1); bit != 0 || n > 2*z.width {
			return false
		}
	}
	return true
}
