package decode

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"math/big"
	"mime"
	"strings"
	"testing"
)

// toBits writes the bits of each byte with a separator between the bytes.
func toBits(in []byte, sep string) []byte {
	words := make([]string, len(in))
	for i, c := range in {
		words[i] = fmt.Sprintf("%08b", c)
	}
	return []byte(strings.Join(words, sep))
}

// toOctal writes the bytes as octal numbers.
func toOctal(in []byte, sep string) []byte {
	words := make([]string, len(in))
	for i, c := range in {
		words[i] = fmt.Sprintf("%03o", c)
	}
	return []byte(strings.Join(words, sep))
}

// toBase45 writes two bytes in three digits (RFC 9285).
func toBase45(in []byte) []byte {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	var out []byte
	for ; len(in) > 1; in = in[2:] {
		n := int(in[0])<<8 | int(in[1])
		out = append(out, digits[n%45], digits[n/45%45], digits[n/2025])
	}
	if len(in) == 1 {
		out = append(out, digits[in[0]%45], digits[in[0]/45])
	}
	return out
}

// toGroups puts a separator behind each n digits.
func toGroups(digits []byte, n int, sep string) []byte {
	var groups []string
	for ; len(digits) > n; digits = digits[n:] {
		groups = append(groups, string(digits[:n]))
	}
	return []byte(strings.Join(append(groups, string(digits)), sep))
}

// toBase58Check writes a version byte, the data, and the start of a digest of
// both, as encoding of the whole.
func toBase58Check(in []byte) []byte {
	data := append([]byte{5}, in...)
	once := sha256.Sum256(data)
	twice := sha256.Sum256(once[:])
	return toRadix(append(data, twice[:4]...), 58, digits58)
}

func toCodePoints(in []byte) []byte {
	var words []string
	for _, r := range string(in) {
		words = append(words, fmt.Sprintf("U+%04X", r))
	}
	return []byte(strings.Join(words, " "))
}

func toCSSEscape(in []byte) []byte {
	var b bytes.Buffer
	for _, r := range string(in) {
		fmt.Fprintf(&b, "\\%x ", r)
	}
	return b.Bytes()
}

// toEncodedWord is what a mail has in its header.
func toEncodedWord(in []byte) []byte { return []byte(mime.QEncoding.Encode("utf-8", "é"+string(in))) }

// zBase32 is z-base-32 by the library.
var zBase32 = base32.NewEncoding("ybndrfg8ejkmcpqxot1uwisza345h769").WithPadding(base32.NoPadding)

func FuzzBits(f *testing.F) {
	f.Add([]byte("text"))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = letters(data)
		for _, sep := range []string{"", " ", ",", "\n"} {
			roundTrip(t, "bits", layer{data: toBits(data, sep)}, "bits", data)
		}
	})
}

func FuzzOctal(f *testing.F) {
	f.Add([]byte("text"))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = append(letters(data), "the letters of an address"...)
		if in := toOctal(data, ", "); worded(data) && !worded(fromCodes(in, 10)) {
			roundTrip(t, "codes", layer{data: in}, "codes", data)
		}
	})
}

func FuzzBase45(f *testing.F) {
	f.Add([]byte("text"))
	f.Fuzz(func(t *testing.T, data []byte) {
		run(t, named(t, "base45"), layer{data: data})
		data = letters(data)
		roundTrip(t, "base45", layer{data: toBase45(data)}, "base45", data)
	})
}

// FuzzGrouped joins what was written in groups of any length.
func FuzzGrouped(f *testing.F) {
	f.Add([]byte("text"), uint(4))
	f.Fuzz(func(t *testing.T, data []byte, n uint) {
		run(t, named(t, "joined"), layer{data: data})
		data = letters(data)
		digits := toHex(data)
		size := int(2 + n%26)
		for _, sep := range []string{"-", " ", "\n", "\r\n", "_"} {
			roundTrip(t, "joined", layer{data: toGroups(digits, size, sep)}, "joined", digits)
		}
		b32 := bytes.TrimRight(toBase32(data, 0), "=")
		roundTrip(t, "joined", layer{data: toGroups(b32, size, "-")}, "joined", b32)
	})
}

func toHex(in []byte) []byte { return fmt.Appendf(nil, "%x", in) }

