package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"telltale/audit"
)

// need skips the test where a program is not installed.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed", p)
		}
	}
}

// client runs a program that has to work, in a home of its own.
func client(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// proxied starts a capture with an HTTP proxy and returns its URL and the file
// of its authority.
func proxied(t *testing.T, args ...string) (c *running, proxy, ca string) {
	t.Helper()
	c = startCapture(t, "", append([]string{"--listen", "127.0.0.1:0"}, args...)...)
	return c, c.address(t, "HTTP proxy: "), filepath.Join(c.dir, authorityFile)
}

// curl speaks every version of HTTP that it has, to the proxy and inside it.
func TestCurl(t *testing.T) {
	need(t, "curl")
	c, proxy, ca := proxied(t, "--socks=127.0.0.1:0", "--socks-user", "me:secret")
	for _, args := range [][]string{
		{"-x", proxy, "http://plain.example/"},
		{"-x", proxy, "--http1.0", "http://old.example/"},
		{"-x", proxy, "--http1.1", "https://one.example/"},
		{"-x", proxy, "--http2", "https://two.example/", "-d", "sent"},
		{"-x", proxy, "-p", "--http2-prior-knowledge", "http://clear.example/"},
		{"--socks5-hostname", "me:secret@" + c.address(t, "SOCKS5 proxy: "), "https://socks.example/"},
		{"-x", proxy, "-H", "Expect: 100-continue", "https://expect.example/", "-d", "sent"},
	} {
		client(t, nil, "curl", append([]string{"-sS", "--cacert", ca}, args...)...)
	}
	events := c.events(t)
	want := []string{
		"HTTP/1.1 GET http://plain.example/ 204 by sinkhole", "HTTP/1.0 GET http://old.example/ 204 by sinkhole",
		"HTTP/1.1 GET https://one.example/ 204 by sinkhole", "HTTP/2.0 POST https://two.example/ 204 by sinkhole",
		"HTTP/2.0 GET http://clear.example/ 204 by sinkhole", "HTTP/2.0 GET https://socks.example/ 204 by sinkhole",
		"HTTP/2.0 POST https://expect.example/ 204 by sinkhole",
	}
	if diff := cmp.Diff(want, told(events)); diff != "" {
		t.Error(diff)
	}
	for _, e := range events {
		if e.Exchange != nil && (e.App != "curl" || e.PID == 0) {
			t.Errorf("%s came from %q, %d; want curl", e.Exchange.URL, e.App, e.PID)
		}
	}
}

const nodeClient = `
const http = require('http'), https = require('https'), tls = require('tls');
const proxy = new URL(process.argv[1]);
http.request({host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: 'node.example:443'}).on('connect', (res, socket) => {
  const agent = new https.Agent({maxSockets: 1});
  agent.createConnection = () => tls.connect({socket, servername: 'node.example', ALPNProtocols: ['http/1.1']});
  const r = https.request({agent, host: 'node.example', path: '/n', method: 'POST'}, res => { console.log(res.statusCode); res.resume(); socket.destroySoon(); });
  r.end('sent');
}).end();`

// Node trusts the authority by its variable.
func TestNode(t *testing.T) {
	need(t, "node")
	c, proxy, ca := proxied(t)
	if out := client(t, []string{"NODE_EXTRA_CA_CERTS=" + ca}, "node", "-e", nodeClient, proxy); out != "204\n" {
		t.Error(out)
	}
	if diff := cmp.Diff([]string{"HTTP/1.1 POST https://node.example/n 204 by sinkhole"}, told(c.events(t))); diff != "" {
		t.Error(diff)
	}
}

// authorityOf makes the capture trust a server.
func authorityOf(t *testing.T, s *httptest.Server) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "origin.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", file)
}

// rootsOf is what a client of the capture trusts.
func rootsOf(t *testing.T, ca string) *x509.CertPool {
	t.Helper()
	b, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(b)
	return roots
}

// dialBy opens tunnels through a proxy.
func dialBy(t *testing.T, proxy string) func(context.Context, string) (net.Conn, error) {
	u, err := url.Parse(proxy)
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", u.Host)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\n\r\n", addr)
		const yes = "HTTP/1.1 200 Connection Established\r\n\r\n"
		b := make([]byte, len(yes))
		for n := 0; n < len(b); {
			m, err := c.Read(b[n:])
			if n += m; err != nil {
				return nil, err
			}
		}
		return c, nil
	}
}

