package pcap

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http2"

	"telltale/audit"
)

// Bounds of an HTTP/2 connection.
const (
	maxOpen  = 4096    // streams at the same time
	maxFrame = 1 << 20 // bytes
)

// An http2talk reads HTTP/2 (RFC 9113), each side with a framer of its own.
type http2talk struct {
	*talk
	feeds  [2]*feed
	open   map[uint32]*h2stream
	latest uint32 // stream that the client opened
	unread unread
}

// An h2stream is an exchange on a stream.
type h2stream struct {
	*exchange
	whole  bool     // the answer is
	socket [2]*feed // of a WebSocket (RFC 8441)
}

func newHTTP2(t *talk) *http2talk {
	h := &http2talk{talk: t, open: map[uint32]*h2stream{}}
	for s := range h.feeds {
		h.feeds[s] = newFeed(func(f *feed) { h.read(side(s), f) })
	}
	return h
}

func (h *http2talk) said(s side, b []byte) {
	if !h.feeds[s].write(b) {
		h.unread.bytes[s] += int64(len(b))
	}
	settle(&h.feeds)
}

func (h *http2talk) lost(s side, n int64) {
	h.unread.fail(s, gap(n))
	h.feeds[s].close(gap(n))
	settle(&h.feeds)
}

func (h *http2talk) ended(s side) {
	h.feeds[s].close(io.EOF)
	settle(&h.feeds)
}

func (h *http2talk) close(why error) {
	if why == nil {
		why = io.ErrUnexpectedEOF
	}
	for _, f := range h.feeds {
		f.close(why)
	}
	settle(&h.feeds)
	for _, f := range h.feeds {
		f.abandon()
	}
	for _, id := range slices.Sorted(keys(h.open)) {
		h.end(id, h.cause(h.open[id], why))
	}
	if h.unread.any() {
		out, in := h.unread.bodies()
		h.tunnel(h.event(), "http", out, in)
	}
}

// cause says why an exchange is not whole where the connection ends.
func (h *http2talk) cause(st *h2stream, why error) error {
	switch {
	case st.whole:
		return nil
	case h.unread.why[server] != nil:
		return h.unread.why[server]
	case !st.answered:
		return errNoAnswer
	case !st.asked && h.unread.why[client] != nil:
		return h.unread.why[client]
	}
	return why
}

