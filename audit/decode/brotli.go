package decode

import (
	"bytes"
	"errors"

	"github.com/andybalholm/brotli"
)

// isBrotli leaves out layers that start with the one size of a window that has
// no meaning (RFC 7932): nothing else marks a stream.
func isBrotli(in layer) bool { return maybeCompressed(in) && in.data[0]&0x7f != 0x11 }

// decodeBrotli believes a stream that ends with the last byte.
func decodeBrotli(in layer, emit func(part) bool) error {
	out, err := inflate(brotli.NewReader(bytes.NewReader(in.data)), in.room)
	if errors.Is(err, errRoom) && len(out) < len(in.data) || err != nil && !errors.Is(err, errRoom) {
		return nil
	}
	if credible(in, out) {
		emit(in.whole("brotli", out))
		return err
	}
	return nil
}
