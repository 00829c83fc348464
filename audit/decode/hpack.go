package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http2/hpack"

	"telltale/audit"
)

// Bounds of a header block (RFC 7541): no server takes a longer one, and the
// table is as large as it is before a receiver says otherwise.
const (
	minHPACK   = 12
	maxHPACK   = 64 << 10
	hpackTable = 4096
)

// hpackFirst are the bytes that a block may start with: a request or an answer
// starts with a pseudo-header field (RFC 9113, section 8.3), and those are the
// first 14 entries of the static table; the size of the table may stand before.
const hpackFirst = "\x20\x3f" + "\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e" +
	"\x41\x42\x43\x44\x45\x46\x47\x48\x49\x4a\x4b\x4c\x4d\x4e" +
	"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e" +
	"\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e"

// isHPACK reports whether a layer may be a header block of HTTP/2. Every byte
// stands for something there; that it is header fields must show when it is read.
func isHPACK(in layer) bool {
	return len(in.data) >= minHPACK && len(in.data) <= maxHPACK &&
		strings.IndexByte(hpackFirst, in.data[0]) >= 0 && !textual(in.data) && !statusTooLong(in.data)
}

// statusTooLong reports whether a block starts with a status that is written out
// and has more than three digits.
func statusTooLong(block []byte) bool {
	index := block[0] & 0x0f
	if block[0]&0x40 != 0 {
		index = block[0] & 0x3f
	}
	return block[0] < 0x80 && block[0]&0x20 == 0 && index >= 8 && index <= 14 && block[1]&0x7f > 3
}

// decodeHPACK gives the fields of a block as lines of a header.
func decodeHPACK(in layer, emit func(part) bool) error {
	r := newHPACKReader(in.room)
	if text, ok := r.header(in.data); ok && (statusLine.Match(text) || methodLine.Match(text)) {
		emit(in.whole("request.header", text))
	}
	return nil
}

// What an answer and a request must have (RFC 9113, section 8.3): the fields
// whose names start with a colon come first.
var (
	statusLine = regexp.MustCompile("^:status: [1-9][0-9]{2}\r\n[^:]")
	methodLine = regexp.MustCompile("^(?::[a-z]+: .*\r\n)*?:method: [A-Z]+\r\n")
)

// An hpackReader reads the header blocks of a connection one after the other:
// each may refer to those before.
type hpackReader struct {
	decoder *hpack.Decoder
	room    int64 // that is left for text
	text    []byte
	foreign bool // a field is none
}

func newHPACKReader(room int64) *hpackReader {
	r := &hpackReader{room: room}
	r.decoder = hpack.NewDecoder(hpackTable, r.add)
	r.decoder.SetMaxStringLength(maxHPACK)
	return r
}

// add writes a field. A byte of a block may stand for a field of some thousand:
// what is over the room is left out.
func (r *hpackReader) add(f hpack.HeaderField) {
	if name := strings.TrimPrefix(f.Name, ":"); !isFieldName([]byte(name)) || len(f.Value) > 0 && !isText([]byte(f.Value)) {
		r.foreign = true
	}
	if int64(len(f.Name)+len(f.Value)) > r.room {
		return
	}
	line := f.Name + ": " + strings.ReplaceAll(f.Value, "\n", "\n ") + "\r\n"
	if size := int64(len(line)); size <= r.room {
		r.room -= size
		r.text = append(r.text, line...)
	}
}

// header reads a whole block, and reports whether it is one.
func (r *hpackReader) header(block []byte) (text []byte, ok bool) {
	r.text, r.foreign = nil, false
	_, err := r.decoder.Write(block)
	if err == nil {
		err = r.decoder.Close()
	}
	return r.text, err == nil && !r.foreign && len(r.text) > 0
}

// http2Preface is what a client starts a connection with (RFC 9113, section
// 3.4).
const http2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

func isHTTP2(in layer) bool { return bytes.HasPrefix(in.data, []byte(http2Preface)) }

// Frames of HTTP/2 (RFC 9113, section 6) and their flags.
const (
	h2Head         = 9
	h2Data         = 0
	h2Headers      = 1
	h2Continuation = 9
	h2EndHeaders   = 0x04
	h2Padded       = 0x08
	h2Priority     = 0x20
)

var errHeaderBlock = errors.New("a header block is none; those after it cannot be read")

// decodeHTTP2 gives the headers of the requests, and then what each of them
// sends.
func decodeHTTP2(in layer, emit func(part) bool) error {
	c := &http2Reader{hpack: newHPACKReader(in.room), bodies: make(map[uint32]*piece), emit: emit}
	w := &walker{data: in.data, pos: len(http2Preface)}
	var err error
	for err == nil && w.left() > 0 {
		err = c.frame(w)
	}
	for _, id := range c.streams {
		if b := c.bodies[id]; len(b.data) > 0 && !emit(part{"http2:" + strconv.FormatUint(uint64(id), 10), b.data, b.span}) {
			return nil
		}
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// An http2Reader collects what the streams of a connection say.
type http2Reader struct {
	hpack   *hpackReader
	block   piece // of headers, as far as it was read
	streams []uint32
	bodies  map[uint32]*piece
	emit    func(part) bool
}

// frame reads one frame.
func (c *http2Reader) frame(w *walker) error {
	head, err := w.take(h2Head)
	if err != nil {
		return errFrameEnd
	}
	size := uint64(head[0])<<16 | uint64(head[1])<<8 | uint64(head[2])
	kind, flags, stream := head[3], head[4], binary.BigEndian.Uint32(head[5:])&^(1<<31)
	payload, err := w.take(size)
	if err != nil {
		return errFrameEnd
	}
	p := w.last(len(payload))
	switch kind {
	case h2Data:
		c.data(stream, p.unpadded(flags))
	case h2Headers:
		if p = p.unpadded(flags); flags&h2Priority != 0 {
			p = p.from(min(5, len(p.data)))
		}
		c.block = piece{slices.Clone(p.data), p.span}
	case h2Continuation:
		c.block.data = append(c.block.data, p.data...)
		c.block.span.End = p.span.End
	default:
		return nil
	}
	if kind != h2Data && flags&h2EndHeaders != 0 {
		return c.headers()
	}
	return nil
}

// headers hands out a header block that is whole.
func (c *http2Reader) headers() error {
	text, ok := c.hpack.header(c.block.data)
	switch {
	case !ok:
		return errHeaderBlock
	case !c.emit(part{"request.header", text, c.block.span}):
		return errEnough
	}
	return nil
}

// data adds to the body of a stream.
func (c *http2Reader) data(stream uint32, p piece) {
	b := c.bodies[stream]
	if b == nil {
		b = &piece{span: p.span}
		c.bodies[stream] = b
		c.streams = append(c.streams, stream)
	}
	b.data = append(b.data, p.data...)
	b.span.End = p.span.End
}

// unpadded takes off the padding that the flags of a frame tell of.
func (p piece) unpadded(flags byte) piece {
	if flags&h2Padded == 0 || len(p.data) == 0 {
		return p
	}
	n := int(p.data[0])
	p = p.from(1)
	n = min(n, len(p.data))
	return piece{p.data[:len(p.data)-n], audit.Span{Start: p.span.Start, End: p.span.End - n}}
}
