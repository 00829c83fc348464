package decode

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"

	"telltale/audit"
)

// tarMagic stands at this offset of the first block.
const tarMagic = 257

func isTar(in layer) bool {
	return len(in.data) > tarMagic && bytes.HasPrefix(in.data[tarMagic:], []byte("ustar"))
}

// decodeTar gives the members of an archive as they stand in it.
func decodeTar(in layer, emit func(part) bool) error {
	src := bytes.NewReader(in.data)
	r := tar.NewReader(src)
	for n := 0; ; n++ {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		start := len(in.data) - src.Len()
		end := start + int(min(max(h.Size, 0), int64(src.Len())))
		content := piece{in.data[start:end], audit.Span{Start: start, End: end}}
		m := member{step: "tar", name: h.Name, n: n, content: content}
		if !m.emit(in.data, emit) {
			return nil
		}
		if h.Linkname != "" && !emit(part{"tar-link:" + fieldName([]byte(h.Name), n), []byte(h.Linkname), nameBefore(in.data, start, h.Linkname)}) {
			return nil
		}
	}
}
