package mitm

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"time"

	"telltale/audit"
)

// connect opens a tunnel to ourselves: what the client sends into it is looked
// at, and goes to the server of the session if that can read it.
func (s *Session) connect(w http.ResponseWriter, r *http.Request, outer *conn) {
	nc, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2: no tunnel, but a request all the same
		s.exchange(w, r, outer)
		return
	}
	ahead, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	c := outer.inside(nc)
	c.target, c.ahead = r.Host, bytes.Clone(ahead)
	_, err = io.WriteString(nc, "HTTP/1.1 200 Connection Established\r\n\r\n")
	if err == nil && s.enter(c, r) {
		return
	}
	_ = c.Close() // nobody reads from it any more
	s.open.leave(c.number)
}

// enter finds out what is spoken in a tunnel. It reports whether the server
// has taken the connection over.
func (s *Session) enter(c *conn, r *http.Request) bool {
	spoken, _ := c.sniff(s.proxy.patience.hello)
	switch spoken {
	case tlsHello:
		return s.terminate(c, r)
	case httpText:
		return s.inner.hand(c)
	default:
		s.opaque(c, s.upstream(r))
		return false
	}
}

// terminate ends the client's TLS and goes on with what is inside. A client
// that does not take our certificate says so in the handshake or, in TLS 1.3,
// at latest in place of its first bytes. One that only warms up a connection
// sends none, and has nothing to record.
func (s *Session) terminate(c *conn, r *http.Request) bool {
	start := s.proxy.config.Now()
	ctx, cancel := context.WithTimeout(r.Context(), s.proxy.patience.handshake)
	defer cancel()
	t := tls.Server(c, s.proxy.tls)
	if err := t.HandshakeContext(ctx); err != nil {
		s.refused(c, start, err)
		return false
	}
	in := c.inside(t)
	in.secure = true
	spoken, err := in.sniff(s.proxy.patience.idle)
	switch {
	case spoken == httpText:
		return s.inner.hand(in)
	case isAlert(err):
		s.refused(in, start, err)
	case len(in.ahead) > 0:
		s.opaque(in, nil)
	}
	return false
}

// isAlert reports whether err is what the other side said of our TLS.
func isAlert(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "remote error"
}

func (s *Session) refused(c *conn, start time.Time, err error) {
	host, _ := c.address()
	_ = s.proxy.record(audit.Event{Time: start, Place: s.place, Refused: &audit.Refused{
		Conn: c.number, Host: host, SNI: c.sni, ALPN: c.alpn, Alert: s.alert(err),
	}})
}

// alert words the end of a handshake.
func (s *Session) alert(err error) string {
	switch {
	case s.ending.Load() && errors.Is(err, net.ErrClosed):
		return errEnded.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "no answer in " + s.proxy.patience.handshake.String()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "closed without a reason"
	}
	return err.Error()
}

// A dialler reaches the other end of a tunnel.
type dialler func(context.Context) (net.Conn, error)

// upstream returns the way to the other end, nil if it is not to be reached.
func (s *Session) upstream(r *http.Request) dialler {
	p := s.proxy
	visit := r.Clone(r.Context())
	visit.URL = &url.URL{Scheme: "https", Host: r.Host}
	if p.config.Online == nil || p.config.Dial == nil || p.config.Stage != nil && p.config.Stage.Answers(visit) {
		return nil
	}
	return func(ctx context.Context) (net.Conn, error) { return p.config.Dial(ctx, "tcp", r.Host) }
}

// opaque records a tunnel that nobody can read. Without a way upstream nothing
// comes back. It ends when both sides have been silent for long enough.
func (s *Session) opaque(c *conn, dial dialler) {
	start := s.proxy.config.Now()
	out, in := &spool{proxy: s.proxy}, &spool{proxy: s.proxy}
	var sent, got error
	if dial == nil {
		w := watch(s.proxy.patience.idle, c)
		defer w.Stop()
		_, sent = io.Copy(io.MultiWriter(out, w), c)
	} else {
		sent, got = s.relay(c, dial, out, in)
	}
	s.tunnel(c, start, out.close(s.broken(sent)), in.close(s.broken(got)))
}

// broken is the cause of the end of a tunnel's stream, nil if it became silent
// and was closed by us.
func (s *Session) broken(err error) error {
	if errors.Is(err, net.ErrClosed) && !s.ending.Load() {
		return nil
	}
	return s.cause(err)
}

// relay carries bytes both ways. If the other end cannot be reached, the
// client is heard all the same.
func (s *Session) relay(c *conn, dial dialler, out, in io.Writer) (sent, got error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.proxy.patience.handshake)
	defer cancel()
	up, err := dial(ctx)
	if err != nil {
		w := watch(s.proxy.patience.idle, c)
		defer w.Stop()
		_, sent = io.Copy(io.MultiWriter(out, w), c)
		return sent, err
	}
	defer func() { _ = up.Close() }() // for the second time, mostly
	w := watch(s.proxy.patience.idle, c, up)
	defer w.Stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, got = io.Copy(io.MultiWriter(in, c, w), up)
		_ = c.Close() // the client has all that there is
	}()
	_, sent = io.Copy(io.MultiWriter(out, up, w), c)
	if half, ok := up.(interface{ CloseWrite() error }); ok && sent == nil {
		_ = half.CloseWrite() // else the idle time ends it
	} else {
		_ = up.Close() // nothing is lost that the client could still receive
	}
	<-done
	return sent, got
}

// A watchdog closes connections unless something is written to it in time.
type watchdog struct {
	*time.Timer
	wait time.Duration
}

func watch(wait time.Duration, conns ...net.Conn) *watchdog {
	return &watchdog{wait: wait, Timer: time.AfterFunc(wait, func() {
		for _, c := range conns {
			_ = c.Close() // it was silent for too long
		}
	})}
}

// Write implements [io.Writer].
func (w *watchdog) Write(p []byte) (int, error) {
	w.Reset(w.wait)
	return len(p), nil
}

// unheard records what the server of the session turned away because it is no
// HTTP. The preface of HTTP/2 alone says nothing: clients send it in advance.
func (s *Session) unheard(c *conn) {
	data := c.trace.bytes()
	if len(data) == 0 || bytes.HasPrefix(data, []byte("PRI ")) {
		return
	}
	start, out := s.proxy.config.Now(), &spool{proxy: s.proxy}
	if _, err := out.Write(data); err != nil {
		return // the proxy has stopped
	}
	s.tunnel(c, start, out.close(errors.New("no HTTP that can be read; only its beginning was kept")), audit.Body{})
}

// tunnel records bytes that no one can read. Outside of a CONNECT they were
// meant for the proxy itself.
func (s *Session) tunnel(c *conn, start time.Time, out, in audit.Body) {
	host, port := c.address()
	if c.target == "" {
		host, port, _ = net.SplitHostPort(s.Addr())
	}
	_ = s.proxy.record(audit.Event{Time: start, Place: s.place, Tunnel: &audit.Tunnel{ // the proxy stops on an error
		Conn: c.number, Host: host, Port: port, Out: out, In: in,
	}})
}
