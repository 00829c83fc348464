package decode

import (
	"bytes"

	"github.com/klauspost/compress/snappy"
)

// isSnappy wants the first chunk of the framing format
// (github.com/google/snappy, framing_format.txt).
func isSnappy(in layer) bool { return bytes.HasPrefix(in.data, []byte("\xff\x06\x00\x00sNaPpY")) }

func decodeSnappy(in layer, emit func(part) bool) error {
	out, err := inflate(snappy.NewReader(bytes.NewReader(in.data)), in.room)
	emit(in.whole("snappy", out))
	return err
}
