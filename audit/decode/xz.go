package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// isXz wants the magic number of a stream (tukaani.org/xz/xz-file-format.txt).
func isXz(in layer) bool {
	return len(in.data) > xzHeader && bytes.HasPrefix(in.data, []byte("\xfd7zXZ\x00"))
}

const (
	xzHeader = 12   // length of the header of a stream
	xzLZMA2  = 0x21 // the number of the filter
)

var (
	errXzFilter = errors.New("a filter beside LZMA2 is not read")
	errXzBlock  = errors.New("the header of a block breaks off")
)

// decodeXz reads the blocks of one stream. The container is read here, because
// the header of a block may ask for a dictionary of 4 GiB.
func decodeXz(in layer, emit func(part) bool) error {
	x := &xzReader{src: bytes.NewReader(in.data[xzHeader:]), in: in, check: xzCheck(in.data[7])}
	out, err := inflate(x, in.room)
	emit(in.whole("xz", out))
	return err
}

// xzCheck returns the length of the check after each block.
func xzCheck(kind byte) int {
	if kind &= 15; kind > 0 {
		return 4 << ((kind - 1) / 3)
	}
	return 0
}

// An xzReader reads the blocks of a stream, one after the other.
type xzReader struct {
	src   *bytes.Reader
	in    layer
	check int
	block io.Reader // nil between blocks
}

// Read implements [io.Reader].
func (x *xzReader) Read(p []byte) (int, error) {
	if x.block == nil {
		if err := x.open(); err != nil {
			return 0, err
		}
	}
	n, err := x.block.Read(p)
	if errors.Is(err, io.EOF) {
		err, x.block = nil, nil
		at := x.src.Size() - int64(x.src.Len())
		_, _ = x.src.Seek(-at&3+int64(x.check), io.SeekCurrent) // the header has a multiple of four bytes
	}
	return n, err
}

// open starts the next block. An index follows the last one, which is the end.
func (x *xzReader) open() error {
	size, err := x.src.ReadByte()
	if err != nil {
		return io.ErrUnexpectedEOF
	}
	if size == 0 {
		return io.EOF
	}
	head := make([]byte, 4*int(size)+3) // flags, sizes, filter, padding, CRC32
	if _, err := io.ReadFull(x.src, head); err != nil {
		return io.ErrUnexpectedEOF
	}
	bits, err := xzDictionary(head)
	if err != nil {
		return err
	}
	config := lzma.Reader2Config{DictCap: dictionary(x.in, bits)}
	x.block, err = config.NewReader2(x.src)
	return err
}

// xzDictionary returns the size of the dictionary that a header asks for.
func xzDictionary(head []byte) (uint64, error) {
	flags, rest := head[0], head[1:]
	for _, sized := range []byte{0x40, 0x80} {
		if flags&sized == 0 {
			continue
		}
		_, n := binary.Uvarint(rest)
		if n <= 0 {
			return 0, errXzBlock
		}
		rest = rest[n:]
	}
	switch {
	case len(rest) < 3:
		return 0, errXzBlock
	case flags&3 != 0 || rest[0] != xzLZMA2 || rest[2] > 40:
		return 0, errXzFilter
	}
	return uint64(2|rest[2]&1) << (rest[2]/2 + 11), nil
}

// maxLZMARatio is more than LZMA can give for a byte.
const maxLZMARatio = 1 << 14

// dictionary returns how much of the wanted dictionary is needed: no more than
// what is going to be read.
func dictionary(in layer, want uint64) int {
	most := min(in.room+1, int64(len(in.data))*maxLZMARatio)
	return int(max(lzma.MinDictCap, min(want, uint64(max(most, 0))))) //nolint:gosec // not more than a layer may give
}
