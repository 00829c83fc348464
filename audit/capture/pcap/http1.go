package pcap

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"telltale/audit"
)

// maxHead bounds the head of a request or an answer.
const maxHead = 1 << 20

// An http1 reads HTTP/1 (RFC 9112).
type http1 struct {
	*talk
	feeds  [2]*feed
	queue  []*exchange // requests whose answer has not begun, in order
	open   []*exchange // that are not recorded
	inner  *talk       // behind CONNECT and Upgrade
	unread unread
	over   bool
}

// maxQueue bounds the requests that wait for an answer.
const maxQueue = 1024

func newHTTP1(t *talk) *http1 {
	h := &http1{talk: t}
	h.feeds[client] = newFeed(h.requests)
	h.feeds[server] = newFeed(h.answers)
	return h
}

func (h *http1) said(s side, b []byte) {
	if !h.feeds[s].write(b) {
		h.unread.bytes[s] += int64(len(b))
	}
	settle(&h.feeds)
}

func (h *http1) lost(s side, n int64) {
	h.unread.fail(s, gap(n))
	h.feeds[s].close(gap(n))
	settle(&h.feeds)
}

func (h *http1) ended(s side) {
	h.feeds[s].close(io.EOF)
	settle(&h.feeds)
}

func (h *http1) close(why error) {
	if why == nil {
		why = io.ErrUnexpectedEOF
	}
	for _, f := range h.feeds {
		f.close(why)
	}
	settle(&h.feeds)
	h.over = true
	for _, f := range h.feeds {
		f.abandon()
	}
	for _, x := range h.open {
		if !x.answered {
			x.end(errNoAnswer)
		} else {
			x.end(why)
		}
	}
	if h.inner != nil {
		h.inner.close(why)
	}
	if h.unread.any() {
		out, in := h.unread.bodies()
		h.tunnel(h.event(), "http", out, in)
	}
}

var errNoAnswer = errors.New("no answer is in the capture")

// A head bounds what is read ahead of a body.
type head struct {
	from io.Reader
	left int64
	read int64
}

// at is how far a buffered reader of h has come.
func (h *head) at(in *bufio.Reader) int64 { return h.read - int64(in.Buffered()) }

// Read implements [io.Reader].
func (h *head) Read(p []byte) (int, error) {
	if h.left <= 0 {
		return 0, fmt.Errorf("a head of more than %d bytes", maxHead)
	}
	n, err := h.from.Read(p[:min(int64(len(p)), h.left)])
	h.left -= int64(n)
	h.read += int64(n)
	return n, err
}

// unlimited is left while a body is read.
const unlimited = 1 << 62

// requests is the reader of the client.
func (h *http1) requests(f *feed) {
	limit := &head{from: f}
	in := bufio.NewReaderSize(limit, 4<<10)
	for {
		limit.left = maxHead
		if err := skipEmpty(in); err != nil {
			return
		}
		x := h.talk.exchange("")
		start := limit.at(in)
		r, err := http.ReadRequest(in)
		if err != nil {
			h.fail(client, limit.at(in)-start, in, err)
			return
		}
		limit.left = unlimited
		x.request = r
		h.begin(x)
		_, err = io.CopyBuffer(bare{&x.up}, r.Body, h.im.copying)
		x.endRequest(fields(r.Trailer), err)
		if err != nil {
			h.rest(client, in, err)
			return
		}
		h.tidy()
		if switches(r) && h.switched(f, x) {
			h.pass(client, in, x)
			return
		}
	}
}

// bare hides that a spool might read by itself.
type bare struct{ io.Writer }

// skipEmpty skips empty lines, which old clients send behind a body.
func skipEmpty(in *bufio.Reader) error {
	for {
		b, err := in.Peek(1)
		if err != nil {
			return err
		}
		if b[0] != '\r' && b[0] != '\n' {
			return nil
		}
		_, _ = in.Discard(1)
	}
}

// begin notes the head of a request.
func (h *http1) begin(x *exchange) {
	r, record := x.request, x.event.Exchange
	record.Proto, record.Method = r.Proto, r.Method
	g := target{authority: r.Host, path: r.RequestURI}
	if r.Method == http.MethodConnect {
		g.path = ""
	}
	x.locate(g)
	if isWebSocket(r) {
		if rest, ok := strings.CutPrefix(record.URL, "http"); ok {
			record.URL = "ws" + rest
		}
	}
	fs := fields(r.Header)
	if r.Host != "" {
		fs = append(fs, audit.Field{Name: "Host", Value: r.Host})
	}
	for _, coding := range r.TransferEncoding {
		fs = append(fs, audit.Field{Name: "Transfer-Encoding", Value: coding})
	}
	byName(fs)
	record.Header = fs
	h.queue = append(h.queue, x)
	h.open = append(h.open, x)
	if len(h.queue) > maxQueue {
		h.queue[0].end(errNoAnswer)
		h.queue = h.queue[1:]
	}
}