func keys(m map[uint32]*h2stream) func(func(uint32) bool) {
	return func(yield func(uint32) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// read is the reader of one side.
func (h *http2talk) read(s side, f *feed) {
	in := bufio.NewReaderSize(f, 4<<10)
	if s == client {
		if _, err := io.ReadFull(in, make([]byte, len(h2Preface))); err != nil {
			return
		}
	}
	framer := http2.NewFramer(io.Discard, in)
	framer.SetMaxReadFrameSize(maxFrame)
	framer.SetReuseFrames()
	blocks := newBlocks()
	for {
		frame, err := framer.ReadFrame()
		if err == nil {
			err = h.frame(s, f, frame, blocks)
		}
		if _, ok := errors.AsType[http2.StreamError](err); err == nil || ok {
			continue
		}
		if !isOver(err) && f.end == nil {
			h.unread.fail(s, fmt.Errorf("no HTTP/2 that can be read: %w", err))
			n, _ := io.CopyBuffer(io.Discard, struct{ io.Reader }{in}, h.im.copying)
			h.unread.bytes[s] += n
		}
		return
	}
}

// frame takes one frame.
func (h *http2talk) frame(s side, f *feed, frame http2.Frame, b *blocks) error {
	switch frame := frame.(type) {
	case *http2.HeadersFrame:
		b.begin(frame.StreamID, frame.StreamEnded(), false)
		return h.block(s, f, b, frame.HeaderBlockFragment(), frame.HeadersEnded())
	case *http2.PushPromiseFrame:
		b.begin(frame.PromiseID, true, true)
		return h.block(s, f, b, frame.HeaderBlockFragment(), frame.HeadersEnded())
	case *http2.ContinuationFrame:
		return h.block(s, f, b, frame.HeaderBlockFragment(), frame.HeadersEnded())
	case *http2.DataFrame:
		return h.data(s, f, frame)
	case *http2.RSTStreamFrame:
		h.reset(s, frame)
	}
	return nil
}

// block takes a piece of a header block, and acts on the whole.
func (h *http2talk) block(s side, f *feed, b *blocks, piece []byte, last bool) error {
	if err := b.add(piece, last); err != nil {
		return fmt.Errorf("a header that cannot be decoded: %w", err)
	}
	if !last {
		return nil
	}
	if s == client || b.promise {
		return h.request(b)
	}
	st := h.stream(f, b.stream)
	if st == nil {
		return nil
	}
	status, _ := strconv.Atoi(b.pseudo[":status"])
	switch {
	case status/100 == 1:
		return nil
	case !st.answered:
		st.answer(status, b.fields())
	}
	if b.ended {
		h.endAnswer(b.stream, st)
	}
	return nil
}

// stream finds the stream of an answer, nil if it has ended. If the client has
// not opened it yet, the capture has packets in another order than they were
// sent, and the answer waits.
func (h *http2talk) stream(f *feed, id uint32) *h2stream {
	promised := id%2 == 0
	f.wait(func() bool { return promised || id <= h.latest || h.feeds[client].done || f.end != nil })
	return h.open[id]
}

// request opens a stream, or ends the request with a trailer.
func (h *http2talk) request(b *blocks) error {
	if st := h.open[b.stream]; st != nil {
		if b.ended {
			h.endRequest(b.stream, st, b.fields())
		}
		return nil
	}
	if len(h.open) >= maxOpen {
		return errors.New("too many streams at the same time")
	}
	st := &h2stream{exchange: h.talk.exchange("HTTP/2.0")}
	record := st.event.Exchange
	record.Method = b.pseudo[":method"]
	path := b.pseudo[":path"]
	if record.Method != http.MethodConnect && path == "" {
		path = "/"
	}
	st.locate(target{b.pseudo[":scheme"], b.pseudo[":authority"], path})
	fs := b.fields()
	if authority := b.pseudo[":authority"]; authority != "" {
		fs = append(fs, audit.Field{Name: "Host", Value: authority})
		byName(fs)
	}
	record.Header = fs
	h.open[b.stream] = st
	if !b.promise {
		h.latest = max(h.latest, b.stream)
	}
	if b.pseudo[":protocol"] == "websocket" {
		h.openSocket(st)
	}
	if b.ended {
		st.endRequest(nil, nil)
	}
	return nil
}

// data takes a piece of a body.
func (h *http2talk) data(s side, f *feed, frame *http2.DataFrame) error {
	id := frame.StreamID
	st := h.open[id]
	if s == server {
		st = h.stream(f, id)
	}
	if st == nil {
		if id > h.latest {
			h.unread.fail(s, errors.New("it belongs to a request that is not in the capture"))
			h.unread.bytes[s] += int64(len(frame.Data()))
		}
		return nil // of a stream that was given up
	}
	switch {
	case st.socket[s] != nil:
		if !st.socket[s].write(frame.Data()) {
			h.unread.bytes[s] += int64(len(frame.Data()))
		}
		settle(&st.socket)
	case s == client && !st.asked:
		_, _ = st.up.Write(frame.Data()) // the importer has the error
	case s == server:
		_, _ = st.down.Write(frame.Data())
	}
	if frame.StreamEnded() {
		if s == client {
			h.endRequest(id, st, nil)
		} else {
			h.endAnswer(id, st)
		}
	}
	return nil
}

// endRequest ends a request, and the exchange if that was all of it.
func (h *http2talk) endRequest(id uint32, st *h2stream, trailer []audit.Field) {
	st.exchange.endRequest(trailer, nil)
	if st.whole {
		h.end(id, nil)
	}
}

// endAnswer ends an answer. The rest of the request may still come.
func (h *http2talk) endAnswer(id uint32, st *h2stream) {
	st.whole = true
	if st.asked {
		h.end(id, nil)
	}
}

// reset ends a stream that one side gave up. Behind a whole answer that only
// says that the rest of the request is not needed.
func (h *http2talk) reset(s side, frame *http2.RSTStreamFrame) {
	st := h.open[frame.StreamID]
	switch {
	case st == nil:
	case st.whole:
		h.end(frame.StreamID, nil)
	default:
		h.end(frame.StreamID, fmt.Errorf("the %s gave the stream up: %v", names[s], frame.ErrCode))
	}
}

var errAnswered = errors.New("it was answered before its end")

var names = [2]string{client: "client", server: "server"}

// end records an exchange and forgets its stream.
func (h *http2talk) end(id uint32, cause error) {
	st := h.open[id]
	delete(h.open, id)
	if st.whole && !st.asked && st.socket[client] == nil {
		st.exchange.endRequest(nil, errAnswered)
	}
	st.exchange.end(cause)
	for _, f := range st.socket {
		if f != nil {
			f.close(io.EOF)
			f.abandon()
		}
	}
}

// openSocket makes the bodies of a stream a WebSocket.
func (h *http2talk) openSocket(st *h2stream) {
	if rest, ok := strings.CutPrefix(st.event.Exchange.URL, "http"); ok {
		st.event.Exchange.URL = "ws" + rest
	}
	for s := range st.socket {
		st.socket[s] = newFeed(func(f *feed) {
			in := bufio.NewReaderSize(f, 4<<10)
			if !f.wait(func() bool { return st.answered }) {
				return
			}
			if err := h.messages(side(s), in, st.exchange); !isOver(err) {
				h.unread.fail(side(s), err)
			}
		})
	}
}
