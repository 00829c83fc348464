package decode

import (
	"bytes"
	"encoding/binary"
	"sync"

	"github.com/andybalholm/brotli"
)

var (
	brotliStream  = unmarked{"brotli", startsBrotli, readBrotli}
	brotliReaders = sync.Pool{New: func() any { return brotli.NewReader(nil) }}
)

// maxBrotliRatio bounds what the first block may say that it gives, for each
// byte of the layer: the reader makes room for all of it.
const maxBrotliRatio = 1 << 16

// startsBrotli reads the heads of a stream and of its first block (RFC 7932,
// sections 9.1 and 9.2), which random bytes seldom have without a fault.
// Windows larger than the format has are announced by the size that has no
// meaning, and the reader refuses them too.
func startsBrotli(data []byte) bool {
	b := bitReader(binary.LittleEndian.Uint64(data))
	if b.take(1) == 1 && b.take(3) == 0 && b.take(3) == 1 {
		return false
	}
	last := b.take(1) == 1
	if last && b.take(1) == 1 {
		return false // nothing is in it
	}
	nibbles := b.take(2) + 4
	if nibbles == 7 { // no text, but bytes to skip
		return b.take(1) == 0
	}
	size := b.take(4*nibbles) + 1
	if nibbles > 4 && size <= 1<<(4*nibbles-4) {
		return false
	}
	if !last && b.take(1) == 1 { // it stands there as it is
		return size < uint64(len(data))
	}
	return size <= maxBrotliRatio*uint64(len(data)) && !isPlain(data)
}

// A bitReader holds bits, the next one lowest.
type bitReader uint64

func (b *bitReader) take(n uint64) uint64 {
	v := uint64(*b) & (1<<n - 1)
	*b >>= n
	return v
}

// readBrotli needs a window of 16 MiB at most.
func readBrotli(data []byte, room int64) ([]byte, error) {
	r := brotliReaders.Get().(*brotli.Reader) //nolint:forcetypeassert // the pool has no other type
	defer brotliReaders.Put(r)
	src := bytes.NewReader(data)
	_ = r.Reset(src) // never an error
	out, err := inflate(r, room)
	if err == nil && src.Len() > 0 {
		err = errRest
	}
	return out, err
}
