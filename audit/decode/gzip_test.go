package decode

import (
	"compress/gzip"
	"compress/zlib"
	"io"
)

func encodeGzip(data []byte) []byte {
	return written(data, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil })
}

func encodeZlib(data []byte) []byte {
	return written(data, func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil })
}
