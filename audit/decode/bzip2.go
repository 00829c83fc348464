package decode

import (
	"bytes"
	"compress/bzip2"
	"io"
)

// isBzip2 wants the head of the file and that of its first block, which are
// the digits of pi.
func isBzip2(in layer) bool {
	return len(in.data) > 10 && bytes.HasPrefix(in.data, []byte("BZh")) && bytes.HasPrefix(in.data[4:], []byte("1AY&SY"))
}

// decodeBzip2 reads file after file. A block has 900 kB at most, and takes
// four times that.
func decodeBzip2(in layer, emit func(part) bool) error {
	out, err := inflate(wholeBlocks{bzip2.NewReader(bytes.NewReader(in.data))}, in.room)
	emit(in.whole("bzip2", out))
	return err
}

// wholeBlocks drops what comes together with an error. Where a block is cut
// off, the library reads zeros for what is missing, and the letters of a block
// are sorted: they would come out in a wrong order.
type wholeBlocks struct{ io.Reader }

// Read implements [io.Reader].
func (r wholeBlocks) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil {
		return 0, err
	}
	return n, nil
}
