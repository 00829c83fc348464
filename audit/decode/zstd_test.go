package decode

import (
	"io"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func encodeZstd(data []byte) []byte {
	return written(data, func(w io.Writer) (io.WriteCloser, error) {
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<16))
	})
}

func FuzzZstd(f *testing.F) { fuzzPacked(f, "zstd") }

// skippable is a frame without content, of zstd and of LZ4.
var skippable = []byte("\x53\x2a\x4d\x18\x05\x00\x00\x00trace")

// Frames to skip may stand anywhere.
func TestZstdSkips(t *testing.T) {
	one := encodeZstd([]byte("one, "))
	members(t, "zstd", "one, one, ", skippable, skippable, one, skippable, one, skippable)
}

// A changed byte of the content is told by the checksum.
func TestZstdChecksum(t *testing.T) {
	data := []byte("stored: 7f3q9w2m4x8")
	in := encodeZstd(data)
	i := slices.Index(in, 'q')
	if i < 0 {
		t.Fatalf("%q is not stored as it is", in)
	}
	in[i] = 'Q'
	broken(t, "zstd", in)
}

// broken wants an error.
func broken(t *testing.T, name string, in []byte) {
	t.Helper()
	d, l := named(t, name), layer{step: "request.body", data: in, room: 1 << 20}
	if !d.gate(l) {
		t.Errorf("%s: not looked at", name)
	}
	if err := d.decode(l, func(part) bool { return true }); err == nil {
		t.Errorf("%s: %q: no error", name, in)
	}
}
