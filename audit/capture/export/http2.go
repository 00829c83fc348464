package export

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"telltale/audit"
)

// An http2Side writes the frames of one side.
type http2Side struct {
	out    *segments
	frames *http2.Framer
	block  bytes.Buffer
	header *hpack.Encoder
}

// maxFrame is the largest frame that needs no agreement (RFC 9113 section 6.5.2).
const maxFrame = 1 << 14

// begin2 writes what both sides say first.
func (c *connection) begin2() error {
	c.h2 = &http2State{}
	for s := range c.h2.sides {
		h := &http2Side{out: c.writer(side(s))}
		h.frames, h.header = http2.NewFramer(h.out, nil), hpack.NewEncoder(&h.block)
		c.h2.sides[s] = h
	}
	if _, err := io.WriteString(c.h2.sides[client].out, clientPreface); err != nil {
		return err
	}
	for _, h := range c.h2.sides {
		if err := h.frames.WriteSettings(); err != nil {
			return err
		}
		if err := h.out.flush(); err != nil {
			return err
		}
	}
	return nil
}

// exchange2 writes a request and its answer as a stream of HTTP/2.
func (c *connection) exchange2(x *audit.Exchange) error {
	if c.h2 == nil {
		if err := c.begin2(); err != nil {
			return err
		}
		c.h2.stream = 1
	} else {
		c.h2.stream += 2
	}
	scheme, _, _ := strings.Cut(x.URL, "://")
	pseudo := []audit.Field{{Name: ":method", Value: x.Method}, {Name: ":scheme", Value: scheme}, {Name: ":authority", Value: authority(x)}, {Name: ":path", Value: target(x)}}
	if err := c.half2(client, append(pseudo, lower(x.Header)...), x.Body, x.Trailer); err != nil {
		return err
	}
	if x.Answered == audit.ByNobody && x.Status == 0 {
		return nil
	}
	pseudo = []audit.Field{{Name: ":status", Value: strconv.Itoa(x.Status)}}
	return c.half2(server, append(pseudo, lower(x.Answer)...), x.Reply, nil)
}

// lower is a header as HTTP/2 wants it: names in lower case, without what is
// about the connection (RFC 9113 section 8.2).
func lower(header []audit.Field) []audit.Field {
	var fs []audit.Field
	for _, f := range header {
		switch name := strings.ToLower(f.Name); {
		case name == "connection", name == "transfer-encoding", name == "keep-alive", name == "proxy-connection", name == "upgrade", name == "host":
		case name == "", strings.HasPrefix(name, ":"):
		default:
			fs = append(fs, audit.Field{Name: name, Value: clean(f.Value)})
		}
	}
	return fs
}

// half2 writes a header, a body and a trailer.
func (c *connection) half2(s side, header []audit.Field, body audit.Body, trailer []audit.Field) error {
	h, id := c.h2.sides[s], c.h2.stream
	ends := whole(body)
	if err := h.headers(id, header, ends && body.Size == 0 && len(trailer) == 0); err != nil {
		return err
	}
	if stored(body) > 0 {
		d := &dataFrames{h: h, id: id, left: stored(body), ends: ends && len(trailer) == 0}
		if err := c.p.copy(d, body); err != nil {
			return err
		}
	}
	if len(trailer) > 0 && ends {
		if err := h.headers(id, lower(trailer), true); err != nil {
			return err
		}
	}
	return h.out.flush()
}

// headers writes a header block, in as many frames as it needs.
func (h *http2Side) headers(id uint32, fields []audit.Field, ends bool) error {
	h.block.Reset()
	for _, f := range fields {
		if err := h.header.WriteField(hpack.HeaderField{Name: f.Name, Value: f.Value}); err != nil {
			return err
		}
	}
	block := h.block.Bytes()
	piece := block[:min(len(block), maxFrame)]
	rest := block[len(piece):]
	err := h.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: piece, EndStream: ends, EndHeaders: len(rest) == 0})
	for err == nil && len(rest) > 0 {
		piece = rest[:min(len(rest), maxFrame)]
		rest = rest[len(piece):]
		err = h.frames.WriteContinuation(id, len(rest) == 0, piece)
	}
	return err
}

// dataFrames cuts a body into frames.
type dataFrames struct {
	h    *http2Side
	id   uint32
	left int64
	ends bool
}

// Write implements [io.Writer].
func (d *dataFrames) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		k := min(len(b), maxFrame)
		d.left -= int64(k)
		if err := d.h.frames.WriteData(d.id, d.ends && d.left == 0, b[:k]); err != nil {
			return 0, err
		}
		b = b[k:]
	}
	return n, nil
}
