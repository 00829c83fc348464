package mitm

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"telltale/audit"
)

// connect opens a tunnel to ourselves: what the client sends into it is looked
// at, and goes to the server of the session if that can read it.
func (s *Session) connect(w http.ResponseWriter, r *http.Request, outer *conn) {
	nc, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2: no tunnel, but a request all the same
		s.exchange(w, r, outer, head{})
		return
	}
	outer.heads.stop()
	ahead, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	c := outer.inside(nc)
	c.target, c.ahead = r.Host, bytes.Clone(ahead)
	_, err = io.WriteString(nc, "HTTP/1.1 200 Connection Established\r\n\r\n")
	if err == nil && s.enter(r.Context(), c) {
		return
	}
	_ = c.Close() // nobody reads from it any more
	s.open.leave(c.number)
}

// enter finds out what is spoken in a tunnel. It reports whether the server
// has taken the connection over.
func (s *Session) enter(ctx context.Context, c *conn) bool {
	spoken, _ := c.sniff(s.proxy.patience.hello)
	switch spoken {
	case tlsHello:
		c.greeting(s.proxy.patience.handshake)
		if pass := s.proxy.config.Passthrough; pass != nil && pass(c.host()) {
			s.passThrough(c)
			return false
		}
		return s.terminate(ctx, c)
	case httpText:
		return s.inner.hand(c)
	default:
		s.opaque(c, s.upstream(c))
		return false
	}
}

// terminate ends the client's TLS and goes on with what is inside. A client
// that does not take our certificate says so in the handshake or, in TLS 1.3,
// at latest in place of its first bytes. One that only warms up a connection
// sends none, and has nothing to record.
func (s *Session) terminate(ctx context.Context, c *conn) bool {
	start := s.proxy.config.Now()
	ctx, cancel := context.WithTimeout(ctx, s.proxy.patience.handshake)
	defer cancel()
	t := tls.Server(c, s.proxy.tls)
	if err := t.HandshakeContext(ctx); err != nil {
		s.refused(c, start, err)
		return false
	}
	in := c.inside(t)
	in.secure = true
	s.greeted(in, start, t.ConnectionState())
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
	if said, ok := c.plainAlert(); ok && !isAlert(err) {
		err = said
	}
	r := &audit.Refused{Conn: c.number, Host: c.host(), SNI: c.sni, ALPN: c.alpn, Alert: s.alert(err)}
	if s.proxy.config.Hellos {
		r.JA4 = c.ja4()
	}
	e := s.event(c, start)
	e.Refused = r
	_ = s.proxy.record(e) // the proxy stops on an error
}

// plainAlert is the alert that a client sent in the clear where TLS 1.3 wants
// it sealed: OpenSSL does so when it turns a certificate down. To the TLS
// library it is a broken record.
func (c *conn) plainAlert() (said error, ok bool) {
	const record, fatal = 21, 2
	t := c.tail
	if t[0] != record || t[1] != 3 || t[3] != 0 || t[4] != 2 || t[5] != fatal {
		return nil, false
	}
	return fmt.Errorf("remote error: %w", tls.AlertError(t[6])), true
}

// greeted records what a client said of itself before TLS began.
func (s *Session) greeted(c *conn, start time.Time, agreed tls.ConnectionState) {
	if !s.proxy.config.Hellos || c.hello == nil {
		return
	}
	e := s.event(c, start)
	e.Hello = &audit.Hello{
		Conn: c.number, Host: c.host(), SNI: c.sni, ALPN: c.alpn, JA4: c.ja4(), ECH: c.hello.ECH, Early: c.hello.Early,
		Resumed: agreed.DidResume, Version: tls.VersionName(agreed.Version), Spoken: agreed.NegotiatedProtocol,
	}
	_ = s.proxy.record(e) // the proxy stops on an error
}

// event starts the record of something that happened on a connection.
func (s *Session) event(c *conn, at time.Time) audit.Event {
	e := audit.Event{Time: at, Place: s.place}
	if c.sender != nil {
		who := c.sender()
		e.App, e.PID, e.Device = who.App, who.PID, who.Device
	}
	return e
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
func (s *Session) upstream(c *conn) dialler {
	p := s.proxy
	if p.config.Online == nil || p.config.Dial == nil || p.staged(c) {
		return nil
	}
	return func(ctx context.Context) (net.Conn, error) { return p.config.Dial(ctx, "tcp", c.target) }
}

// staged reports whether a connection is for a site of the lab.
func (p *Proxy) staged(c *conn) bool {
	host, port := c.address()
	visit := &http.Request{Method: http.MethodGet, Host: net.JoinHostPort(cmp.Or(c.host(), host), port)}
	visit.URL = &url.URL{Scheme: "https", Host: visit.Host}
	return p.config.Stage != nil && p.config.Stage.Answers(visit)
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

// A tally counts bytes that are not kept.
type tally struct{ n int64 }

// Write implements [io.Writer].
func (t *tally) Write(p []byte) (int, error) {
	t.n += int64(len(p))
	return len(p), nil
}

// passThrough carries a tunnel that the user does not want opened, and records
// how much went through and when.
func (s *Session) passThrough(c *conn) {
	start := s.proxy.config.Now()
	out, in := new(tally), new(tally)
	var sent, got error
	if dial := s.upstream(c); dial != nil {
		sent, got = s.relay(c, dial, out, in)
	}
	t := audit.Tunnel{Proto: audit.Passthrough, Out: counted(out.n, s.broken(sent)), In: counted(in.n, s.broken(got))}
	s.tunnelled(c, start, t)
}

// counted is a body of which the size alone is kept.
func counted(size int64, cause error) audit.Body {
	b := audit.Body{Size: size}
	if cause != nil {
		b.Error = cause.Error()
	}
	return b
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
	data, flaws := c.trace.bytes(), c.heads.flaws()
	if len(data) == 0 {
		data = c.heads.left()
	}
	if len(data) == 0 || bytes.HasPrefix(data, []byte("PRI ")) {
		return
	}
	start, out := s.proxy.config.Now(), &spool{proxy: s.proxy}
	if _, err := out.Write(data); err != nil {
		return // the proxy has stopped
	}
	cause := errors.New("no HTTP that can be read; only its beginning was kept")
	if len(flaws) > 0 {
		cause = fmt.Errorf("no HTTP that can be read (%s); only its beginning was kept", strings.Join(flaws, "; "))
	}
	s.tunnel(c, start, out.close(cause), audit.Body{})
}

// tunnel records bytes that no one can read. Outside of a CONNECT they were
// meant for the proxy itself.
func (s *Session) tunnel(c *conn, start time.Time, out, in audit.Body) {
	s.tunnelled(c, start, audit.Tunnel{Out: out, In: in})
}

func (s *Session) tunnelled(c *conn, start time.Time, t audit.Tunnel) {
	t.Conn = c.number
	t.Host, t.Port = c.address()
	if c.target == "" {
		t.Host, t.Port, _ = net.SplitHostPort(s.Addr())
	} else {
		t.Host = c.host()
	}
	if s.proxy.config.Hellos {
		t.Until = s.proxy.config.Now()
	}
	e := s.event(c, start)
	e.Tunnel = &t
	_ = s.proxy.record(e) // the proxy stops on an error
}

// exhausted reports whether the system has no more of what a connection needs
// for the moment.
func exhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ECONNABORTED) ||
		errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENOMEM)
}

// closed reports whether err is nothing but the end of a connection.
func closed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET)
}
