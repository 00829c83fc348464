package decode

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"slices"
	"sync"
)

var (
	deflateStream  = unmarked{"deflate", startsDeflate, readDeflate}
	deflateReaders = sync.Pool{New: func() any { return flate.NewReader(nil) }}
)

// syncMark ends a stream that the sender flushed and did not close.
var syncMark = []byte("\x00\x00\xff\xff")

// deflateEnd is that mark and an empty last block: what the sender of a message
// leaves off (RFC 7692, section 7.2.1).
const deflateEnd = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"

// startsDeflate reports whether the first bits can be those of a block (RFC
// 1951, section 3.2.3).
func startsDeflate(data []byte) bool {
	switch data[0] >> 1 & 3 {
	case 0: // stored: a length, and the same with all bits turned
		return data[1] == ^data[3] && data[2] == ^data[4]
	case 1:
		return !isPlain(data)
	case 2: // there are 286 lengths and 30 distances
		return data[0]>>3 < 30 && data[1]&31 < 30 && !isPlain(data)
	default:
		return false
	}
}

// readDeflate reads a stream. One that breaks off may be a message, which is
// read again with its end: it must end there.
func readDeflate(data []byte, room int64) ([]byte, error) {
	src := bytes.NewReader(data)
	out, err := readDeflateFrom(src, room)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) && bytes.HasSuffix(data, syncMark):
		return out, nil
	case errors.Is(err, io.ErrUnexpectedEOF) && data[len(data)-1] <= maxMessageEnd && len(out) > 0:
		src = bytes.NewReader(slices.Concat(data, []byte(deflateEnd)))
		if whole, err := readDeflateFrom(src, room); err == nil && src.Len() == 0 {
			return whole, nil
		}
	case err == nil && src.Len() > 0:
		return out, errRest
	}
	return out, err
}

// maxMessageEnd is the greatest byte that a message may end with: three zeros
// begin the empty block at its end, and zeros fill the byte up.
const maxMessageEnd = 0x1f

func readDeflateFrom(src io.Reader, room int64) ([]byte, error) {
	r := deflateReaders.Get().(io.ReadCloser) //nolint:forcetypeassert // the pool has no other type
	defer deflateReaders.Put(r)
	if err := r.(flate.Resetter).Reset(src, nil); err != nil { //nolint:forcetypeassert // what flate.NewReader promises
		return nil, err
	}
	return inflate(r, room)
}
