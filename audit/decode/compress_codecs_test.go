package decode

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// packed is what w makes of data.
func packed(t testing.TB, data []byte, open func(io.Writer) (io.WriteCloser, error)) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := open(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func openZstd(w io.Writer) (io.WriteCloser, error) {
	return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
}
func openLZ4(w io.Writer) (io.WriteCloser, error)    { return lz4.NewWriter(w), nil }
func openSnappy(w io.Writer) (io.WriteCloser, error) { return snappy.NewBufferedWriter(w), nil }
func openXz(w io.Writer) (io.WriteCloser, error) {
	return xz.WriterConfig{DictCap: 1 << 16}.NewWriter(w)
}

func openLZMA(w io.Writer) (io.WriteCloser, error) {
	return lzma.WriterConfig{DictCap: 1 << 16}.NewWriter(w)
}
func openBrotli(w io.Writer) (io.WriteCloser, error)  { return brotli.NewWriter(w), nil }
func openDeflate(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) }

// fuzzPacked reads what the library wrote up to the limit, what is left of it
// when it is cut off, and anything.
func fuzzPacked(f *testing.F, name string, open func(io.Writer) (io.WriteCloser, error)) {
	f.Add([]byte("some text, some text, some text"), uint(20))
	f.Add([]byte(strings.Repeat("\x00", 300)), uint(9))
	d := named(f, name)
	f.Fuzz(func(t *testing.T, data []byte, cut uint) {
		run(t, d, layer{step: "base64", data: data, room: fuzzRoom})
		in := packed(t, data, open)
		inflated(t, d, in, data, cut)
		if got, ok := whole(run(t, d, layer{step: "base64", data: in, room: fuzzRoom}), in); ok != wanted(d, in, data) || ok && !bytes.Equal(got, data) {
			t.Errorf("got %v %.100q, want %.100q", ok, got, data)
		}
	})
}

// wanted reports whether a decoder has to find data in what was made of it.
func wanted(d decoder, in, data []byte) bool {
	switch d.name {
	case "deflate", "brotli":
		return len(data) <= fuzzRoom && d.gate(layer{step: "base64", data: in}) && credible(layer{data: in}, data)
	case "snappy-block":
		return credible(layer{data: in}, data)
	}
	return len(data) > 0 && len(data) <= fuzzRoom && d.gate(layer{data: in})
}

func FuzzZstd(f *testing.F)    { fuzzPacked(f, "zstd", openZstd) }
func FuzzLZ4(f *testing.F)     { fuzzPacked(f, "lz4", openLZ4) }
func FuzzSnappy(f *testing.F)  { fuzzPacked(f, "snappy", openSnappy) }
func FuzzXz(f *testing.F)      { fuzzPacked(f, "xz", openXz) }
func FuzzLZMA(f *testing.F)    { fuzzPacked(f, "lzma", openLZMA) }
func FuzzBrotli(f *testing.F)  { fuzzPacked(f, "brotli", openBrotli) }
func FuzzDeflate(f *testing.F) { fuzzPacked(f, "deflate", openDeflate) }

// blockWriter writes a block of snappy when it is closed.
type blockWriter struct {
	bytes.Buffer
	to     io.Writer
	encode func([]byte) []byte
}

func (w *blockWriter) Close() error {
	_, err := w.to.Write(w.encode(w.Bytes()))
	return err
}

func openBlock(encode func([]byte) []byte) func(io.Writer) (io.WriteCloser, error) {
	return func(w io.Writer) (io.WriteCloser, error) { return &blockWriter{to: w, encode: encode}, nil }
}

func FuzzSnappyBlock(f *testing.F) {
	fuzzPacked(f, "snappy-block", openBlock(func(data []byte) []byte { return snappy.Encode(nil, data) }))
}

func FuzzLZW(f *testing.F) {
	fuzzPacked(f, "lzw", openBlock(func(data []byte) []byte { return compressZ(data, 12) }))
}

// compressZ is compress(1) in block mode, which never clears the table.
func compressZ(data []byte, most int) []byte {
	out := []byte{0x1f, 0x9d, byte(0x80 | most)}
	if len(data) == 0 {
		return out
	}
	table := make(map[string]int)
	for c := range 256 {
		table[string([]byte{byte(c)})] = c
	}
	width, next, group, pending, count := minLZWBits, 257, 0, uint64(0), 0
	flush := func(all bool) {
		for ; count >= 8 || all && count > 0; count -= 8 {
			out, pending = append(out, byte(pending)), pending>>8
		}
		count = max(count, 0)
	}
	write := func(code int) {
		pending |= uint64(code) << count
		count += width
		flush(false)
		group = (group + 1) % 8
	}
	known := ""
	for _, c := range data {
		longer := known + string([]byte{c})
		if _, ok := table[longer]; ok {
			known = longer
			continue
		}
		write(table[known])
		if next < 1<<most {
			table[longer] = next
			next++
		}
		// The reader has its string a code later: it widens when this writer
		// has one more than fits.
		if next > 1<<width && width < most {
			for group != 0 {
				write(0)
			}
			width++
		}
		known = string([]byte{c})
	}
	write(table[known])
	flush(true)
	return out
}

// FuzzBzip2 holds the decoder against what it reads from a body that is cut
// off: no other writer is at hand.
func FuzzBzip2(f *testing.F) {
	sample, err := os.ReadFile("testdata/sample.bz2")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sample, uint(5))
	d := named(f, "bzip2")
	f.Fuzz(func(t *testing.T, in []byte, cut uint) {
		full := run(t, d, layer{data: in, room: fuzzRoom})
		if len(full) == 0 || len(full[0].data) == 0 {
			return
		}
		for _, p := range run(t, d, layer{data: in[:cut%uint(len(in))], room: fuzzRoom}) {
			if !bytes.HasPrefix(full[0].data, p.data) {
				t.Errorf("cut off: got %q of %q", p.data, full[0].data)
			}
		}
		for _, p := range run(t, d, layer{data: in, room: 7}) {
			if want := full[0].data[:min(7, len(full[0].data))]; !bytes.Equal(p.data, want) {
				t.Errorf("got %q, want %q", p.data, want)
			}
		}
	})
}

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
		if !utf8.ValidString(text) || len(text) < 12 || printableShare([]byte(text)) < 1 {
			return
		}
		for name, in := range lzSpellings(text) {
			parts := run(t, d, layer{data: in, room: fuzzRoom})
			if !d.gate(layer{data: in}) {
				if !strings.HasPrefix(name, "raw") { // the start may look like text
					t.Errorf("%s: the gate is shut", name)
				}
				continue
			}
			if len(parts) != 1 || string(parts[0].data) != text {
				t.Errorf("%s: %q: got %q, want %q", name, in, parts, text)
			}
		}
	})
}
