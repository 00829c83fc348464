package decode

import (
	"bytes"

	"github.com/klauspost/compress/zstd"
)

// maxZstdWindow is the window that RFC 8878 asks every decoder to have. A
// frame that wants more, which costs memory before the first byte, is refused.
const maxZstdWindow = 8 << 20

func isZstd(in layer) bool { return bytes.HasPrefix(in.data, []byte("\x28\xb5\x2f\xfd")) }

func decodeZstd(in layer, emit func(part) bool) error {
	r, err := zstd.NewReader(bytes.NewReader(in.data), zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
	if err != nil {
		return err
	}
	defer r.Close()
	out, err := inflate(r, in.room)
	emit(in.whole("zstd", out))
	return err
}
