// Package mitm is the proxy that sees what software sends. It speaks HTTP/1
// and HTTP/2, ends TLS with certificates of a [CA] made for the case, and hands
// every exchange, WebSocket message and unreadable tunnel to a recorder.
//
// A proxy is a sinkhole unless it is told to go online: it dials nobody, and
// answers every request itself. Each client connection leaves a trace: one
// that refuses our certificate is recorded as refused, one whose bytes are
// neither TLS nor HTTP as a tunnel.
//
// What cannot be recorded is not answered: an error of the recorder stops the
// proxy.
package mitm

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"telltale/audit"
)

// A Stage answers for the sites of the lab.
type Stage interface {
	http.Handler
	// Answers reports whether r is for one of the sites. The URL of r is
	// absolute.
	Answers(r *http.Request) bool
}

// A Config says what a proxy does with what it catches.
type Config struct {
	Recorder audit.Recorder
	CA       *CA
	// Stage answers its requests itself, online too. It may be nil.
	Stage Stage
	// Online carries requests to the real servers. It must leave bodies as
	// they come: an http.Transport needs DisableCompression. Nil makes the
	// proxy a sinkhole.
	Online http.RoundTripper
	// Dial opens tunnels that carry neither TLS nor HTTP. It is for online
	// proxies; nil leaves those tunnels silent.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Answer makes the answers of a sinkhole; nil is DefaultAnswer. The body
	// of the request has been read by then.
	Answer func(*http.Request) Answer
	// Passthrough says of which hosts TLS is not opened: sizes and times are
	// all that is recorded. Nil: all is opened.
	Passthrough func(host string) bool
	// Sender says who is at the other end of a connection. It is called when
	// one arrives, and what it returns when the first event is recorded.
	// Either may be nil: nobody knows.
	Sender func(net.Conn) func() Sender
	// Hellos records what clients say of themselves when they begin TLS.
	Hellos bool
	Now    func() time.Time
	Log    *slog.Logger // nil: none
}

// A Proxy records what its sessions see. It is safe for concurrent use.
type Proxy struct {
	config   Config
	tls      *tls.Config
	patience patience

	failed chan struct{}
	mu     sync.Mutex
	err    error
}

// A patience says how long a proxy waits.
type patience struct {
	hello     time.Duration // for the first bytes in a tunnel
	handshake time.Duration
	header    time.Duration
	idle      time.Duration // between requests, and in a tunnel
	body      time.Duration // between two pieces of a body
	tail      time.Duration // the same, once the answer was given
	linger    time.Duration // at the end, for what is still on its way from a program that ended
	grace     time.Duration // at the end, for exchanges in flight
}

var usual = patience{
	hello: 5 * time.Second, handshake: 10 * time.Second, header: 30 * time.Second,
	idle: 2 * time.Minute, body: 30 * time.Second, tail: 2 * time.Second,
	linger: 250 * time.Millisecond, grace: 5 * time.Second,
}

// deadline is the moment when d is over, for connections. It has nothing to do
// with the time of events.
func deadline(d time.Duration) time.Time {
	return time.Now().Add(d) //nolint:forbidigo // the system checks it against its own clock
}

// New checks c and makes a proxy of it.
func New(c Config) (*Proxy, error) {
	switch {
	case c.Recorder == nil:
		return nil, errors.New("proxy: no Recorder: what is not kept must not be answered")
	case c.CA == nil:
		return nil, errors.New("proxy: no CA: make one with NewCA")
	case c.Now == nil:
		return nil, errors.New("proxy: no clock: events need the time, set Now")
	case c.Dial != nil && c.Online == nil:
		return nil, errors.New("proxy: a sinkhole dials nobody: leave out Dial, or set Online too")
	}
	if c.Answer == nil {
		c.Answer = DefaultAnswer
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	p := &Proxy{config: c, patience: usual, failed: make(chan struct{})}
	p.tls = &tls.Config{ //nolint:gosec // G402: old software is to be seen too
		GetConfigForClient: p.greet,
		MinVersion:         tls.VersionTLS10,
	}
	return p, nil
}

// Failed is closed when the recorder can keep no more.
func (p *Proxy) Failed() <-chan struct{} { return p.failed }

// Err returns why the recorder can keep no more, nil as long as it can.
func (p *Proxy) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// fail keeps the first error and stops the proxy.
func (p *Proxy) fail(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = fmt.Errorf("recording stopped: %w", err)
		close(p.failed)
	}
	return p.err
}

// record keeps an event, unless an earlier one was lost.
func (p *Proxy) record(e audit.Event) error {
	if err := p.Err(); err != nil {
		return err
	}
	if err := p.config.Recorder.Record(e); err != nil {
		return p.fail(err)
	}
	return nil
}

// greet chooses what a client is shown that wants to speak TLS, and notes what
// it offered.
func (p *Proxy) greet(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	c := hello.Conn.(*conn)
	c.sni, c.alpn = hello.ServerName, hello.SupportedProtos
	host := hello.ServerName
	if host == "" {
		host = c.host()
	}
	protocols := common(hello.SupportedProtos)
	like := p.likeness(hello.Context(), c)
	if slices.Contains(protocols, "h2") && like.cert != nil && like.protocol != "h2" {
		protocols = []string{"http/1.1"} // as the real server does
	}
	cert, err := p.config.CA.leaf(host, like.cert, p.config.Now())
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		Certificates: []tls.Certificate{*cert},
		NextProtos:   protocols,
		MinVersion:   p.tls.MinVersion,
	}, nil
}

// likeness looks at the real server that a connection is for, so that ours
// can look like it. Offline, and if it cannot be reached, there is none.
func (p *Proxy) likeness(ctx context.Context, c *conn) likeness {
	u, ok := p.config.Online.(*Upstream)
	if !ok || c.target == "" || p.staged(c) || c.base != nil && c.base.Scheme != "https" {
		return likeness{}
	}
	like, err := u.look(ctx, c.route())
	if err != nil {
		p.config.Log.Info("the real server cannot be looked at", slog.String("host", c.host()), slog.Any("err", err))
	}
	return like
}

// common returns the protocols to choose from. A client that speaks neither
// HTTP/1 nor HTTP/2 gets its own way: its bytes are worth having all the same.
func common(offered []string) []string {
	ours := []string{"h2", "http/1.1"}
	if len(offered) == 0 || slices.ContainsFunc(ours, func(o string) bool { return slices.Contains(offered, o) }) {
		return ours
	}
	return offered
}
