package decode

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func encodeZip(data []byte) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"first.txt", "data.bin"} {
		m, _ := w.Create(name)
		_, _ = m.Write(data)
	}
	_ = w.Close()
	return b.Bytes()
}

func FuzzZip(f *testing.F) { contained(f, "zip") }

// All members together give no more than there is room for.
func TestZipBomb(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range 50 {
		m, _ := w.Create(fmt.Sprintf("https://example.org/%d", i))
		_, _ = m.Write(make([]byte, 1<<20))
	}
	_ = w.Close()
	size, named := 0, 0
	err := decodeZip(layer{data: b.Bytes(), room: 4<<20 + 5}, func(p part) bool {
		if strings.HasPrefix(p.step, "zip-name:") {
			named++
			if got := b.Bytes()[p.span.Start:p.span.End]; !bytes.Equal(got, p.data) {
				t.Errorf("%q stands where %q should be", got, p.data)
			}
			return true
		}
		size += len(p.data)
		return true
	})
	if err == nil || size != 4<<20+5 || named != 5 {
		t.Errorf("%d bytes, %d names, %v", size, named, err)
	}
}
