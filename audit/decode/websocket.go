package decode

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"strconv"
	"strings"

	"telltale/audit"
)

// Bits of the first two bytes of a WebSocket frame (RFC 6455, section 5.2). The
// first reserved bit says that a message is deflated (RFC 7692).
const (
	wsLast     = 0x80
	wsDeflated = 0x40
	wsReserved = 0x30
	wsOpcode   = 0x0f
	wsMask     = 0x80
	wsControl  = 0x08
)

// wsWindow is how far a deflated message may refer back into those before it.
const wsWindow = 32 << 10

// isWebSocket takes the bytes of a tunnel only: any bytes may look like a frame.
func isWebSocket(in layer) bool {
	if !strings.HasPrefix(in.step, "tunnel.") {
		return false
	}
	_, err := (&wsReader{data: in.data, pos: handshake(in.data)}).frame()
	return err == nil
}

// isFrames takes frames that somebody sends in another way, or that a layer
// below holds. They have to fill it, and their messages have to be legible.
func isFrames(in layer) bool {
	return len(in.data) >= minUnmarked && in.data[0]&wsReserved == 0 && in.data[0]&wsOpcode-1 < 2 && !textual(in.data)
}

// decodeFrames gives the messages of such frames.
func decodeFrames(in layer, emit func(part) bool) error {
	r := &wsReader{data: in.data, room: in.room}
	var messages []part
	for n := 0; r.pos < len(r.data); n++ {
		p, err := r.message()
		if err != nil || !p.control && !legible(p.data) {
			return nil //nolint:nilerr // it is another encoding
		}
		if len(p.data) > 0 {
			messages = append(messages, part{"websocket:" + strconv.Itoa(n), p.data, p.span})
		}
	}
	for _, m := range messages {
		if !emit(m) {
			break
		}
	}
	return nil
}

// handshake returns the length of the HTTP header before the first frame.
func handshake(data []byte) int {
	head, _, ok := bytes.Cut(data, []byte("\r\n\r\n"))
	if !ok || !bytes.Contains(bytes.ToLower(head), []byte("\r\nupgrade: websocket")) {
		return 0
	}
	return len(head) + len("\r\n\r\n")
}

// decodeWebSocket gives the messages without their masks, and inflated if they
// say so. Those of a control frame, such as the reason of a close, count too.
func decodeWebSocket(in layer, emit func(part) bool) error {
	r := &wsReader{data: in.data, pos: handshake(in.data), room: in.room}
	if line := bytes.IndexByte(in.data, '\n'); r.pos > 0 {
		head := audit.Span{Start: line + 1, End: r.pos}
		if !emit(part{"request.line", bytes.TrimRight(in.data[:line], "\r"), audit.Span{End: line}}) ||
			!emit(part{"request.header", in.data[head.Start:head.End], head}) {
			return nil
		}
	}
	for n := 0; r.pos < len(r.data); n++ {
		p, err := r.message()
		if len(p.data) > 0 && !emit(part{"websocket:" + strconv.Itoa(n), p.data, p.span}) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var (
	errFrame    = errors.New("what follows the last whole frame is no frame")
	errFrameEnd = errors.New("ends in the middle of a frame")
)

// A wsReader reads frames.
type wsReader struct {
	data   []byte
	pos    int
	room   int64
	window []byte // the last bytes of the inflated messages
	open   []wsFrame
}

// A wsFrame is one frame without its mask.
type wsFrame struct {
	flags   byte // its first byte
	payload []byte
	span    audit.Span // where the payload stands
}

// frame reads one frame.
func (r *wsReader) frame() (wsFrame, error) {
	w := &walker{data: r.data, pos: r.pos}
	head, err := w.take(2)
	if err != nil {
		return wsFrame{}, errFrameEnd
	}
	flags, masked := head[0], head[1]&wsMask != 0
	if opcode := flags & wsOpcode; flags&wsReserved != 0 || opcode > 2 && opcode < wsControl || opcode > 10 {
		return wsFrame{}, errFrame
	}
	size := uint64(head[1] &^ wsMask)
	switch size {
	case 126:
		size, err = w.uint(2)
	case 127:
		size, err = w.uint(8)
	}
	if err != nil {
		return wsFrame{}, errFrameEnd
	}
	var mask []byte
	if masked {
		if mask, err = w.take(4); err != nil {
			return wsFrame{}, errFrameEnd
		}
	}
	payload, err := w.take(size)
	if err != nil {
		return wsFrame{}, errFrameEnd
	}
	r.pos = w.pos
	return wsFrame{flags, unmask(payload, mask), w.since(w.pos - len(payload))}, nil
}

func unmask(payload, mask []byte) []byte {
	if mask == nil {
		return payload
	}
	out := make([]byte, len(payload))
	for i, c := range payload {
		out[i] = c ^ mask[i%4]
	}
	return out
}

// A wsMessage is what one frame or several say.
type wsMessage struct {
	piece
	control bool
}

// message reads up to the last frame of a message, or a control frame, which
// may stand between two frames of a message.
func (r *wsReader) message() (wsMessage, error) {
	for {
		f, err := r.frame()
		switch {
		case err != nil:
			return wsMessage{}, err
		case f.flags&wsControl != 0:
			return wsMessage{piece{controlText(f), f.span}, true}, nil
		}
		r.open = append(r.open, f)
		if f.flags&wsLast != 0 {
			break
		}
	}
	first, last := r.open[0], r.open[len(r.open)-1]
	p := wsMessage{piece: piece{span: audit.Span{Start: first.span.Start, End: last.span.End}}}
	for _, f := range r.open {
		p.data = append(p.data, f.payload...)
	}
	r.open = r.open[:0]
	if first.flags&wsDeflated == 0 {
		return p, nil
	}
	var err error
	p.data, err = r.inflate(p.data)
	return p, err
}

// controlText returns what a control frame says; a close has a code before it.
func controlText(f wsFrame) []byte {
	if f.flags&wsOpcode == wsControl && len(f.payload) >= 2 {
		return f.payload[2:]
	}
	return f.payload
}

// inflate undoes the compression of a message. The sender leaves the end of an
// empty block off.
func (r *wsReader) inflate(data []byte) ([]byte, error) {
	src := io.MultiReader(bytes.NewReader(data), strings.NewReader(deflateEnd))
	out, err := inflate(flate.NewReaderDict(src, r.window), r.room)
	r.room = max(0, r.room-int64(len(out)))
	r.window = append(r.window, out...)
	r.window = bytes.Clone(r.window[max(0, len(r.window)-wsWindow):])
	return out, err
}
