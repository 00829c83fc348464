package sensors

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
)

var errGzip = errors.New("gzip that breaks off or is damaged")

func isGzip(data []byte) bool { return bytes.HasPrefix(data, []byte{0x1f, 0x8b}) }

// freely is what a payload may give whatever the ratio: a batch of equal
// records packs well.
const freely = 1 << 20

// inflate undoes gzip within the limits.
func inflate(data []byte, lim Limits) ([]byte, error) {
	room := max(0, min(lim.Inflated, max(freely, len(data)*lim.Ratio)))
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, errGzip
	}
	out, err := io.ReadAll(io.LimitReader(r, int64(room)+1))
	switch {
	case len(out) > room:
		return nil, overLimit("bytes after gzip", room)
	case err != nil:
		return nil, errGzip
	}
	return out, nil
}
