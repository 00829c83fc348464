package decode

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/bits"

	"github.com/ulikunitz/xz/lzma"
)

// lzmaHeader is the length of the header: properties, size of the dictionary,
// size of the data.
const lzmaHeader = 13

// isLZMA wants what the file format of old has for a magic number: properties
// in their range, a dictionary of 2^n or 3·2^n bytes, a size that is unknown or
// below 256 GiB. The first byte of the stream is zero.
func isLZMA(in layer) bool {
	if len(in.data) < lzmaHeader+5 || in.data[0] >= 9*5*5 || in.data[lzmaHeader] != 0 {
		return false
	}
	dict := binary.LittleEndian.Uint32(in.data[1:])
	size := binary.LittleEndian.Uint64(in.data[5:])
	odd := dict >> bits.TrailingZeros32(dict)
	return dict >= lzma.MinDictCap && (odd == 1 || odd == 3) && (size == 1<<64-1 || size < 1<<38)
}

// decodeLZMA reads a stream whose header asks for no larger dictionary than
// needed. One that breaks off counts if it gave more than it took.
func decodeLZMA(in layer, emit func(part) bool) error {
	head := bytes.Clone(in.data[:lzmaHeader])
	want := dictionary(in, uint64(binary.LittleEndian.Uint32(head[1:])))
	binary.LittleEndian.PutUint32(head[1:], uint32(want)) //nolint:gosec // not more than was wanted
	r, err := lzma.NewReader(io.MultiReader(bytes.NewReader(head), bytes.NewReader(in.data[lzmaHeader:])))
	if err != nil {
		return nil //nolint:nilerr // it is no LZMA
	}
	out, err := inflate(r, in.room)
	if err != nil && len(out) <= len(in.data) {
		return nil
	}
	emit(in.whole("lzma", out))
	return err
}
