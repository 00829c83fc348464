package mitm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"telltale/audit"
)

// A Session is a proxy's listener for one place of the experiment. All that
// comes through it is recorded for that place.
type Session struct {
	proxy  *Proxy
	place  audit.Place
	addr   net.Addr
	way    Way // nil: clients use it as their proxy
	server *http.Server
	door   *door
	inner  *inner
	open   *crowd
	ending atomic.Bool
	close  sync.Once
	serves sync.WaitGroup
}

// The longest header of a request.
const maxHeader = 1 << 20

// Listen starts a session on an address such as "127.0.0.1:0".
func (p *Proxy) Listen(place audit.Place, addr string) (*Session, error) {
	if err := p.Err(); err != nil {
		return nil, err
	}
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	return p.start(place, l, nil), nil
}

// start serves what comes through l.
func (p *Proxy) start(place audit.Place, l net.Listener, way Way) *Session {
	s := &Session{proxy: p, place: place, addr: l.Addr(), way: way, open: newCrowd()}
	s.door = &door{Listener: l, open: s.open, sender: p.config.Sender}
	s.inner = &inner{addr: l.Addr(), conns: make(chan *conn), closed: make(chan struct{})}
	s.server = s.newServer()
	loops := []func() error{func() error { return s.server.Serve(s.inner) }}
	if way == nil {
		loops = append(loops, func() error { return s.server.Serve(s.door) })
	} else {
		loops = append(loops, s.welcome)
	}
	for _, loop := range loops {
		s.serves.Go(func() {
			if err := loop(); !s.ending.Load() {
				p.config.Log.Error("proxy session broke off", slog.String("addr", s.Addr()), slog.Any("err", err))
			}
		})
	}
	return s
}

// newServer makes the one server of a session. TLS is ended before it, so that
// to it everything is in clear.
func (s *Session) newServer() *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:                      http.HandlerFunc(s.serve),
		Protocols:                    protocols,
		ReadHeaderTimeout:            s.proxy.patience.header,
		IdleTimeout:                  s.proxy.patience.idle,
		MaxHeaderBytes:               maxHeader,
		HTTP2:                        &http.HTTP2Config{MaxReceiveBufferPerStream: 4 << 20, MaxReceiveBufferPerConnection: 8 << 20},
		DisableGeneralOptionsHandler: true, // it answers what we would not see
		ErrorLog:                     slog.NewLogLogger(s.proxy.config.Log.Handler(), slog.LevelDebug),
		ConnState:                    s.changed,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c)
		},
	}
}

type connKey struct{}

// Addr returns the address that clients are to use as their proxy.
func (s *Session) Addr() string { return s.addr.String() }

// URL returns the address as a URL.
func (s *Session) URL() string { return "http://" + s.Addr() }

// Close ends the session. What a program sent before it ended is still read,
// exchanges in flight may finish for some seconds, then every connection is
// closed. If Stage and Answer return, nothing is recorded after Close. The
// error is the recorder's, if it had one.
func (s *Session) Close() error {
	s.close.Do(func() {
		wait := s.proxy.patience
		if s.way == nil {
			s.knock()
		}
		s.open.wait(wait.linger, empty)
		s.ending.Store(true)
		_ = s.door.Close() // it is over either way
		s.server.SetKeepAlivesEnabled(false)
		s.open.close(false)
		s.open.wait(wait.grace, empty)
		_ = s.server.Close()
		_ = s.inner.Close() // for the second time, unless the server did not get to it
		s.open.close(true)
		s.serves.Wait()
		s.open.wait(wait.grace, empty) // their goroutines see it at once
	})
	return s.proxy.Err()
}

// knock returns when all clients that connected before are let in: it joins
// the end of their queue.
func (s *Session) knock() {
	wait := s.proxy.patience.linger
	nc, err := (&net.Dialer{Timeout: wait}).DialContext(context.Background(), "tcp", s.Addr())
	if err != nil {
		return // then nobody is let in any more
	}
	s.open.wait(wait, has(nc.LocalAddr()))
	_ = nc.Close() // nothing was said
}

// serve takes whatever the clients ask.
func (s *Session) serve(w http.ResponseWriter, r *http.Request) {
	c := r.Context().Value(connKey{}).(*conn)
	c.trace.stop()
	head := c.heads.next()
	switch {
	case s.proxy.Err() != nil:
		w.Header().Set("Connection", "close")
		http.Error(w, "the recorder has failed", http.StatusBadGateway)
	case r.Method == http.MethodConnect && c.target == "":
		s.connect(w, r, c)
	case isWebSocket(r):
		c.heads.stop()
		s.upgrade(w, r, c, head)
	default:
		s.open.busy(c.number, 1)
		defer s.open.busy(c.number, -1)
		s.exchange(w, r, c, head)
	}
}

// changed sees a connection off that the server closed.
func (s *Session) changed(nc net.Conn, state http.ConnState) {
	if c, ok := nc.(*conn); ok && state == http.StateClosed {
		s.unheard(c)
		s.open.leave(c.number)
	}
}

// A door is a listener whose connections are numbered.
type door struct {
	net.Listener
	open   *crowd
	sender func(net.Conn) func() Sender // nil: nobody asks
}

// Accept implements [net.Listener].
func (d *door) Accept() (net.Conn, error) {
	nc, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: nc, identity: &identity{number: d.open.enter(nc)}}
	if d.sender != nil {
		c.sender = d.sender(nc)
	}
	c.trace.start()
	c.heads.start()
	return c, nil
}

// An inner is a listener for what comes out of tunnels.
type inner struct {
	addr   net.Addr
	conns  chan *conn
	closed chan struct{}
	once   sync.Once
}

// hand gives c to the server and reports whether the server took it.
func (l *inner) hand(c *conn) bool {
	c.trace.start()
	c.heads.start()
	select {
	case l.conns <- c:
		return true
	case <-l.closed:
		return false
	}
}

// Accept implements [net.Listener].
func (l *inner) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (l *inner) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements [net.Listener].
func (l *inner) Addr() net.Addr { return l.addr }

var errEnded = errors.New("the capture ended before")

// cause puts in words why a stream ended too early, without the addresses,
// which differ from run to run.
func (s *Session) cause(err error) error {
	if errors.Is(err, net.ErrClosed) && s.ending.Load() {
		return errEnded
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}
