package decode

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"slices"

	"github.com/ulikunitz/xz/lzma"
)

// The numbers of the file format (tukaani.org/xz/xz-file-format.txt).
const (
	xzMagic  = "\xfd7zXZ\x00"
	xzHeader = 12   // length of the header of a stream, and of its footer
	xzLZMA2  = 0x21 // the number of the filter
)

func isXz(in layer) bool { return len(in.data) > xzHeader && bytes.HasPrefix(in.data, []byte(xzMagic)) }

var (
	errXzFilter = errors.New("a filter beside LZMA2 is not read")
	errXzHead   = errors.New("the header of a block is none")
	errXzCheck  = errors.New("the check of a block is not that of what it gave")
	errXzIndex  = errors.New("the list of blocks is none")
)

// decodeXz reads stream after stream, and the blocks of each. The container is
// read here, because the header of a block may ask for a dictionary of 4 GiB.
func decodeXz(in layer, emit func(part) bool) error {
	out, err := inflate(&xzReader{walker: walker{data: in.data}, in: in}, in.room)
	emit(in.whole("xz", out))
	return err
}

// An xzReader gives what the blocks hold, one after the other.
type xzReader struct {
	walker
	in     layer
	kind   byte      // of the checks of this stream
	blocks int       // of this stream, until now
	block  io.Reader // nil between blocks
	src    *bytes.Reader
	check  hash.Hash // nil if the stream has none, or one that is not known
}

// Read implements [io.Reader].
func (x *xzReader) Read(p []byte) (int, error) {
	for x.block == nil {
		if err := x.next(); err != nil {
			return 0, err
		}
	}
	n, err := x.block.Read(p)
	if x.check != nil {
		_, _ = x.check.Write(p[:n]) // never an error
	}
	switch {
	case errors.Is(err, io.EOF):
		err = x.closeBlock()
	case errors.Is(err, io.ErrUnexpectedEOF) || err != nil && x.src.Len() == 0:
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// next goes on to the next block, over the end of a stream and the start of
// another if need be.
func (x *xzReader) next() error {
	if x.pos == 0 {
		return x.openStream()
	}
	size, err := x.byte()
	switch {
	case err != nil:
		return io.ErrUnexpectedEOF
	case size != 0:
		return x.openBlock(int(size))
	}
	if err := x.closeStream(); err != nil {
		return err
	}
	for x.left() >= 4 && bytes.HasPrefix(x.data[x.pos:], []byte{0, 0, 0, 0}) { // padding
		x.pos += 4
	}
	if x.left() == 0 {
		return io.EOF
	}
	return x.openStream()
}

// openStream reads the header of a stream.
func (x *xzReader) openStream() error {
	head, err := x.take(xzHeader)
	if err != nil {
		return io.ErrUnexpectedEOF
	}
	if !bytes.HasPrefix(head, []byte(xzMagic)) {
		return errXzIndex
	}
	x.kind, x.blocks = head[7]&15, 0
	return nil
}

// openBlock reads the header of a block, whose length is counted in words.
func (x *xzReader) openBlock(words int) error {
	head, err := x.take(4*uint64(words) + 3) //nolint:gosec // a byte
	if err != nil {
		return io.ErrUnexpectedEOF
	}
	want, err := xzDictionary(head)
	if err != nil {
		return err
	}
	x.src = bytes.NewReader(x.data[x.pos:])
	x.block, err = lzma.Reader2Config{DictCap: dictionary(x.in, want)}.NewReader2(x.src)
	x.check = xzCheck(x.kind)
	x.blocks++
	return err
}

// xzCheck returns what sums up a block.
func xzCheck(kind byte) hash.Hash {
	switch kind {
	case 1:
		return crc32.NewIEEE()
	case 4:
		return crc64.New(crc64.MakeTable(crc64.ECMA))
	case 10:
		return sha256.New()
	}
	return nil
}

// closeBlock reads the padding and the check after a block.
func (x *xzReader) closeBlock() error {
	x.pos = len(x.data) - x.src.Len()
	x.block = nil
	size := 0
	if x.kind > 0 {
		size = 4 << ((x.kind - 1) / 3)
	}
	tail, err := x.take(uint64(-x.pos&3 + size))
	switch {
	case err != nil:
		return io.ErrUnexpectedEOF
	case x.check == nil:
		return nil
	}
	sum := x.check.Sum(nil)
	if x.kind != 10 { // numbers are written with the lowest byte first
		slices.Reverse(sum)
	}
	if !bytes.Equal(sum, tail[len(tail)-size:]) {
		return errXzCheck
	}
	return nil
}

// closeStream reads the list of blocks, and the footer.
func (x *xzReader) closeStream() error {
	start := x.pos - 1
	n, err := x.varint()
	if err != nil || n != uint64(x.blocks) { //nolint:gosec // counted
		return errXzIndex
	}
	for range 2 * n { // two sizes of each
		if _, err := x.varint(); err != nil {
			return errXzIndex
		}
	}
	if _, err := x.take(uint64((start-x.pos)&3 + 4 + xzHeader)); err != nil {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// xzDictionary returns the size of the dictionary that the header of a block
// asks for.
func xzDictionary(head []byte) (uint64, error) {
	flags, rest := head[0], head[1:]
	for _, sized := range []byte{0x40, 0x80} {
		if flags&sized == 0 {
			continue
		}
		_, n := binary.Uvarint(rest)
		if n <= 0 {
			return 0, errXzHead
		}
		rest = rest[n:]
	}
	switch {
	case len(rest) < 3:
		return 0, errXzHead
	case flags&3 != 0 || rest[0] != xzLZMA2 || rest[2] > 40:
		return 0, errXzFilter
	}
	return uint64(2|rest[2]&1) << (rest[2]/2 + 11), nil
}
