package decode

import (
	"io"
	"testing"

	"github.com/dsnet/compress/bzip2"
)

func encodeBzip2(data []byte) []byte {
	return written(data, func(w io.Writer) (io.WriteCloser, error) {
		return bzip2.NewWriter(w, &bzip2.WriterConfig{Level: 1})
	})
}

func FuzzBzip2(f *testing.F) { fuzzPacked(f, "bzip2") }
