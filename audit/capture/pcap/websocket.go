package pcap

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"telltale/audit"
)

// Parts of a WebSocket frame (RFC 6455 section 5.2).
const (
	wsFinal      = 0x80
	wsCompressed = 0x40
	wsMasked     = 0x80
	wsContinues  = 0
	wsText       = 1
	wsBinary     = 2
	wsControl    = 8 // and above
)

// window is how far back compression refers.
const window = 32 << 10

// Bounds of what compressed messages may become, for a connection's side.
const (
	maxInflated = 64 << 20
	maxRatio    = 100
)

// A wire is one side of a WebSocket.
type wire struct {
	in       *bufio.Reader
	frame    int64 // bytes of the payload that are to come
	final    bool
	mask     [4]byte
	masked   bool
	at       int    // in mask
	deflates bool   // permessage-deflate was agreed on (RFC 7692)
	keeps    bool   // the window of the message before is kept
	window   []byte // last bytes of the messages before
	read     int64  // bytes of payload
	inflated int64
	zip      io.ReadCloser
}

// messages reads the messages of one side until its stream ends, and returns
// the error that it ends with: io.EOF between two messages.
func (t *talk) messages(s side, in *bufio.Reader, x *exchange) error {
	w := &wire{in: in}
	w.agree(s, x.event.Exchange.Answer)
	for {
		op, compressed, err := w.next()
		if err != nil {
			return err
		}
		e := t.event()
		body := spool{im: t.im}
		err = w.message(&body, compressed)
		m := &audit.Message{Conn: t.conn, URL: x.event.Exchange.URL, Host: x.event.Exchange.Host, Out: s == client, Text: op == wsText}
		m.Body = body.close(err)
		e.Message = m
		t.im.record(e)
		if err != nil {
			return err
		}
	}
}

// agree reads what the server's answer says about compression.
func (w *wire) agree(s side, answer []audit.Field) {
	for _, f := range answer {
		if f.Name != "Sec-Websocket-Extensions" || !strings.Contains(f.Value, "permessage-deflate") {
			continue
		}
		w.deflates, w.keeps = true, true
		without := "client_no_context_takeover"
		if s == server {
			without = "server_no_context_takeover"
		}
		if strings.Contains(f.Value, without) {
			w.keeps = false
		}
	}
}

// next goes to the first frame of the next message.
func (w *wire) next() (op byte, compressed bool, err error) {
	first, err := w.header()
	if err != nil {
		return 0, false, err
	}
	op = first & 0x0f
	if op != wsText && op != wsBinary {
		return 0, false, fmt.Errorf("no WebSocket that can be read: a message begins with opcode %d", op)
	}
	return op, first&wsCompressed != 0 && w.deflates, nil
}

// header reads the head of a frame of data; control frames are passed over.
func (w *wire) header() (first byte, err error) {
	for {
		if first, err = w.in.ReadByte(); err != nil {
			return 0, err
		}
		if err = w.length(); err != nil {
			return 0, unexpected(err)
		}
		if first&wsControl == 0 {
			w.final = first&wsFinal != 0
			return first, nil
		}
		if w.frame > 125 {
			return 0, errors.New("no WebSocket that can be read: a long control frame")
		}
		if _, err = w.in.Discard(int(w.frame)); err != nil {
			return 0, unexpected(err)
		}
	}
}

// length reads the length of a frame's payload and its mask.
func (w *wire) length() error {
	b, err := w.in.ReadByte()
	if err != nil {
		return err
	}
	w.masked, w.at = b&wsMasked != 0, 0
	w.frame = int64(b &^ wsMasked)
	var long [8]byte
	switch w.frame {
	case 126:
		_, err = io.ReadFull(w.in, long[6:])
		w.frame = int64(binary.BigEndian.Uint16(long[6:]))
	case 127:
		_, err = io.ReadFull(w.in, long[:])
		w.frame = int64(binary.BigEndian.Uint64(long[:]) &^ (1 << 63)) //nolint:gosec // the first bit is 0
	}
	if err == nil && w.masked {
		_, err = io.ReadFull(w.in, w.mask[:])
	}
	return err
}

// Read implements [io.Reader]: the payload of a message, over its frames.
func (w *wire) Read(p []byte) (int, error) {
	for w.frame == 0 {
		if w.final {
			return 0, io.EOF
		}
		first, err := w.header()
		if err != nil {
			return 0, unexpected(err)
		}
		if first&0x0f != wsContinues {
			return 0, errors.New("no WebSocket that can be read: a message in a message")
		}
	}
	n, err := w.in.Read(p[:min(int64(len(p)), w.frame)])
	w.frame -= int64(n)
	w.read += int64(n)
	if w.masked {
		for i := range p[:n] {
			p[i] ^= w.mask[(w.at+i)&3]
		}
		w.at += n
	}
	return n, unexpected(err)
}

func unexpected(err error) error {
	if isOver(err) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// message writes what a message says.
func (w *wire) message(to io.Writer, compressed bool) error {
	if !compressed {
		_, err := io.Copy(to, struct{ io.Reader }{w})
		return err
	}
	// The end of a deflate stream is not sent (RFC 7692 section 7.2.2).
	tail := strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff")
	from := io.MultiReader(struct{ io.Reader }{w}, tail)
	if w.zip == nil {
		w.zip = flate.NewReaderDict(from, w.window)
	} else if err := w.zip.(flate.Resetter).Reset(from, w.window); err != nil {
		return err
	}
	buf := make([]byte, 16<<10)
	for {
		n, err := w.zip.Read(buf)
		if w.inflated += int64(n); w.inflated > maxInflated+maxRatio*w.read {
			return fmt.Errorf("compressed messages of %d bytes became more than %d", w.read, maxInflated+maxRatio*w.read)
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return err
		}
		if w.keeps {
			w.remember(buf[:n])
		}
		switch {
		case isOver(err):
			_, err = io.Copy(io.Discard, struct{ io.Reader }{w}) // behind a final block
			return err
		case err != nil:
			return err
		}
	}
}

// remember keeps the last bytes for the next message.
func (w *wire) remember(b []byte) {
	w.window = append(w.window, b...)
	if len(w.window) > window {
		w.window = bytes.Clone(w.window[len(w.window)-window:])
	}
}
