package decode

import (
	"bytes"
	"sync"

	"github.com/andybalholm/brotli"
)

var (
	brotliStream  = unmarked{"brotli", startsBrotli, readBrotli}
	brotliReaders = sync.Pool{New: func() any { return brotli.NewReader(nil) }}
)

// startsBrotli leaves out the one size of a window that has no meaning (RFC
// 7932, section 9.1). Larger windows than the format has, of up to a GiB, are
// announced by it, and the reader refuses them too.
func startsBrotli(data []byte) bool { return data[0]&0x7f != 0x11 }

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