// FuzzNumber reads bytes from one long number: decimal, and with a checksum.
func FuzzNumber(f *testing.F) {
	f.Add([]byte("text"))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = letters(data)[:minGuess]
		data = bytes.ToValidUTF8(append(data, "and an end"...), nil)
		roundTrip(t, "radix", layer{data: []byte(new(big.Int).SetBytes(data).String())}, "base10", data)
		roundTrip(t, "radix", layer{data: toBase58Check(data)}, "base58check", data)
		roundTrip(t, "base32", layer{data: []byte(zBase32.EncodeToString(data))}, "zbase32", data)
	})
}

func FuzzCodePoints(f *testing.F) {
	f.Add([]byte("ä你😀"))
	f.Fuzz(func(t *testing.T, data []byte) {
		run(t, named(t, "codepoints"), layer{data: data})
		data = letters(data)
		roundTrip(t, "codepoints", layer{data: toCodePoints(data)}, "codepoints", data)
	})
}

func FuzzCSSEscape(f *testing.F) {
	f.Add([]byte("ä你😀"))
	f.Fuzz(func(t *testing.T, data []byte) {
		run(t, named(t, "css-escape"), layer{data: data})
		data = append([]byte("https://a.test/"), letters(data)...)
		roundTrip(t, "css-escape", layer{data: toCSSEscape(data)}, "css-escape", data)
	})
}

func FuzzEncodedWord(f *testing.F) {
	f.Add([]byte("ä你😀"))
	f.Fuzz(func(t *testing.T, data []byte) {
		run(t, named(t, "encoded-word"), layer{data: data})
		data = letters(data)
		want := append([]byte("é"), data...)
		for _, words := range []mime.WordEncoder{mime.BEncoding, mime.QEncoding} {
			in := []byte(words.Encode("utf-8", string(want)))
			roundTrip(t, "encoded-word", layer{data: in}, "encoded-word", want)
		}
	})
}

// FuzzSubstitution writes an address in each alphabet, and rotated.
func FuzzSubstitution(f *testing.F) {
	f.Add([]byte("honey/0123"))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = append([]byte("https://a.test/0"), letters(data)...)
		for i := range substitutions {
			s := &substitutions[i]
			roundTrip(t, "rot", layer{data: s.write(data)}, s.step, data)
		}
		roundTrip(t, "rot", layer{data: rotateDigits(rotate(data, 13))}, "rot18", data)
	})
}

// write is the other side of undo.
func (s *substitution) write(data []byte) []byte {
	var written [256]byte
	for i, c := range s.plain {
		written[c] = byte(i)
	}
	out := make([]byte, len(data))
	for i, c := range data {
		out[i] = written[c]
	}
	return out
}

// Mail addresses show a substitution as well. What is plain has none, and
// neither have ids.
func TestSubstitution(t *testing.T) {
	mail := []byte("jane.doe17@mail.example")
	for i := range substitutions {
		s := &substitutions[i]
		roundTrip(t, "rot", layer{data: s.write(mail)}, s.step, mail)
	}
	roundTrip(t, "rot", layer{data: rotate47(mail)}, "rot47", mail)
	for _, in := range []string{"https://a.test/?q=a", "jane@mail.example", "see a@b.local and ftp://c", `["a","b"]`, "a[0]:com=x[com]4@>"} {
		if parts := run(t, named(t, "rot"), layer{data: []byte(in)}); len(parts) > 0 {
			t.Errorf("%q: got %q", in, listed(parts))
		}
	}
}

// Keys, ids, dates and prices are left as they are.
func TestNotDigits(t *testing.T) {
	for _, in := range []string{
		"550e8400-e29b-41d4-a716-446655440000", "ABCDE-FGHIJ-KLMNO-PQRST-UVWXY", "2020-11-21 04:57:30 +0100 UTC",
		"3c:22:fb:10:aa:01:3c:22:fb:10:aa:01", "10101010101010101010101010101010", "0 1 0 1 1 0 1 0 1 1 0 0 1 0 1 0 0 1 0 1 0 1 0 1 1 1 0 1 0 1 0 1",
		"THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG", "314159265358979323846264338327950288419716939937510", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
		`C:\new\data\feed\cafe`, "=?no word?= at all", "U+0041 is a letter",
	} {
		for _, name := range []string{"joined", "bits", "base45", "codes", "radix", "base32", "css-escape", "encoded-word", "codepoints"} {
			if parts := run(t, named(t, name), layer{data: []byte(in)}); len(parts) > 0 {
				t.Errorf("%q: got %q", in, listed(parts))
			}
		}
	}
}
