package decode

import (
	"bytes"
	"io"
	"testing"

	"github.com/klauspost/compress/snappy"
)

func encodeSnappy(data []byte) []byte {
	return written(data, func(w io.Writer) (io.WriteCloser, error) { return snappy.NewBufferedWriter(w), nil })
}

func encodeSnappyBlock(data []byte) []byte { return snappy.Encode(nil, data) }

func FuzzSnappy(f *testing.F) { fuzzPacked(f, "snappy") }

func FuzzSnappyBlock(f *testing.F) { fuzzPacked(f, "snappy-block") }

// FuzzSnappyReader holds the reader against the library on anything: what one
// reads, the other reads.
func FuzzSnappyReader(f *testing.F) {
	f.Add(encodeSnappyBlock([]byte("some text, some text, some text")))
	f.Add([]byte("\x20\x00a\x09\x01\x6e\x01\x00"))
	f.Add([]byte("\x40\xf4\x0f\x00some literal text\xf8\x02"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if size, err := snappy.DecodedLen(data); err != nil || size > fuzzRoom || len(data) == 0 {
			return
		}
		if _, n := shortVarint(data); n == 0 {
			return // the length is not in its shortest form
		}
		want, wrong := snappy.Decode(nil, data)
		got, err := readSnappyBlock(data, fuzzRoom)
		if (err == nil) != (wrong == nil) || err == nil && !bytes.Equal(got, want) {
			t.Errorf("got %q, %v; want %q, %v", got, err, want, wrong)
		}
	})
}
