package decode

import (
	"bytes"
	"fmt"
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

// lzProbe is the number of digits by which a token is judged.
const lzProbe = 32

// isLZString wants digits only at the start, or something that is no ASCII.
func isLZString(in layer) bool {
	if len(in.data) < minLZString {
		return false
	}
	digits, ascii := true, true
	for _, c := range in.data[:minLZString] {
		digits = digits && (lzDigits[c] != noDigit || lzURIDigits[c] != noDigit)
		ascii = ascii && ' ' <= c && c < utf8.RuneSelf
	}
	return digits || !ascii
}

// decodeLZString tries the forms in which the library writes its bits. Nothing
// marks them: a form counts if the mark of the end stands at the end, and the
// result is text.
func decodeLZString(in layer, emit func(part) bool) error {
	for _, form := range []func([]byte) ([]uint16, uint){lzBase64, lzURI, lzUTF16, lzRawUTF8, lzRaw, lzRawLittle} {
		units, width := form(in.data)
		if len(units) == 0 {
			continue
		}
		z := lzString{units: units, width: width}
		err := z.read(in.room)
		text := []byte(string(utf16.Decode(z.out)))
		if err != nil && len(text) > len(in.data) && printableShare(text) == 1 {
			emit(in.whole("lz-string", text[:min(int64(len(text)), in.room)]))
			return err
		}
		if z.ended && len(text) >= minRun/2 && printableShare(text) >= mostlyText {
			emit(in.whole("lz-string", text))
			return nil
		}
	}
	return nil
}

func lzBase64(data []byte) ([]uint16, uint) {
	return lzUnits(bytes.TrimRight(data, "="), lzDigits), lzDigitBits
}

func lzURI(data []byte) ([]uint16, uint) {
	return lzUnits(bytes.TrimRight(data, "$"), lzURIDigits), lzDigitBits
}

// lzUnits returns the values of digits, nil if something else is among them or
// the first ones make no sense, as those of most tokens.
func lzUnits(data []byte, digits *[256]byte) []uint16 {
	if len(data) > lzProbe {
		z := lzString{units: lzUnits(data[:lzProbe], digits), width: lzDigitBits}
		if _ = z.read(lzProbe * lzProbe); z.at+2*lzRawBits < lzProbe*lzDigitBits {
			return nil
		}
	}
	units := make([]uint16, 0, len(data))
	for _, c := range data {
		if digits[c] == noDigit {
			return nil
		}
		units = append(units, uint16(digits[c]))
	}
	return units
}

func lzUTF16(data []byte) ([]uint16, uint) {
	units := lzFromUTF8(data)
	for i, u := range units {
		if u < lzUTF16Shift || u >= lzUTF16Shift+1<<lzUTF16Bits {
			return nil, 0
		}
		units[i] = u - lzUTF16Shift
	}
	return units, lzUTF16Bits
}

func lzRawUTF8(data []byte) ([]uint16, uint) { return lzFromUTF8(data), lzRawBits }

// lzFromUTF8 returns the units of a string that was written as UTF-8, where
// halves of pairs may stand alone. It is nil if all is ASCII or something is
// no UTF-8.
func lzFromUTF8(data []byte) (units []uint16) {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r != utf8.RuneError || size > 1:
			units = utf16.AppendRune(units, r)
		case i+2 < len(data) && data[i] == 0xed && data[i+1]&data[i+2]&0x80 != 0: // half of a pair
			units = append(units, 0xd000|uint16(data[i+1]&0x3f)<<6|uint16(data[i+2]&0x3f))
			size = 3
		default:
			return nil
		}
		i += size
	}
	if len(units) == len(data) {
		return nil
	}
	return units
}

// lzRaw reads units of two bytes, the way of the library's Uint8Array.
func lzRaw(data []byte) ([]uint16, uint) { return lzPairs(data, 8, 0), lzRawBits }

func lzRawLittle(data []byte) ([]uint16, uint) { return lzPairs(data, 0, 8), lzRawBits }

func lzPairs(data []byte, first, second uint) []uint16 {
	if len(data)%2 != 0 || printableShare(data[:min(len(data), 2*lzProbe)]) >= mostlyText {
		return nil
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = uint16(data[2*i])<<first | uint16(data[2*i+1])<<second
	}
	return units
}

// The first three codes of lz-string announce a new character of 8 or of 16
// bits, and the end.
const (
	lzShort = iota
	lzLong
	lzEnd
	lzFirst // of the strings
)

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
		if int64(len(z.out)) > room {
			return fmt.Errorf("%w, %d bytes; the rest is not read", errRoom, room)
		}
	}
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
