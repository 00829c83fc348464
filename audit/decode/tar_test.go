package decode

import (
	"archive/tar"
	"bytes"
	"testing"
)

func encodeTar(data []byte) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range []string{"https://example.org/first", "data.bin"} {
		_ = w.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o600})
		_, _ = w.Write(data)
	}
	_ = w.Close()
	return b.Bytes()
}

func FuzzTar(f *testing.F) { contained(f, "tar") }
