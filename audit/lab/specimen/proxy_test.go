package specimen_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// A request is something that reached the proxy.
type request struct{ host, url, body string }

// A proxy stands between a specimen and the world: it opens every connection,
// writes down what arrives, and answers itself.
type proxy struct {
	url     string
	handler http.Handler
	inner   *httptest.Server // ends the TLS of all hosts

	mu       sync.Mutex
	requests []request
}

// newProxy starts a proxy that answers with handler.
func newProxy(t *testing.T, handler http.Handler) *proxy {
	t.Helper()
	p := &proxy{handler: handler}
	p.inner = httptest.NewTLSServer(http.HandlerFunc(p.record))
	t.Cleanup(p.inner.Close)
	outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			p.record(w, r)
			return
		}
		p.tunnel(w)
	}))
	t.Cleanup(outer.Close)
	p.url = outer.URL
	return p
}

// tunnel joins the client with the inner server, whatever host it asked for.
func (p *proxy) tunnel(w http.ResponseWriter) {
	server, err := net.Dial("tcp", p.inner.Listener.Addr().String())
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer server.Close()
	client, rest, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		io.Copy(server, rest)
		server.Close()
	}()
	io.Copy(client, server)
}

func (p *proxy) record(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	p.mu.Lock()
	p.requests = append(p.requests, request{r.Host, r.URL.String(), string(body)})
	p.mu.Unlock()
	p.handler.ServeHTTP(w, r)
}

// to returns the requests for hosts, in the order of arrival.
func (p *proxy) to(hosts ...string) []request {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []request
	for _, r := range p.requests {
		for _, host := range hosts {
			if r.host == host {
				found = append(found, r)
			}
		}
	}
	return found
}

// client returns a client that goes through the proxy.
func (p *proxy) client(t *testing.T) *http.Client {
	t.Helper()
	u, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{
		Proxy:           http.ProxyURL(u),
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// javaHash is the checksum of the protocol, written a second time.
func javaHash(s string) int32 {
	var h uint32
	for _, b := range []byte(s) { // base64 is ASCII
		h = h*31 + uint32(b)
	}
	return int32(h)
}

// unpack returns the events in a form of the Sensors protocol, and fails if
// the checksum is wrong.
func unpack(t *testing.T, form string) []map[string]any {
	t.Helper()
	q, err := url.ParseQuery(form)
	if err != nil {
		t.Fatalf("%v in %s", err, form)
	}
	data := cmp.Or(q.Get("data"), q.Get("data_list"))
	crc := cmp.Or(q.Get("crc"), strings.TrimPrefix(q.Get("ext"), "crc="))
	if want := fmt.Sprint(javaHash(data)); crc != want {
		t.Errorf("crc %s, want %s", crc, want)
	}
	b, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	if q.Get("gzip") == "1" {
		r, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if b, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	var events []map[string]any
	if q.Has("data") {
		b = append(append([]byte{'['}, b...), ']')
	}
	if err := json.Unmarshal(b, &events); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return events
}
