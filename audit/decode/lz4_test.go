package decode

import (
	"io"
	"testing"

	"github.com/pierrec/lz4/v4"
)

func encodeLZ4(data []byte) []byte {
	return written(data, func(w io.Writer) (io.WriteCloser, error) {
		z := lz4.NewWriter(w)
		return z, z.Apply(lz4.BlockSizeOption(lz4.Block64Kb), lz4.BlockChecksumOption(true))
	})
}

func FuzzLZ4(f *testing.F) { fuzzPacked(f, "lz4") }

// Frames to skip may stand anywhere, and those of the first program are read.
func TestLZ4Frames(t *testing.T) {
	one := encodeLZ4([]byte("one, "))
	members(t, "lz4", "one, one, ", skippable, one, skippable, one)
	members(t, "lz4", "one, two", written([]byte("one, two"), func(w io.Writer) (io.WriteCloser, error) {
		z := lz4.NewWriter(w)
		return z, z.Apply(lz4.LegacyOption(true))
	}))
}
