package decode

import (
	"bytes"
	"fmt"
	"math/big"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// Written is the other side of the decoders of text and of digits, for the
// property test of random nestings. All take text.
var Written = []struct {
	Name   string
	Encode func([]byte) []byte
}{
	{"html", toHTML},
	{"escape", toEscape},
	{"percent-u", toPercentU},
	{"quoted-printable", toQuoted},
	{"utf16le", func(in []byte) []byte { return toWide(in, &wideForms[2]) }},
	{"utf16be", func(in []byte) []byte { return toWide(in, &wideForms[3]) }},
	{"utf32le", func(in []byte) []byte { return toWide(in, &wideForms[0]) }},
	{"codes", func(in []byte) []byte { return toCodes(in, false) }},
	{"characters", toCharacters},
	{"uuencode", toUuencode},
	{"yenc", toYEnc},
	{"base32", func(in []byte) []byte { return toBase32(in, 0) }},
	{"base32hex", func(in []byte) []byte { return toBase32(in, 1) }},
	{"base58", func(in []byte) []byte { return shortOnly(in, toRadix(in[:min(len(in), 700)], 58, digits58)) }},
	{"base62", func(in []byte) []byte { return shortOnly(in, toRadix(in[:min(len(in), 700)], 62, digits62)) }},
	{"ascii85", toASCII85},
	{"ascii85 marked", func(in []byte) []byte { return []byte("<~" + string(toASCII85(in)) + "~>") }},
	{"z85", toZ85},
	{"base91", toBase91},
	{"bits", func(in []byte) []byte { return toBits(in, " ") }},
	{"octal", func(in []byte) []byte { return toOctal(in, " ") }},
	{"base45", toBase45},
	{"zbase32", func(in []byte) []byte { return []byte(zBase32.EncodeToString(in)) }},
	{"base10", func(in []byte) []byte { return []byte(new(big.Int).SetBytes(in).String()) }},
	{"base58check", toBase58Check},
	{"joined", func(in []byte) []byte { return toGroups(toHex(in), 8, "-") }},
	{"codepoints", toCodePoints},
	{"css-escape", toCSSEscape},
	{"encoded-word", toEncodedWord},
	{"atbash", substitutions[0].write},
	{"custom-map-1", substitutions[1].write},
	{"rot18", func(in []byte) []byte { return rotateDigits(rotate(in, 13)) }},
	{"rot47", rotate47},
	{"ebcdic", func(in []byte) []byte { return recoded(in, charmap.CodePage037) }},
	{"hex-list", func(in []byte) []byte { return toHexList(in, "", ":") }},
}

// recoded writes text in a charset.
func recoded(in []byte, e encoding.Encoding) []byte {
	out, err := e.NewEncoder().Bytes(in)
	if err != nil {
		panic(err)
	}
	return out
}

// shortOnly returns what was written, or what would have been if that is too
// long for a number.
func shortOnly(in, out []byte) []byte {
	if len(in) > 700 {
		return in
	}
	return out
}

// String is for the messages of tests.
func (p part) String() string { return fmt.Sprintf("%s %q", p.step, p.data) }

// roundTrip wants a decoder to give data back from what an encoder wrote, as a
// part with this step.
func roundTrip(t *testing.T, name string, in layer, step string, data []byte) {
	t.Helper()
	var got []part
	for _, p := range run(t, named(t, name), in) {
		if p.step == step && bytes.Equal(p.data, data) {
			return
		}
		got = append(got, p)
	}
	t.Errorf("%q: got %v, want %s %q", in.data, got, step, data)
}

// letters turns what a fuzzer draws into text without control characters, of
// at least minGuess bytes that no encoder leaves as they are.
func letters(data []byte) []byte {
	out := []byte("é long=enough, ")
	for _, r := range string(data[:min(len(data), 600)]) {
		if r >= ' ' && r != utf8.RuneError && r != 0x7f && isText([]byte(string(r))) {
			out = utf8.AppendRune(out, r)
		}
	}
	return append(out, '!')
}
