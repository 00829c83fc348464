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
	if len(in.data) < lzmaHeader+5 || in.data[lzmaHeader] != 0 || !lzmaProperties(in.data[0]) {
		return false
	}
	dict := binary.LittleEndian.Uint32(in.data[1:])
	size := binary.LittleEndian.Uint64(in.data[5:])
	odd := dict >> bits.TrailingZeros32(dict)
	return dict >= lzma.MinDictCap && (odd == 1 || odd == 3) && (size == 1<<64-1 || size < 1<<38)
}

// maxLZMAContext bounds the bits by which the reader chooses a table for a
// byte. The format has 12, which takes 6 MiB of tables; xz writes and reads no
// more than 4.
const maxLZMAContext = 4

// lzmaProperties reports whether the first byte of a header is one: it is
// context + 9*(place + 5*pairs), where context and place choose the table.
func lzmaProperties(b byte) bool { return b < 9*5*5 && b%9+b/9%5 <= maxLZMAContext }

// decodeLZMA reads a stream. One that breaks off counts if it gave more than
// it took.
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

// maxLZMARatio is more than LZMA can give for a byte: a match gives 273, and
// takes some ten decisions of 0.02 bits or more.
const maxLZMARatio = 1 << 14

// dictionary returns how much of the wanted dictionary is needed, which costs
// memory before the first byte: no more than what is going to be read.
func dictionary(in layer, want uint64) int {
	most := min(in.room+1, int64(len(in.data))*maxLZMARatio)
	return int(max(lzma.MinDictCap, min(want, uint64(max(most, 0))))) //nolint:gosec // not more than a layer may give
}