// tidy records what is whole.
func (h *http1) tidy() {
	keep := h.open[:0]
	for _, x := range h.open {
		if !x.recorded {
			keep = append(keep, x)
		}
	}
	clear(h.open[len(keep):])
	h.open = keep
}

// switches reports whether a request may turn the connection into something else.
func switches(r *http.Request) bool {
	return r.Method == http.MethodConnect || r.Header.Get("Upgrade") != ""
}

func isWebSocket(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// switched waits for the answer and reports whether it says yes.
func (h *http1) switched(f *feed, x *exchange) bool {
	return f.wait(func() bool { return x.answered || h.over }) && accepted(x)
}

func accepted(x *exchange) bool {
	status := x.event.Exchange.Status
	if x.request.Method == http.MethodConnect {
		return status/100 == 2
	}
	return status == http.StatusSwitchingProtocols
}

// answers is the reader of the server.
func (h *http1) answers(f *feed) {
	limit := &head{from: f}
	in := bufio.NewReaderSize(limit, 4<<10)
	for {
		limit.left = maxHead
		if _, err := in.Peek(1); err != nil {
			return
		}
		if !f.wait(func() bool { return len(h.queue) > 0 || h.feeds[client].done }) || len(h.queue) == 0 {
			h.rest(server, in, errors.New("it answers a request that is not in the capture"))
			return
		}
		x := h.queue[0]
		start := limit.at(in)
		r, err := http.ReadResponse(in, x.request) //nolint:bodyclose // closing it would read on
		if err != nil {
			h.fail(server, limit.at(in)-start, in, err)
			return
		}
		if r.StatusCode/100 == 1 && r.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		limit.left = unlimited
		h.queue = h.queue[1:]
		x.answer(r.StatusCode, fields(r.Header))
		if accepted(x) && switches(x.request) {
			x.end(nil)
			h.tidy()
			h.pass(server, in, x)
			return
		}
		_, err = io.CopyBuffer(bare{&x.down}, r.Body, h.im.copying)
		if err == nil {
			// The rest of a request whose answer is there still comes, or not.
			f.wait(func() bool { return x.asked || h.feeds[client].done })
		}
		x.end(err)
		h.tidy()
		if err != nil {
			h.rest(server, in, err)
			return
		}
	}
}

// fail notes that a side speaks no HTTP from some bytes before.
func (h *http1) fail(s side, before int64, in *bufio.Reader, err error) {
	h.unread.bytes[s] += before
	h.rest(s, in, fmt.Errorf("no HTTP that can be read: %w", err))
}

// rest counts what nobody reads any more.
func (h *http1) rest(s side, in *bufio.Reader, why error) {
	h.unread.fail(s, why)
	for {
		n, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{in}, h.im.copying)
		h.unread.bytes[s] += n
		if err != nil || n == 0 {
			return
		}
	}
}

// pass hands what follows an agreement to who reads that.
func (h *http1) pass(s side, in *bufio.Reader, x *exchange) {
	if x.request.Method != http.MethodConnect && isWebSocket(x.request) {
		err := h.messages(s, in, x)
		if !isOver(err) && !errors.Is(err, errCaptureEnds) && !errors.Is(err, io.ErrUnexpectedEOF) {
			h.rest(s, in, err)
		}
		return
	}
	if h.inner == nil {
		h.inner = h.tunnelled(x)
	}
	for {
		b, err := in.Peek(max(in.Buffered(), 1))
		if len(b) > 0 {
			h.inner.said(s, b)
			_, _ = in.Discard(len(b))
		}
		if err == nil {
			continue
		}
		if missing, ok := errors.AsType[gap](err); ok {
			h.inner.lost(s, int64(missing))
		} else if isOver(err) {
			h.inner.ended(s)
		}
		return
	}
}

// tunnelled is the talk behind a CONNECT or an Upgrade.
func (h *http1) tunnelled(x *exchange) *talk {
	if x.request.Method != http.MethodConnect {
		return h.inside(h.host, h.port, cmp.Or(strings.ToLower(x.request.Header.Get("Upgrade")), "tcp"))
	}
	port := uint64(443)
	if i := strings.LastIndexByte(x.event.Exchange.URL, ':'); i >= 0 {
		if n, err := strconv.ParseUint(x.event.Exchange.URL[i+1:], 10, 16); err == nil {
			port = n
		}
	}
	return h.inside(x.event.Exchange.Host, uint16(port), "tcp")
}
