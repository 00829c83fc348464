package flows

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"telltale/audit"
)

// A dechunker undoes the chunked coding (RFC 9112 section 7.1) of what is
// written to it. Tools differ in whether they keep it, so that bytes which do
// not begin with the size of a chunk are passed on as they are.
type dechunker struct {
	to      io.Writer
	line    []byte // the size, or a line of the trailer, as far as it is there
	left    int64  // of the chunk
	state   int
	trailer []audit.Field
}

// States of a dechunker.
const (
	atFirst   = iota // before the size of the first chunk
	atSize           // before the size of a chunk
	inChunk          // in its bytes
	behind           // before the end of line behind them
	atTrailer        // behind the last chunk
	atEnd            // behind the trailer
	plain            // there are no chunks
)

// maxSizeLine bounds the line with the size and its extensions.
const maxSizeLine = 4 << 10

var errChunk = errors.New("a chunk whose size cannot be read")

// Write implements [io.Writer].
func (d *dechunker) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		var err error
		switch d.state {
		case plain:
			_, err = d.to.Write(p)
			p = nil
		case inChunk:
			k := min(d.left, int64(len(p)))
			_, err = d.to.Write(p[:k])
			p = p[k:]
			if d.left -= k; d.left == 0 {
				d.state = behind
			}
		case atEnd:
			p = nil
		default:
			p, err = d.control(p)
		}
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}

// control reads a line that is none of the body.
func (d *dechunker) control(p []byte) ([]byte, error) {
	i := bytes.IndexByte(p, '\n')
	if i < 0 {
		d.line = append(d.line, p...)
		p = nil
	} else {
		d.line = append(d.line, p[:i+1]...)
		p = p[i+1:]
	}
	if d.state == atFirst && !maySize(d.line) {
		d.state = plain
		_, err := d.to.Write(d.line)
		d.line = nil
		return p, err
	}
	if len(d.line) > maxSizeLine {
		return p, errChunk
	}
	if i < 0 {
		return p, nil
	}
	line := strings.TrimRight(string(d.line), "\r\n")
	d.line = d.line[:0]
	return p, d.take(line)
}

// take takes a whole line.
func (d *dechunker) take(line string) error {
	switch {
	case d.state == behind:
		if line != "" {
			return errChunk
		}
		d.state = atSize
	case d.state == atTrailer && line == "":
		d.state = atEnd
	case d.state == atTrailer:
		if len(d.trailer) < 256 {
			d.trailer = addLine(d.trailer, line)
		}
	default:
		size, _, _ := strings.Cut(line, ";")
		n, err := strconv.ParseInt(strings.TrimSpace(size), 16, 62)
		if err != nil || n < 0 {
			return errChunk
		}
		d.left, d.state = n, inChunk
		if n == 0 {
			d.state = atTrailer
		}
	}
	return nil
}

// end says what is missing at the end of the bytes.
func (d *dechunker) end() error {
	switch d.state {
	case atFirst:
		if len(d.line) == 0 {
			return nil
		}
		_, err := d.to.Write(d.line) // no chunk: a short body
		return err
	case plain, atTrailer, atEnd:
		return nil
	}
	return errors.New("the last chunk is missing")
}

// maySize reports whether a line may be the size of a chunk.
func maySize(line []byte) bool {
	size, rest, _ := bytes.Cut(line, []byte{';'})
	whole := len(rest) > 0 || bytes.HasSuffix(line, []byte{'\n'})
	size = bytes.TrimRight(size, " \t\r\n")
	if len(size) == 0 {
		return !whole
	}
	if len(size) > 15 {
		return false
	}
	return len(bytes.Trim(size, "0123456789abcdefABCDEF")) == 0
}
