package decode

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// The encoder of lz-string, in its four forms.
type lzWriter struct {
	width, count uint
	unit         uint16
	units        []uint16
}

func (w *lzWriter) bits(value int, n uint) {
	for range n {
		w.unit = w.unit<<1 | uint16(value&1)
		value >>= 1
		if w.count++; w.count == w.width {
			w.units = append(w.units, w.unit)
			w.unit, w.count = 0, 0
		}
	}
}

// lzUnitsOf compresses a string to units of a width.
func lzUnitsOf(text []uint16, width uint) []uint16 {
	w := &lzWriter{width: width}
	codes := make(map[string]int)
	fresh := make(map[string]bool)
	next, left, bits := 3, 2, uint(2)
	key := func(s []uint16) string { return string(utf16Bytes(s)) }
	count := func() {
		if left--; left == 0 {
			left = 1 << bits
			bits++
		}
	}
	produce := func(s []uint16) {
		k := key(s)
		if !fresh[k] {
			w.bits(codes[k], bits)
			count()
			return
		}
		if s[0] < 256 {
			w.bits(lzShort, bits)
			w.bits(int(s[0]), 8)
		} else {
			w.bits(lzLong, bits)
			w.bits(int(s[0]), 16)
		}
		count()
		delete(fresh, k)
		count()
	}
	var known []uint16
	for _, c := range text {
		if one := key([]uint16{c}); codes[one] == 0 {
			codes[one], fresh[one] = next, true
			next++
		}
		longer := append(slices.Clip(known), c)
		if codes[key(longer)] != 0 {
			known = longer
			continue
		}
		produce(known)
		codes[key(longer)] = next
		next++
		known = []uint16{c}
	}
	if len(known) > 0 {
		produce(known)
	}
	w.bits(lzEnd, bits)
	for done := len(w.units); len(w.units) == done; {
		w.bits(0, 1)
	}
	return w.units
}

func utf16Bytes(units []uint16) (out []byte) {
	for _, u := range units {
		out = binary.BigEndian.AppendUint16(out, u)
	}
	return out
}

// lzSpellings are the forms of a text by name.
func lzSpellings(text string) map[string][]byte {
	digits := func(alphabet, pad string) []byte {
		var out []byte
		for _, u := range lzUnitsOf(unitsOf(text), 6) {
			out = append(out, alphabet[u])
		}
		for pad != "" && len(out)%4 != 0 {
			out = append(out, pad...)
		}
		return out
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	shifted := lzUnitsOf(unitsOf(text), 15)
	for i := range shifted {
		shifted[i] += lzUTF16Shift
	}
	raw := lzUnitsOf(unitsOf(text), 16)
	var little []byte
	for _, u := range raw {
		little = binary.LittleEndian.AppendUint16(little, u)
	}
	return map[string][]byte{
		"base64":       digits(letters+"+/", "="),
		"URI":          digits(letters+"+-", ""),
		"UTF16":        append(wtf8(shifted), ' '),
		"raw UTF-8":    wtf8(raw),
		"raw":          utf16Bytes(raw),
		"raw, little":  little,
		"URI in query": bytes.ReplaceAll(digits(letters+"+-", ""), []byte("+"), []byte(" ")),
	}
}

func unitsOf(text string) (units []uint16) {
	for _, r := range text {
		if r >= 0x10000 {
			units = append(units, uint16(0xd800+(r-0x10000)>>10), uint16(0xdc00+(r-0x10000)&0x3ff))
		} else {
			units = append(units, uint16(r))
		}
	}
	return units
}

// wtf8 writes each unit on its own, pairs too.
func wtf8(units []uint16) (out []byte) {
	for _, u := range units {
		switch {
		case u < 0x80:
			out = append(out, byte(u))
		case u < 0x800:
			out = append(out, 0xc0|byte(u>>6), 0x80|byte(u&0x3f))
		default:
			out = append(out, 0xe0|byte(u>>12), 0x80|byte(u>>6&0x3f), 0x80|byte(u&0x3f))
		}
	}
	return out
}

// FuzzLZString reads what the encoder above wrote.
func FuzzLZString(f *testing.F) {
	f.Add("https://example.org/?q=wörter&page=2 https://example.org")
	f.Add("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	f.Add("我能吞下玻璃😀😃😄")
	d := named(f, "lz-string")
	f.Fuzz(func(t *testing.T, text string) {
		run(t, d, layer{data: []byte(text), room: fuzzRoom})
		if !utf8.ValidString(text) || len(text) < 12 || !isText([]byte(text)) || !oneScript([]byte(text)) {
			return
		}
		for name, in := range lzSpellings(text) {
			l := layer{step: "base64", data: in, room: fuzzRoom}
			if len(in) < minLZString {
				continue
			}
			if strings.HasPrefix(name, "raw") && (!d.gate(l) || !maybePacked(l)) {
				continue // the start looks like text
			}
			if parts := run(t, d, l); len(parts) != 1 || string(parts[0].data) != text {
				t.Errorf("%s: %q: got %q, want %q", name, in, parts, text)
			}
		}
	})
}
