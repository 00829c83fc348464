package read

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// openParquet reads a Parquet file. Columns that hold lists are left out. The
// library panics on some files that are broken; that becomes an error.
func openParquet(f File) (s *Source, err error) {
	defer recovered(&err)
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if err := checkFooter(f, size); err != nil {
		return nil, err
	}
	file, err := parquet.OpenFile(f, size)
	if err != nil {
		return nil, err
	}
	p := &parquetRows{groups: file.RowGroups()}
	s = &Source{}
	for _, path := range file.Schema().Columns() {
		leaf, ok := file.Schema().Lookup(path...)
		if !ok || leaf.MaxRepetitionLevel > 0 {
			p.at = append(p.at, -1)
			continue
		}
		p.at = append(p.at, len(s.Columns))
		p.text = append(p.text, textOf(leaf.Node))
		s.Columns = append(s.Columns, strings.Join(path, "."))
	}
	s.next = p.next
	return s, s.fill()
}

// The end of a Parquet file: the length of its footer in four bytes, the lowest
// first, and a mark, which stands at the start of the file, too.
const parquetEnd = 4 + len("PAR1")

// checkFooter refuses a footer that is longer than the file: the library makes
// room for as many bytes as the length says.
func checkFooter(f io.ReaderAt, size int64) error {
	var end [parquetEnd]byte
	if size < int64(len(end)) {
		return fmt.Errorf("the file is cut: it has %d bytes", size)
	}
	if _, err := f.ReadAt(end[:], size-int64(len(end))); err != nil {
		return err
	}
	if n := int64(binary.LittleEndian.Uint32(end[:])); n > size-int64(len(end)) {
		return fmt.Errorf("the file is broken: its footer has %d bytes, the file %d", n, size)
	}
	return nil
}

func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("the file is broken: %v", r)
	}
}

// parquetRows reads row by row over all groups.
type parquetRows struct {
	groups []parquet.RowGroup
	rows   parquet.Rows
	at     []int // for each leaf its column, -1 for those left out
	text   []func(parquet.Value) string
	buffer [256]parquet.Row
	have   []parquet.Row
	done   bool // the group has no more
}

func (p *parquetRows) next() (values []string, err error) {
	defer recovered(&err)
	for len(p.have) == 0 {
		if err := p.more(); err != nil {
			return nil, err
		}
	}
	row := p.have[0]
	p.have = p.have[1:]
	values = make([]string, len(p.text))
	for _, v := range row {
		if i := p.at[v.Column()]; i >= 0 && !v.IsNull() {
			values[i] = p.text[i](v)
		}
	}
	return values, nil
}

// more fills the buffer from the group that is open, or opens the next one.
func (p *parquetRows) more() error {
	if p.rows == nil || p.done {
		if p.rows != nil {
			if err := p.rows.Close(); err != nil {
				return err
			}
		}
		if len(p.groups) == 0 {
			return io.EOF
		}
		p.rows, p.groups, p.done = p.groups[0].Rows(), p.groups[1:], false
	}
	n, err := p.rows.ReadRows(p.buffer[:])
	p.have = p.buffer[:n]
	if errors.Is(err, io.EOF) || err == nil && n == 0 {
		p.done = true
		return nil
	}
	return err
}

// textOf says how values of a column are written: times as RFC 3339, all else
// as the library does.
func textOf(node parquet.Node) func(parquet.Value) string {
	logical := node.Type().LogicalType()
	if logical == nil {
		return parquet.Value.String
	}
	switch kind := logical.Value.(type) {
	case *format.DateType:
		return func(v parquet.Value) string { return time.Unix(int64(v.Int32())*86400, 0).UTC().Format(time.DateOnly) }
	case *format.TimestampType:
		return func(v parquet.Value) string { return at(v.Int64(), kind.Unit).UTC().Format(time.RFC3339Nano) }
	default:
		return parquet.Value.String
	}
}

func at(n int64, unit format.TimeUnit) time.Time {
	switch unit.Value.(type) {
	case *format.MilliSeconds:
		return time.UnixMilli(n)
	case *format.MicroSeconds:
		return time.UnixMicro(n)
	default:
		return time.Unix(0, n)
	}
}
