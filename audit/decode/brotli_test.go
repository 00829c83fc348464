package decode

import (
	"io"
	"testing"

	"github.com/andybalholm/brotli"
)

func encodeBrotli(data []byte) []byte {
	return written(data, func(w io.Writer) (io.WriteCloser, error) { return brotli.NewWriterLevel(w, 5), nil })
}

func FuzzBrotli(f *testing.F) { fuzzPacked(f, "brotli") }