// gRPC's own client and server talk through the capture: the trailers that say
// how a call ended arrive, and are recorded.
func TestGRPC(t *testing.T) {
	g := grpc.NewServer()
	healthpb.RegisterHealthServer(g, health.NewServer())
	s := httptest.NewUnstartedServer(g)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	authorityOf(t, s)
	c, proxy, ca := proxied(t, "--online")
	dial := dialBy(t, proxy)
	conn, err := grpc.NewClient("passthrough:///"+s.Listener.Addr().String(),
		grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: rootsOf(t, ca)})), grpc.WithContextDialer(dial))
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range []string{"", "unknown"} {
		resp, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
		if (service == "") != (err == nil) || err == nil && resp.GetStatus() != healthpb.HealthCheckResponse_SERVING {
			t.Errorf("%q: %v, %v", service, resp, err)
		}
	}
	conn.Close()
	var got []string
	for _, e := range c.events(t) {
		if x := e.Exchange; x != nil {
			for _, f := range append(x.AnswerTrailer, x.Answer...) {
				if f.Name == "Grpc-Status" {
					got = append(got, fmt.Sprint(x.Proto, " ", x.Body.Size, " ", x.Reply.Size, " ", f.Value))
				}
			}
		}
	}
	if diff := cmp.Diff([]string{"HTTP/2.0 5 7 0", "HTTP/2.0 14 0 5"}, got); diff != "" {
		t.Error(diff)
	}
}

// A WebSocket with compression: every message is recorded as it was said.
func TestWebSocketClient(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionContextTakeover})
		if err != nil {
			return
		}
		for {
			kind, b, err := ws.Read(r.Context())
			if err != nil {
				return
			}
			_ = ws.Write(r.Context(), kind, append([]byte("echo "), b...))
		}
	}))
	t.Cleanup(s.Close)
	authorityOf(t, s)
	c, proxy, ca := proxied(t, "--online")
	u, _ := url.Parse(proxy)
	ws, resp, err := websocket.Dial(t.Context(), "wss://"+s.Listener.Addr().String()+"/talk", &websocket.DialOptions{ //nolint:bodyclose // Dial says that it need not be closed
		HTTPClient:      &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(u), TLSClientConfig: &tls.Config{RootCAs: rootsOf(t, ca)}}},
		CompressionMode: websocket.CompressionContextTakeover,
	})
	if err != nil {
		t.Fatal(err)
	}
	if ext := resp.Header.Get("Sec-WebSocket-Extensions"); !strings.HasPrefix(ext, "permessage-deflate") {
		t.Errorf("extensions %q", ext)
	}
	said := strings.Repeat("hello hello ", 100)
	if err := ws.Write(t.Context(), websocket.MessageText, []byte(said)); err != nil {
		t.Fatal(err)
	}
	if _, b, err := ws.Read(t.Context()); err != nil || string(b) != "echo "+said {
		t.Errorf("%q, %v", b, err)
	}
	ws.Close(websocket.StatusNormalClosure, "")
	var got []string
	for _, e := range c.events(t) {
		if e.Message != nil {
			got = append(got, fmt.Sprint(e.Message.Out, " ", e.Message.Text, " ", e.Message.Body.Size))
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"false true 1205", "true true 1200"}, got); diff != "" {
		t.Error(diff)
	}
}

// nssStore makes a store of certificates as browsers of Linux have it, with
// the authority in it.
func nssStore(t *testing.T, dir, ca string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	client(t, nil, "certutil", "-N", "-d", "sql:"+dir, "--empty-password")
	client(t, nil, "certutil", "-A", "-d", "sql:"+dir, "-n", "telltale", "-t", "C,,", "-i", ca)
}

// visited reports whether a page was fetched over TLS.
func visited(events []audit.Event, url string) bool {
	return slices.ContainsFunc(events, func(e audit.Event) bool { return e.Exchange != nil && e.Exchange.URL == url })
}

// Chromium trusts the authority by the store of its user.
func TestChromiumClient(t *testing.T) {
	need(t, "chromium", "certutil")
	c, proxy, ca := proxied(t)
	home := t.TempDir()
	nssStore(t, filepath.Join(home, ".pki", "nssdb"), ca)
	out := client(t, []string{"HOME=" + home}, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--proxy-server="+proxy,
		"--user-data-dir="+filepath.Join(home, "profile"), "--dump-dom", "https://telltale.lab/")
	if !strings.Contains(out, "This device is being captured") {
		t.Errorf("the page shows\n%s", out)
	}
	if events := c.events(t); !visited(events, "https://telltale.lab/") {
		t.Errorf("%s", strings.Join(told(events), "\n"))
	}
}

// Firefox trusts the authority by its profile.
func TestFirefoxClient(t *testing.T) {
	need(t, "firefox-esr", "certutil")
	c, proxy, ca := proxied(t)
	u, _ := url.Parse(proxy)
	home := t.TempDir()
	profile := filepath.Join(home, "profile")
	nssStore(t, profile, ca)
	prefs := fmt.Sprintf(`user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", %q); user_pref("network.proxy.http_port", %s);
user_pref("network.proxy.ssl", %[1]q); user_pref("network.proxy.ssl_port", %[2]s);
`, u.Hostname(), u.Port())
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(prefs), 0o600); err != nil {
		t.Fatal(err)
	}
	shot := filepath.Join(home, "shot.png")
	client(t, []string{"HOME=" + home, "MOZ_HEADLESS=1"}, "firefox-esr", "--headless", "--no-remote", "--profile", profile, "--screenshot", shot, "https://telltale.lab/")
	if _, err := os.Stat(shot); err != nil {
		t.Error(err)
	}
	if events := c.events(t); !visited(events, "https://telltale.lab/") {
		t.Errorf("%s", strings.Join(told(events), "\n"))
	}
}
