package decode

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
	"unicode/utf16"
)

// toWide writes text in a form without its mark.
func toWide(in []byte, f *wideForm) []byte {
	var out []byte
	for _, r := range string(in) {
		if f.unit == 4 {
			out = binary.LittleEndian.AppendUint32(out, uint32(r))
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			out = binary.LittleEndian.AppendUint16(out, unit)
		}
	}
	if f.zero[0] { // big end first
		for unit := range slices.Chunk(out, f.unit) {
			slices.Reverse(unit)
		}
	}
	return out
}

// FuzzUTF16 reads each form, with its mark and without.
func FuzzUTF16(f *testing.F) {
	f.Add([]byte("text, ä你😀"))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = letters(data)
		for i := range wideForms {
			form := &wideForms[i]
			in := toWide(data, form)
			roundTrip(t, "utf16", layer{data: in}, form.step, data)
			roundTrip(t, "utf16", layer{data: append([]byte(form.mark), in...)}, form.step, data)
		}
	})
}

// Small numbers in two or four bytes are no text.
func TestNotUTF16(t *testing.T) {
	numbers := bytes.Repeat([]byte{3, 0, 7, 0, 1, 0, 200, 0}, 8)
	if got := run(t, named(t, "utf16"), layer{data: numbers}); got != nil {
		t.Errorf("got %v", got)
	}
}
