package mitm

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"telltale/audit/capture/hello"
)

// A conn is a connection of a client, or what is inside its tunnel or its TLS:
// then it reads from the layer below.
type conn struct {
	net.Conn
	*identity
	secure bool // inside TLS
	trace  trace
	heads  heads

	ahead []byte // was read to look at it; Read gives it first
}

// An identity is what all layers of a connection share.
type identity struct {
	number int           // of the client's connection within the session
	target string        // host:port that CONNECT or the way asked for; "" outside of a tunnel
	name   string        // that the client knows the target by
	base   *url.URL      // of the server behind a reverse proxy
	sender func() Sender // nil: not known

	// What the client said in its TLS hello.
	sni   string
	alpn  []string
	hello *hello.Client // nil if it could not be read
	tail  [7]byte       // the last bytes that came, if there were that many at once
}

// A Sender is who sent what comes over a connection, as far as it is known.
type Sender struct {
	App    string // name of the program
	PID    int
	Device string
}

// inside returns the layer that reads from below, which is in c.
func (c *conn) inside(below net.Conn) *conn { return &conn{Conn: below, identity: c.identity} }

// Read implements [net.Conn].
func (c *conn) Read(p []byte) (int, error) {
	var n int
	var err error
	if len(c.ahead) > 0 {
		n = copy(p, c.ahead)
		c.ahead = c.ahead[n:]
	} else {
		n, err = c.Conn.Read(p)
	}
	c.trace.keep(p[:n])
	c.heads.see(p[:n])
	if n >= len(c.tail) && !c.secure {
		copy(c.tail[:], p[n-len(c.tail):n])
	}
	return n, err
}

// sniff looks at the first bytes until they tell what is spoken. Every error
// makes the stream unreadable, silence too.
func (c *conn) sniff(wait time.Duration) (protocol, error) {
	if err := c.SetReadDeadline(deadline(wait)); err != nil {
		return unreadable, err
	}
	for buf := make([]byte, 64); ; {
		if p := classify(c.ahead); p != undecided {
			return p, c.SetReadDeadline(time.Time{})
		}
		n, err := c.Conn.Read(buf)
		c.ahead = append(c.ahead, buf[:n]...)
		if err != nil && classify(c.ahead) == undecided {
			_ = c.SetReadDeadline(time.Time{}) // the error that counts is err
			return unreadable, err
		}
	}
}

// greeting reads the client hello of TLS. One that is broken or too slow is
// left to the TLS library to complain about.
func (c *conn) greeting(wait time.Duration) {
	if err := c.SetReadDeadline(deadline(wait)); err != nil {
		return
	}
	defer func() { _ = c.SetReadDeadline(time.Time{}) }() // the handshake sets its own
	for buf := make([]byte, 2048); ; {
		said, err := hello.Records(c.ahead)
		if err == nil {
			c.hello, c.sni, c.alpn = said, said.SNI, said.ALPN
		}
		if !errors.Is(err, hello.ErrShort) || len(c.ahead) > hello.MaxSize {
			return
		}
		n, err := c.Conn.Read(buf)
		c.ahead = append(c.ahead, buf[:n]...)
		if err != nil {
			return
		}
	}
}

// ja4 names the kind of client, "" if it said no hello.
func (c *conn) ja4() string {
	if c.hello == nil {
		return ""
	}
	transport := hello.TCP
	if slices.Contains(c.alpn, "h3") {
		transport = hello.QUIC
	}
	return c.hello.JA4(transport)
}

// host is the name of the server: the one in the TLS hello where the
// connection was made to an address.
func (c *conn) host() string {
	host, _ := c.address()
	if _, err := netip.ParseAddr(host); err != nil {
		return host
	}
	return cmp.Or(hostname(c.sni), hostname(c.name), host)
}

// address splits the target.
func (c *conn) address() (host, port string) {
	host, port, err := net.SplitHostPort(c.target)
	if err != nil {
		return hostname(c.target), ""
	}
	return hostname(host), port
}

// A trace is the beginning of what a client sent. It is kept until a request
// was understood: what the HTTP server turns away would be lost otherwise.
type trace struct {
	mu   sync.Mutex
	on   bool
	data []byte
}

const longestTrace = 64 << 10

func (t *trace) start() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.on = true
}

func (t *trace) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.on, t.data = false, nil
}

func (t *trace) keep(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.on {
		t.data = append(t.data, p[:min(len(p), longestTrace-len(t.data))]...)
	}
}

func (t *trace) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.data)
}

// A crowd is the connections of a session that are open.
type crowd struct {
	mu   sync.Mutex
	last int
	open map[int]*guest
	news chan struct{} // closed and made anew when one comes or leaves
}

type guest struct {
	net.Conn
	busy int // exchanges in flight
}

func newCrowd() *crowd {
	return &crowd{open: make(map[int]*guest), news: make(chan struct{})}
}

// enter numbers a connection.
func (c *crowd) enter(nc net.Conn) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	c.open[c.last] = &guest{Conn: nc}
	c.tell()
	return c.last
}

func (c *crowd) leave(number int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.open[number]; ok {
		delete(c.open, number)
		c.tell()
	}
}

// tell wakes those who wait; the caller holds mu.
func (c *crowd) tell() {
	close(c.news)
	c.news = make(chan struct{})
}

// busy adds to the number of exchanges that a connection has in flight.
func (c *crowd) busy(number, by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g, ok := c.open[number]; ok {
		g.busy += by
	}
}

// close closes the connections, or those of them that are not busy.
func (c *crowd) close(busyToo bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, g := range c.open {
		if busyToo || g.busy == 0 {
			_ = g.Close() // it is over either way
		}
	}
}

// wait returns when the connections are as they should be, or the time is over.
func (c *crowd) wait(d time.Duration, as func(open map[int]*guest) bool) {
	over := time.After(d)
	for {
		c.mu.Lock()
		done, news := as(c.open), c.news
		c.mu.Unlock()
		if done {
			return
		}
		select {
		case <-news:
		case <-over:
			return
		}
	}
}

func empty(open map[int]*guest) bool { return len(open) == 0 }

// has tells whether the connection from an address is open.
func has(addr net.Addr) func(map[int]*guest) bool {
	return func(open map[int]*guest) bool {
		for _, g := range open {
			if g.RemoteAddr().String() == addr.String() {
				return true
			}
		}
		return false
	}
}
