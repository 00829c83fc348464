package decode

import (
	"bytes"
	"encoding/binary"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// maxZstdWindow is the window that RFC 8878 asks every decoder to have, and
// the largest that RFC 9659 allows in a content coding. A frame that wants
// more, which costs memory before the first byte, is refused.
const maxZstdWindow = 8 << 20

// zstdReaders keep their window, so that many small frames that ask for a
// large one cost it once. With one worker they start no goroutine.
var zstdReaders = sync.Pool{New: func() any {
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
	if err != nil {
		panic("zstd: these options are always good: " + err.Error())
	}
	return r
}}

func isZstd(in layer) bool { return bytes.HasPrefix(skipFrames(in.data), []byte("\x28\xb5\x2f\xfd")) }

func decodeZstd(in layer, emit func(part) bool) error {
	r := zstdReaders.Get().(*zstd.Decoder) //nolint:forcetypeassert // the pool has no other type
	defer zstdReaders.Put(r)
	if err := r.Reset(bytes.NewReader(in.data)); err != nil {
		return err
	}
	out, err := inflate(r, in.room)
	emit(in.whole("zstd", out))
	return err
}

// skipped are the first bytes of the frames without content.
const skipped = "PQRSTUVWXYZ[\\]^_"

// maxSkipped is how many frames without content may stand first.
const maxSkipped = 64

// skipFrames returns data from the first frame on that has content. zstd and
// LZ4 have the same frames to skip (RFC 8878, section 3.1.2).
func skipFrames(data []byte) []byte {
	for range maxSkipped {
		if len(data) < 8 || data[0]&0xf0 != 0x50 || data[1] != 0x2a || data[2] != 0x4d || data[3] != 0x18 {
			break
		}
		size := uint64(binary.LittleEndian.Uint32(data[4:]))
		if size > uint64(len(data)-8) { //nolint:gosec // there are 8 bytes
			break
		}
		data = data[8+size:]
	}
	return data
}
