package decode

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// Packed is the other side of the decoders of compression.
var Packed = []Container{
	{"gzip", "gzip", false, encodeGzip},
	{"zlib", "zlib", false, encodeZlib},
	{"zstd", "zstd", false, encodeZstd},
	{"lz4", "lz4", false, encodeLZ4},
	{"snappy", "snappy", false, encodeSnappy},
	{"bzip2", "bzip2", false, encodeBzip2},
	{"xz", "xz", false, encodeXz},
	{"lzma", "lzma", false, encodeLZMA},
	{"lzw", "lzw", false, encodeLZW},
}

// Unmarked is the other side of those whose bytes have no mark.
var Unmarked = []Container{
	{"brotli", "brotli", false, encodeBrotli},
	{"deflate", "deflate", false, encodeDeflate},
	{"snappy-block", "snappy-block", false, encodeSnappyBlock},
}

// written returns what a library writes for data.
func written(data []byte, open func(io.Writer) (io.WriteCloser, error)) []byte {
	var b bytes.Buffer
	w, err := open(&b)
	if err != nil {
		panic(err)
	}
	if _, err := w.Write(data); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// encoderOf returns the other side of a decoder.
func encoderOf(tb testing.TB, name string) func([]byte) []byte {
	tb.Helper()
	for _, list := range [][]Container{Packed, Unmarked} {
		for _, c := range list {
			if c.Name == name {
				return c.Encode
			}
		}
	}
	tb.Fatal("no encoder ", name)
	return nil
}

// fuzzPacked reads what the encoder wrote: all of it, up to a limit, and what
// is left when it is cut off. Anything is tried as a layer too.
func fuzzPacked(f *testing.F, name string) {
	f.Helper()
	encode := encoderOf(f, name)
	f.Add([]byte("some text, some text, some text"), uint(20))
	f.Add([]byte(strings.Repeat("\x00", 300)), uint(9))
	f.Add(encode([]byte("in itself, in itself, in itself")), uint(30))
	d := named(f, name)
	f.Fuzz(func(t *testing.T, data []byte, cut uint) {
		run(t, d, layer{step: "base64", data: data, room: fuzzRoom})
		in := encode(data)
		inflated(t, d, in, data, cut)
		got, ok := whole(run(t, d, layer{step: "base64", data: in, room: fuzzRoom}), in)
		ok = ok && len(got) > 0 // an empty part is none
		if want := wanted(d, in, data); ok != want || ok && !bytes.Equal(got, data) {
			t.Errorf("got %v %.100q, want %v %.100q", ok, got, want, data)
		}
	})
}

// wanted reports whether a decoder has to find data in what was made of it.
func wanted(d decoder, in, data []byte) bool {
	if len(data) == 0 || len(data) > fuzzRoom || !d.gate(layer{step: "base64", data: in}) {
		return false
	}
	for _, u := range []unmarked{brotliStream, deflateStream, snappyBlockStream} {
		if u.step == d.name {
			return u.credible(layer{step: "base64", data: in, room: fuzzRoom}, data, nil)
		}
	}
	return true
}

// brokenOff wants what can be read of a stream that is cut off, and an error.
func brokenOff(t *testing.T, name string, in, data []byte) {
	t.Helper()
	var got []byte
	err := named(t, name).decode(layer{step: "request.body", data: in, room: 1 << 20}, func(p part) bool { got = p.data; return true })
	if err == nil || len(got) == 0 || !bytes.HasPrefix(data, got) {
		t.Errorf("%s: got %d of %d bytes, %v", name, len(got), len(data), err)
	}
}

// members wants one part of a stream that has several members.
func members(t *testing.T, name, want string, list ...[]byte) {
	t.Helper()
	in := layer{step: "request.body", data: bytes.Join(list, nil), room: 1 << 20}
	if d := named(t, name); !d.gate(in) {
		t.Errorf("%s: not looked at", name)
	} else if err := d.decode(in, func(p part) bool {
		if string(p.data) != want {
			t.Errorf("%s: got %q, want %q", name, p.data, want)
		}
		return true
	}); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// lines are text that compresses as records do, and that has more than one
// block of most formats.
func lines(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		b.WriteString(`{"event":"page_view","n":`)
		b.WriteString(strings.Repeat(string(rune('a'+i*7%26)), 1+i*i%29))
		b.WriteString("}\n")
	}
	return b.Bytes()
}

// What is cut off is read as far as it goes, and several members are one text.
func TestMembers(t *testing.T) {
	data := lines(20000)
	for _, c := range append(Packed, Unmarked...) {
		in := c.Encode(data)
		if c.Name != "lzw" { // nothing says where it ends
			brokenOff(t, c.Name, in[:len(in)*9/10], data)
		}
		switch c.Name {
		case "gzip", "zstd", "lz4", "snappy", "bzip2", "xz":
			members(t, c.Name, "one, two, three", c.Encode([]byte("one, ")), c.Encode([]byte("two, ")), c.Encode([]byte("three")))
		}
	}
}

// LZString is text in lz-string's base64.
func LZString(text string) []byte { return lzSpellings(text)["base64"] }

// WebSocketBomb is a message that is deflated.
func WebSocketBomb(data []byte) []byte { return wsFrameOf(0xc2, encodeDeflate(data)) }
