package decode

import (
	"bytes"
	"compress/flate"
	"io"
	"testing"
)

func encodeDeflate(data []byte) []byte {
	return written(data, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
}

func FuzzDeflate(f *testing.F) { fuzzPacked(f, "deflate") }

// A stream that was flushed and not closed is whole.
func TestDeflateFlushed(t *testing.T) {
	data := lines(50)
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(data)
	_ = w.Flush()
	members(t, "deflate", string(data), b.Bytes())
}
