package decode

import (
	"bytes"
	"io"
	"testing"

	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

func encodeXz(data []byte) []byte { return xzWith(data, xz.CRC64) }

// xzWith writes blocks of 64 KiB with a check.
func xzWith(data []byte, check byte) []byte {
	return written(data, func(w io.Writer) (io.WriteCloser, error) {
		return xz.WriterConfig{DictCap: 1 << 16, BlockSize: 1 << 16, CheckSum: check}.NewWriter(w)
	})
}

func encodeLZMA(data []byte) []byte {
	return written(data, func(w io.Writer) (io.WriteCloser, error) {
		return lzma.WriterConfig{DictCap: 1 << 16}.NewWriter(w)
	})
}

func FuzzXz(f *testing.F) { fuzzPacked(f, "xz") }

func FuzzLZMA(f *testing.F) { fuzzPacked(f, "lzma") }

// Every check is read, over several blocks and streams with padding between
// them, and a check that is wrong is told.
func TestXzChecks(t *testing.T) {
	data := lines(5000)
	for _, check := range []byte{xz.CRC32, xz.CRC64, xz.SHA256} {
		in := xzWith(data, check)
		members(t, "xz", string(data)+string(data), in, make([]byte, 8), in)
		small := xzWith([]byte("one, two, three"), check)
		i := bytes.Index(small, []byte("two"))
		if i < 0 {
			t.Fatalf("%q is not stored as it is", small)
		}
		small[i] = 'T'
		broken(t, "xz", small)
	}
}

// A header that asks for 4 GiB gets what is needed.
func TestXzDictionary(t *testing.T) {
	in := encodeXz([]byte("one, two, three"))
	i := bytes.IndexByte(in[xzHeader:], xzLZMA2)
	in[xzHeader+i+2] = 40
	members(t, "xz", "one, two, three", in)
	if got := dictionary(layer{data: in, room: 1 << 20}, 1<<32-1); got > 1<<20+1 {
		t.Errorf("the dictionary has %d bytes", got)
	}
}
