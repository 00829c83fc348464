package mitm

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/coder/websocket"

	"telltale/audit"
)

func isWebSocket(r *http.Request) bool {
	return r.ProtoMajor == 1 && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// upgrade takes a WebSocket connection: the request for it is an exchange of
// its own, then every message is recorded. In a sinkhole nothing comes back.
func (s *Session) upgrade(w http.ResponseWriter, r *http.Request, c *conn, h head) {
	x := s.begin(w, r, c)
	defer x.end()
	x.flawed(h)
	record := x.event.Exchange
	if rest, ok := strings.CutPrefix(record.URL, "http"); ok {
		record.URL = "ws" + rest
	}
	up, err := x.dial()
	if err != nil {
		record.Answered, record.Error = audit.ByNobody, err.Error()
		x.down.WriteHeader(http.StatusBadGateway)
		x.whole = true
		return
	}
	if up != nil {
		defer func() { _ = up.CloseNow() }() // for the second time, mostly
	}
	u := &upgrader{exchange: x}
	defer u.release()
	down, err := websocket.Accept(u, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // of the origin: it is not for us to turn anybody away
		Subprotocols:       agreed(r, up),
		CompressionMode:    websocket.CompressionNoContextTakeover,
	})
	x.whole = true
	if err != nil {
		return // the client was told by Accept
	}
	defer func() { _ = down.CloseNow() }() // for the second time, mostly
	t := &talk{session: s, conn: c, url: record.URL, host: record.Host}
	t.carry(r.Context(), down, up)
}

// dial opens the WebSocket of the real server. In a sinkhole, and for sites
// of the lab, there is none.
func (x *exchange) dial() (*websocket.Conn, error) {
	p, r := x.session.proxy, x.request
	record := x.event.Exchange
	record.Answered = audit.BySinkhole
	if p.config.Online == nil || p.config.Stage != nil && p.config.Stage.Answers(r) {
		return nil, nil
	}
	record.Answered = audit.ByOnline
	u := *r.URL
	x.aim(&u)
	up, _, err := websocket.Dial(onlyHTTP1(x.watched()), u.String(), &websocket.DialOptions{ //nolint:bodyclose // Dial says that it need not be closed
		HTTPClient: &http.Client{Transport: p.config.Online, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
		HTTPHeader:      handshake(r.Header),
		Host:            r.Host,
		Subprotocols:    subprotocols(r),
		CompressionMode: websocket.CompressionNoContextTakeover,
	})
	return up, err
}

// handshake is the header for the real server, without what is made anew.
func handshake(h http.Header) http.Header {
	h = h.Clone()
	for name := range h {
		if strings.HasPrefix(name, "Sec-Websocket-") || strings.HasPrefix(name, "Proxy-") {
			delete(h, name)
		}
	}
	h.Del("Upgrade")
	h.Del("Connection")
	return h
}

func subprotocols(r *http.Request) []string {
	var names []string
	for _, line := range r.Header.Values("Sec-Websocket-Protocol") {
		for name := range strings.SplitSeq(line, ",") {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names
}

// agreed is what to agree on: what the real server chose, or else the client's
// first.
func agreed(r *http.Request, up *websocket.Conn) []string {
	if up == nil {
		return subprotocols(r)
	}
	return []string{up.Subprotocol()}
}

// An upgrader records the exchange before the client learns that it has
// become a WebSocket.
type upgrader struct {
	*exchange
	hijacked bool
}

// Header implements [http.ResponseWriter].
func (u *upgrader) Header() http.Header { return u.down.Header() }

// Write implements [http.ResponseWriter].
func (u *upgrader) Write(p []byte) (int, error) { return u.down.Write(p) }

// WriteHeader implements [http.ResponseWriter].
func (u *upgrader) WriteHeader(status int) {
	if status == http.StatusSwitchingProtocols {
		u.down.note(status)
		u.whole = true
		u.end()
	}
	u.down.WriteHeader(status)
}

// Hijack implements [http.Hijacker].
func (u *upgrader) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := u.control.Hijack()
	u.hijacked = err == nil
	return nc, rw, err
}

// release ends a connection that is no longer the server's.
func (u *upgrader) release() {
	if u.hijacked {
		_ = u.conn.Close() // nobody reads from it any more
		u.session.open.leave(u.conn.number)
	}
}

// A talk is the messages of a WebSocket.
type talk struct {
	session *Session
	conn    *conn
	url     string
	host    string
}

// carry takes messages from the client, and both ways if there is an upstream,
// until one side ends it.
func (t *talk) carry(ctx context.Context, down, up *websocket.Conn) {
	down.SetReadLimit(-1) // they are streamed
	if up == nil {
		_ = t.messages(ctx, down, nil, true) // always ends with an error: that of the connection's end
		return
	}
	up.SetReadLimit(-1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		pass(down, t.messages(ctx, up, down, false))
	}()
	pass(up, t.messages(ctx, down, up, true))
	<-done
}

// pass ends a connection the way that the other one ended.
func pass(to *websocket.Conn, err error) {
	if end, ok := errors.AsType[websocket.CloseError](err); ok {
		_ = to.Close(end.Code, end.Reason) // it is over either way
	}
	_ = to.CloseNow()
}

func (t *talk) messages(ctx context.Context, from, to *websocket.Conn, out bool) error {
	for {
		kind, r, err := from.Reader(ctx)
		if err != nil {
			return err
		}
		if err := t.message(ctx, kind, r, to, out); err != nil {
			return err
		}
	}
}

// message records one message. The other side gets its last frame only when
// that is done.
func (t *talk) message(ctx context.Context, kind websocket.MessageType, r io.Reader, to *websocket.Conn, out bool) error {
	s := t.session
	start := s.proxy.config.Now()
	body := &spool{proxy: s.proxy}
	var onward io.WriteCloser = silence{}
	if to != nil {
		w, err := to.Writer(ctx, kind)
		if err != nil {
			return err
		}
		onward = w
	}
	_, err := io.Copy(io.MultiWriter(body, onward), r)
	e := s.event(t.conn, start)
	e.Message = &audit.Message{
		Conn: t.conn.number, URL: t.url, Host: t.host, Out: out, Text: kind == websocket.MessageText, Body: body.close(s.cause(err)),
	}
	lost := s.proxy.record(e)
	if err = errors.Join(err, lost); err != nil {
		return err
	}
	return onward.Close()
}

// silence is where messages go that nobody is to get.
type silence struct{}

// Write implements [io.Writer].
func (silence) Write(p []byte) (int, error) { return len(p), nil }

// Close implements [io.Closer].
func (silence) Close() error { return nil }
