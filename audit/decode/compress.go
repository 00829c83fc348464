package decode

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"sync"
)

// compressed reports whether data starts with a magic number of these.
func compressed(data []byte) bool {
	in := layer{data: data}
	return isGzip(in) || isZlib(in) || isZstd(in) || isLZ4(in) || isSnappy(in) || isBzip2(in) || isXz(in) || isLZMA(in) || isLZW(in)
}

// isGzip wants the magic number, the only method there is, and no flag that
// has no meaning (RFC 1952).
func isGzip(in layer) bool {
	return len(in.data) > 18 && bytes.HasPrefix(in.data, []byte("\x1f\x8b\x08")) && in.data[3]&0xe0 == 0
}

var gzipReaders = sync.Pool{New: func() any { return new(gzip.Reader) }}

func decodeGzip(in layer, emit func(part) bool) error {
	r := gzipReaders.Get().(*gzip.Reader) //nolint:forcetypeassert // the pool has no other type
	defer gzipReaders.Put(r)
	if err := r.Reset(bytes.NewReader(in.data)); err != nil {
		return err
	}
	out, err := inflate(r, in.room)
	emit(in.whole("gzip", out))
	return err
}

// isZlib wants the usual window of 32 KiB and the check of the header (RFC 1950).
func isZlib(in layer) bool {
	return len(in.data) > 6 && in.data[0] == 0x78 && (int(in.data[0])<<8|int(in.data[1]))%31 == 0
}

// decodeZlib believes a stream that breaks off only if it gave more than it
// took: two bytes make a header, and chance makes two bytes.
func decodeZlib(in layer, emit func(part) bool) error {
	r, err := zlib.NewReader(bytes.NewReader(in.data))
	if err != nil {
		return nil //nolint:nilerr // it is no zlib
	}
	out, err := inflate(r, in.room)
	if err != nil && len(out) <= len(in.data) {
		return nil
	}
	emit(in.whole("zlib", out))
	return err
}

var errRoom = errors.New("gives more than the limit of a layer")

// inflations are buffers that decompressed bytes go to before it is known how
// many they are. Larger ones are not kept.
var inflations = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const maxInflation = 1 << 20

// inflate reads at most room bytes. What was read before an error is returned
// with it.
func inflate(r io.Reader, room int64) ([]byte, error) {
	b := inflations.Get().(*bytes.Buffer) //nolint:forcetypeassert // the pool has no other type
	b.Reset()
	n, err := b.ReadFrom(io.LimitReader(r, room+1))
	out := b.Bytes()[:min(n, room)]
	if b.Cap() <= maxInflation {
		out = bytes.Clone(out)
		inflations.Put(b)
	}
	if n > room {
		return out, fmt.Errorf("%w, %d bytes; the rest is not read", errRoom, room)
	}
	if err != nil {
		return out, fmt.Errorf("after %d bytes: %w", n, err)
	}
	return out, nil
}
