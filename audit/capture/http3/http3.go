// Package http3 is a way to the proxy for QUIC: it ends HTTP/3 (RFC 9114) with
// our certificate, where the client accepts it. Browsers do so only for
// authorities that they trust by their settings, not by their user.
package http3

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	h3 "github.com/quic-go/quic-go/http3"

	"telltale/audit/capture/mitm"
)

// Bounds of a connection.
const (
	idle      = 30 * time.Second
	maxHeader = 1 << 20

	mostGuests = 4096
)

var errFull = errors.New("there are too many connections of QUIC")

// Serve takes the QUIC connections that come through pc for a session, until
// pc or ctx ends. way says where each was to go. It closes pc.
func Serve(ctx context.Context, s *mitm.Session, pc net.PacketConn, way mitm.Way) error {
	f := &front{session: s, pc: pc, way: way, guests: make(map[string]*mitm.Guest)}
	tr := &quic.Transport{Conn: pc}
	defer func() {
		_ = tr.Close() // ends the connections
		_ = pc.Close() // for the second time, mostly
	}()
	l, err := tr.ListenEarly(&tls.Config{GetConfigForClient: f.tls, MinVersion: tls.VersionTLS13, NextProtos: []string{h3.NextProtoH3}},
		&quic.Config{MaxIdleTimeout: idle, HandshakeIdleTimeout: idle / 3})
	if err != nil {
		return err
	}
	var conns sync.WaitGroup
	defer conns.Wait()
	for {
		c, err := l.Accept(ctx)
		if err != nil {
			return err
		}
		conns.Go(func() { f.serve(c) })
	}
}

// A front is one socket.
type front struct {
	session *mitm.Session
	pc      net.PacketConn
	way     mitm.Way

	mu     sync.Mutex
	guests map[string]*mitm.Guest // by the client's address
}

// A place is a connection of QUIC as the proxy sees it: where it comes from and
// goes to, and how to close it.
type place struct {
	net.Conn // nil: nothing is read from it or written to it
	local    net.Addr
	remote   net.Addr

	mu    sync.Mutex
	close func()
}

// LocalAddr implements [net.Conn].
func (p *place) LocalAddr() net.Addr { return p.local }

// RemoteAddr implements [net.Conn].
func (p *place) RemoteAddr() net.Addr { return p.remote }

// Close implements [net.Conn].
func (p *place) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.close != nil {
		p.close()
	}
	return nil
}

// tls greets a client, and makes it a guest.
func (f *front) tls(said *tls.ClientHelloInfo) (*tls.Config, error) {
	at := &place{local: f.pc.LocalAddr(), remote: said.Conn.RemoteAddr()}
	to, err := f.way(at)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	g := f.guests[at.remote.String()]
	switch {
	case g == nil && len(f.guests) >= mostGuests:
		f.mu.Unlock()
		return nil, errFull
	case g == nil:
		g = f.session.Guest(at, to)
		f.guests[at.remote.String()] = g
	}
	f.mu.Unlock()
	return g.TLS(said, h3.NextProtoH3)
}

// serve answers the requests of one connection.
func (f *front) serve(c *quic.Conn) {
	from := c.RemoteAddr().String()
	defer func() {
		f.mu.Lock()
		g := f.guests[from]
		delete(f.guests, from)
		f.mu.Unlock()
		if g != nil {
			g.Leave()
		}
	}()
	select {
	case <-c.HandshakeComplete():
	case <-c.Context().Done():
	}
	f.mu.Lock()
	g := f.guests[from]
	f.mu.Unlock()
	if g == nil {
		return // it was given up before it said anything
	}
	// A client that does not take our certificate says so after our part of
	// the handshake is over: before any request.
	if err := refusal(c); err != nil {
		g.Refused(err)
		return
	}
	g.Greeted(c.ConnectionState().TLS)
	server := &h3.Server{Handler: g, MaxHeaderBytes: maxHeader}
	_ = server.ServeQUICConn(c) // its end is told to the client
	if err := refusal(c); err != nil {
		g.Refused(err)
	}
}

// refusal is the alert that ended a connection, if one did (RFC 9001 section
// 4.8).
func refusal(c *quic.Conn) error {
	if c.Context().Err() == nil {
		return nil
	}
	if t, ok := errors.AsType[*quic.TransportError](context.Cause(c.Context())); ok && t.ErrorCode.IsCryptoError() {
		return t
	}
	return nil
}

// Connected makes a socket that is connected to one client one that
// [Serve] takes.
func Connected(c net.Conn) net.PacketConn { return connected{c} }

type connected struct{ net.Conn }

// ReadFrom implements [net.PacketConn].
func (c connected) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := c.Read(b)
	return n, c.RemoteAddr(), err
}

// WriteTo implements [net.PacketConn].
func (c connected) WriteTo(b []byte, _ net.Addr) (int, error) { return c.Write(b) }
