package mitm

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// An Upstream carries requests to the real servers, and tells the proxy what
// they look like. Bodies stay as they come.
type Upstream struct {
	transport *http.Transport
	dial      func(ctx context.Context, network, addr string) (net.Conn, error)
	tls       *tls.Config

	mu      sync.Mutex
	known   map[route]likeness
	waiting map[route]*tls.Conn // made to look, and not yet used
}

// mostKnown bounds the servers whose looks are kept.
const mostKnown = 4096

// Bounds of the connections to real servers that are kept open.
const (
	mostIdle        = 1024
	mostIdlePerHost = 256
	idleUpstream    = 90 * time.Second
)

// NewUpstream makes one that connects with dial. Certificates are checked with
// config, nil for what the system trusts.
func NewUpstream(dial func(ctx context.Context, network, addr string) (net.Conn, error), config *tls.Config) *Upstream {
	if config == nil {
		config = new(tls.Config)
	}
	u := &Upstream{dial: dial, tls: config, known: make(map[route]likeness), waiting: make(map[route]*tls.Conn)}
	u.transport = &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return dial(ctx, network, routed(addr).addr)
		},
		DialTLSContext:        u.secure,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true,
		MaxIdleConns:          mostIdle,
		MaxIdleConnsPerHost:   mostIdlePerHost,
		IdleConnTimeout:       idleUpstream,
		ExpectContinueTimeout: time.Second,
		WriteBufferSize:       32 << 10,
		ReadBufferSize:        32 << 10,
	}
	return u
}

// RoundTrip implements [http.RoundTripper].
func (u *Upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	return u.transport.RoundTrip(r)
}

// Close closes the connections that are not in use.
func (u *Upstream) Close() {
	u.transport.CloseIdleConnections()
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, c := range u.waiting {
		_ = c.Close() // it was never used
	}
	clear(u.waiting)
}

// A route is a server: where it is, and the name that TLS asks it for.
type route struct{ addr, name string }

// routeSuffix marks a route in what the transport takes for the host of a URL:
// connections to one address by two names are not to be mixed. The name is
// nobody's (RFC 2606).
const routeSuffix = ".route.invalid:443"

// host is the route in place of the host of a URL.
func (r route) host() string {
	if host, _, err := net.SplitHostPort(r.addr); err == nil && host == r.name {
		return r.addr
	}
	return hex.EncodeToString([]byte(r.name)) + "." + hex.EncodeToString([]byte(r.addr)) + routeSuffix
}

// routed is the route of an address that host made.
func routed(addr string) route {
	if words, ok := strings.CutSuffix(addr, routeSuffix); ok {
		name, at, _ := strings.Cut(words, ".")
		n, nerr := hex.DecodeString(name)
		a, aerr := hex.DecodeString(at)
		if nerr == nil && aerr == nil {
			return route{string(a), string(n)}
		}
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	return route{addr, host}
}

// route is the server that a connection is for.
func (c *conn) route() route {
	r := routed(c.target)
	if c.base == nil {
		r.name = cmp.Or(hostname(c.sni), hostname(c.name), r.name)
	}
	return r
}

// A likeness is what a real server shows of itself; the zero likeness is not
// known.
type likeness struct {
	cert     *x509.Certificate
	protocol string // of HTTP that it prefers
}

// look returns what a server shows. The connection made for it waits to be
// used.
func (u *Upstream) look(ctx context.Context, r route) (likeness, error) {
	u.mu.Lock()
	like, ok := u.known[r]
	u.mu.Unlock()
	if ok {
		return like, nil
	}
	c, err := u.connect(ctx, r, "h2", "http/1.1")
	if err != nil {
		return likeness{}, err
	}
	state := c.ConnectionState()
	like = likeness{state.PeerCertificates[0], state.NegotiatedProtocol}
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.known) >= mostKnown {
		clear(u.known) // rare, and looking again costs little
	}
	u.known[r] = like
	if u.waiting[r] != nil || len(u.waiting) >= mostIdle {
		_ = c.Close() // another one waits
	} else {
		u.waiting[r] = c
		time.AfterFunc(idleUpstream, func() { u.giveUp(r, c) })
	}
	return like, nil
}

// giveUp closes a connection that still waits.
func (u *Upstream) giveUp(r route, c *tls.Conn) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.waiting[r] == c {
		delete(u.waiting, r)
		_ = c.Close() // it was never used
	}
}

func (u *Upstream) connect(ctx context.Context, r route, protocols ...string) (*tls.Conn, error) {
	nc, err := u.dial(ctx, "tcp", r.addr)
	if err != nil {
		return nil, err
	}
	config := u.tls.Clone()
	config.ServerName, config.NextProtos = r.name, protocols
	if ip, err := netip.ParseAddr(r.name); err == nil {
		config.ServerName = ip.WithZone("").String()
	}
	c := tls.Client(nc, config)
	if err := c.HandshakeContext(ctx); err != nil {
		_ = nc.Close() // the error that counts is err
		return nil, err
	}
	return c, nil
}

// secure opens TLS for the transport.
func (u *Upstream) secure(ctx context.Context, _, addr string) (net.Conn, error) {
	r := routed(addr)
	if ctx.Value(onlyHTTP1Key{}) != nil {
		return u.connect(ctx, r, "http/1.1")
	}
	u.mu.Lock()
	c := u.waiting[r]
	delete(u.waiting, r)
	u.mu.Unlock()
	if c != nil {
		return c, nil
	}
	return u.connect(ctx, r, "h2", "http/1.1")
}

type onlyHTTP1Key struct{}

// onlyHTTP1 asks for a connection of HTTP/1: only there a WebSocket can begin.
func onlyHTTP1(ctx context.Context) context.Context {
	return context.WithValue(ctx, onlyHTTP1Key{}, true)
}
