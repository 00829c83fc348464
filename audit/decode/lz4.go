package decode

import (
	"bytes"

	"github.com/pierrec/lz4/v4"
)

// isLZ4 wants the magic number of a frame, or of a frame as the first program
// wrote it (github.com/lz4/lz4, lz4_Frame_format.md).
func isLZ4(in layer) bool {
	data := skipFrames(in.data)
	return bytes.HasPrefix(data, []byte("\x04\x22\x4d\x18")) || bytes.HasPrefix(data, []byte("\x02\x21\x4c\x18"))
}

// decodeLZ4 reads frame after frame. A block has 8 MiB at most.
func decodeLZ4(in layer, emit func(part) bool) error {
	out, err := inflate(lz4.NewReader(bytes.NewReader(in.data)), in.room)
	emit(in.whole("lz4", out))
	return err
}
