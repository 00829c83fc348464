package mitm

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"telltale/audit"
)

var noon = time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)

var place = audit.Place{Arm: "private", Run: 2, Session: 1}

var caOnce = sync.OnceValues(func() (*CA, error) { return NewCA(noon) })

// A lab is a proxy with one session, and clients for it.
type lab struct {
	*memory
	proxy   *Proxy
	session *Session
	ca      *CA
}

// newLab starts a sinkhole, which change may turn into something else.
func newLab(t testing.TB, change ...func(*Config, *patience)) *lab {
	t.Helper()
	ca, err := caOnce()
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{memory: newMemory(), ca: ca}
	c := Config{Recorder: l.memory, CA: ca, Now: func() time.Time { return noon }}
	if l.proxy, err = New(c); err != nil {
		t.Fatal(err)
	}
	l.proxy.patience.linger = 20 * time.Millisecond
	for _, f := range change {
		f(&l.proxy.config, &l.proxy.patience)
	}
	if l.session, err = l.proxy.Listen(place, "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.session.Close() })
	return l
}

// trusting returns the TLS settings of a client that knows the CA.
func (l *lab) trusting() *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(l.ca.PEM())
	return &tls.Config{RootCAs: roots, Time: func() time.Time { return noon }}
}

// client returns a client that goes through the proxy.
func (l *lab) client(t testing.TB, change ...func(*http.Transport)) *http.Client {
	t.Helper()
	u, err := url.Parse(l.session.URL())
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{Proxy: http.ProxyURL(u), TLSClientConfig: l.trusting()}
	for _, f := range change {
		f(tr)
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func h2(tr *http.Transport) { tr.ForceAttemptHTTP2 = true }

// An answer is what a client got.
type answer struct {
	code    int
	body    string
	trailer http.Header
	last    bool // the connection was closed after it
}

// do sends a request and reads the answer.
func do(t testing.TB, c *http.Client, r *http.Request) answer {
	t.Helper()
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, string(b), resp.Trailer, resp.Close}
}

func request(t testing.TB, method, target string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, target, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// dial opens a connection to the proxy, and a tunnel in it if target is given.
func (l *lab) dial(t testing.TB, target string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.session.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if target == "" {
		return c
	}
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\n\r\n", target)
	resp, err := http.ReadResponse(bufio.NewReaderSize(oneByte{c}, 16), nil) //nolint:bodyclose // the tunnel is its body
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("CONNECT: %s", resp.Status)
	}
	return c
}

// A oneByte reads no more than is asked for.
type oneByte struct{ io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.Reader.Read(p[:1]) }
