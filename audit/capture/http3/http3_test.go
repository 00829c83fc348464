package http3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/quic-go/quic-go"
	h3 "github.com/quic-go/quic-go/http3"

	"telltale/audit"
	"telltale/audit/capture/mitm"
)

var noon = time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)

// A notebook is a recorder that keeps events.
type notebook struct {
	mu     sync.Mutex
	events []audit.Event
	news   chan struct{}
}

func (n *notebook) Record(e audit.Event) error {
	n.mu.Lock()
	n.events = append(n.events, e)
	n.mu.Unlock()
	n.news <- struct{}{}
	return nil
}

func (n *notebook) Body() (audit.BodyWriter, error) { return new(page), nil }

type page struct{ bytes.Buffer }

func (p *page) Close(error) (audit.Body, error) {
	sum := sha256.Sum256(p.Bytes())
	return audit.Body{SHA256: hex.EncodeToString(sum[:]), Size: int64(p.Len())}, nil
}

// capture starts a reverse proxy for HTTP/3 and returns its address.
func capture(t *testing.T) (*notebook, *mitm.CA, string) {
	t.Helper()
	n := &notebook{news: make(chan struct{}, 100)}
	ca, err := mitm.NewCA(noon)
	if err != nil {
		t.Fatal(err)
	}
	p, err := mitm.New(mitm.Config{Recorder: n, CA: ca, Now: func() time.Time { return noon }, Hellos: true})
	if err != nil {
		t.Fatal(err)
	}
	u := &url.URL{Scheme: "https", Host: "api.example"}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Serve(audit.Place{Arm: "capture", Run: 1, Session: 1}, l, mitm.Reverse(u))
	if err != nil {
		t.Fatal(err)
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- Serve(ctx, s, pc, mitm.Reverse(u)) }()
	t.Cleanup(func() {
		cancel()
		<-done
		s.Close()
	})
	return n, ca, pc.LocalAddr().String()
}

func client(t *testing.T, roots *x509.CertPool, addr string) *http.Client {
	tr := &h3.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, Time: func() time.Time { return noon }},
		Dial: func(ctx context.Context, _ string, tc *tls.Config, qc *quic.Config) (*quic.Conn, error) {
			return quic.DialAddrEarly(ctx, addr, tc, qc)
		},
	}
	t.Cleanup(func() { tr.Close() })
	return &http.Client{Transport: tr}
}

// A client of HTTP/3 that trusts us is answered, named and recorded.
func TestHTTP3(t *testing.T) {
	n, ca, addr := capture(t)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.PEM())
	c := client(t, roots, addr)
	r, err := http.NewRequestWithContext(t.Context(), "POST", "https://api.example/v1?q=7", strings.NewReader("sent"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	<-n.news
	<-n.news
	n.mu.Lock()
	defer n.mu.Unlock()
	h, x := n.events[0].Hello, n.events[1].Exchange
	if h == nil || !strings.HasPrefix(h.JA4, "q13d") || h.Spoken != "h3" || h.SNI != "api.example" {
		t.Errorf("%+v", h)
	}
	got := fmt.Sprint(x.Proto, " ", x.Method, " ", x.URL, " ", x.Status, " ", x.Body.Size)
	if diff := cmp.Diff("HTTP/3.0 POST https://api.example/v1?q=7 204 4", got); diff != "" {
		t.Error(diff)
	}
}

// A client that does not trust us is counted as refusing.
func TestHTTP3Refused(t *testing.T) {
	n, _, addr := capture(t)
	r, err := http.NewRequestWithContext(t.Context(), "GET", "https://api.example/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := client(t, x509.NewCertPool(), addr).Do(r); err == nil {
		resp.Body.Close()
		t.Fatal("the certificate was taken")
	}
	<-n.news
	n.mu.Lock()
	defer n.mu.Unlock()
	if e := n.events[len(n.events)-1]; e.Refused == nil || e.Refused.Host != "api.example" || !strings.Contains(e.Refused.Alert, "bad certificate") {
		t.Errorf("%+v", e.Refused)
	}
}
