package decode

import (
	"archive/zip"
	"bytes"
	"fmt"

	"telltale/audit"
)

func isZip(in layer) bool { return bytes.HasPrefix(in.data, []byte("PK\x03\x04")) }

// decodeZip gives the members of an archive. All of them together may give no
// more than one compressed stream: members may overlap, and a bomb is made of
// a million that do.
func decodeZip(in layer, emit func(part) bool) error {
	r, err := zip.NewReader(bytes.NewReader(in.data), int64(len(in.data)))
	if err != nil {
		return err
	}
	room := in.room
	var first error
	for n, f := range r.File {
		out, span, err := zipMember(f, in.data, room)
		if err != nil && first == nil {
			first = err
		}
		room -= int64(len(out))
		m := member{step: "zip", name: f.Name, n: n, content: piece{out, span}}
		if !m.emit(in.data, emit) || room <= 0 {
			break
		}
	}
	return first
}

// zipMember reads a member, and where it stands in the archive.
func zipMember(f *zip.File, archive []byte, room int64) ([]byte, audit.Span, error) {
	at, err := f.DataOffset()
	if err != nil {
		return nil, audit.Span{}, err
	}
	start := min(max(at, 0), int64(len(archive)))
	span := audit.Span{Start: int(start), End: int(start + int64(min(f.CompressedSize64, uint64(int64(len(archive))-start))))} //nolint:gosec // within the archive
	if f.Flags&1 != 0 {
		return archive[span.Start:span.End], span, errEncrypted
	}
	r, err := f.Open()
	if err != nil {
		return archive[span.Start:span.End], span, fmt.Errorf("method %d of a member: %w", f.Method, err)
	}
	defer func() { _ = r.Close() }() // reading said it all
	out, err := inflate(r, room)
	return out, span, err
}

// A member is the nth file of an archive.
type member struct {
	step, name string
	n          int
	content    piece
}

// emit hands out the content, and the name too if data may stand in that.
func (m member) emit(archive []byte, emit func(part) bool) bool {
	name := []byte(m.name)
	label := fieldName(name, m.n)
	if !plainName(name) && !emit(part{m.step + "-name:" + label, name, nameBefore(archive, m.content.span.Start, m.name)}) {
		return false
	}
	return emit(part{m.step + ":" + label, m.content.data, m.content.span})
}

// maxMemberHead is how far before its data the name of a member is looked for.
const maxMemberHead = 2048

// nameBefore returns where a name stands last before at, and an empty range if
// it is not written there.
func nameBefore(data []byte, at int, name string) audit.Span {
	from := max(at-maxMemberHead, 0)
	i := bytes.LastIndex(data[from:at], []byte(name))
	if i < 0 {
		return audit.Span{Start: at, End: at}
	}
	return audit.Span{Start: from + i, End: from + i + len(name)}
}
