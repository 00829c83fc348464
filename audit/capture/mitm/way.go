package mitm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"time"

	"telltale/audit"
)

// A Destination is where a connection wants to go.
type Destination struct {
	// Addr is host:port. Empty means that the client speaks to the proxy
	// itself, and says with each request what it wants.
	Addr string
	// Name is what the client knows that address by, if that is known.
	Name string
	// URL, if not nil, is the server that stands behind a reverse proxy: all
	// requests go there, whatever host they name.
	URL *url.URL
}

// A Way finds out where a connection wants to go. It may talk with the client
// before. An error ends the connection and is recorded; the destination that
// comes with it may say where it was to go.
type Way func(net.Conn) (Destination, error)

// Local is the way of connections whose own address is the destination: those
// of a network that the proxy stands in for.
func Local(c net.Conn) (Destination, error) { return Destination{Addr: c.LocalAddr().String()}, nil }

// Reverse is the way to one server.
func Reverse(u *url.URL) Way {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443"}[u.Scheme]
	}
	if port == "" {
		port = "80"
	}
	d := Destination{Addr: net.JoinHostPort(u.Hostname(), port), URL: u}
	return func(net.Conn) (Destination, error) { return d, nil }
}

// Serve starts a session on a listener whose connections say in some other way
// than HTTP's where they want to go. The session closes the listener.
func (p *Proxy) Serve(place audit.Place, l net.Listener, way Way) (*Session, error) {
	if err := p.Err(); err != nil {
		return nil, err
	}
	return p.start(place, l, way), nil
}

// welcome lets connections in until the listener closes.
func (s *Session) welcome() error {
	wait := time.Millisecond
	for {
		nc, err := s.door.Accept()
		if err == nil {
			wait = time.Millisecond
			s.serves.Go(func() { s.arrive(nc.(*conn)) })
			continue
		}
		if out, ok := errors.AsType[net.Error](err); !ok || !out.Timeout() && !exhausted(err) {
			return err
		}
		s.proxy.config.Log.Warn("a connection waits", slog.Any("err", err))
		time.Sleep(wait)
		wait = min(2*wait, time.Second)
	}
}

// arrive lets one connection in.
func (s *Session) arrive(c *conn) {
	start := s.proxy.config.Now()
	_ = c.SetDeadline(deadline(s.proxy.patience.handshake)) // without one, the idle time ends it
	to, err := s.way(c)
	_ = c.SetDeadline(time.Time{})
	c.target, c.name, c.base = to.Addr, to.Name, to.URL
	switch {
	case err != nil:
		s.astray(c, start, err)
	case c.target == "":
		if s.inner.hand(c) {
			return
		}
	default:
		c.trace.stop()
		if s.enter(context.Background(), c) {
			return
		}
	}
	_ = c.Close() // nobody reads from it any more
	s.open.leave(c.number)
}

// astray records a connection that went nowhere.
func (s *Session) astray(c *conn, start time.Time, cause error) {
	data := c.trace.bytes()
	if len(data) == 0 && (s.ending.Load() || closed(cause)) {
		return // opened and closed again
	}
	out := &spool{proxy: s.proxy}
	if _, err := out.Write(data); err != nil {
		return // the proxy has stopped
	}
	s.tunnel(c, start, out.close(fmt.Errorf("not let in: %w", s.cause(cause))), audit.Body{})
}
