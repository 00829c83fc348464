package flows_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"telltale/audit/capture/flows"
)

// patience is how long a real program may take before a test gives up.
const patience = 2 * time.Minute

// program finds a program, or skips the test.
func program(t *testing.T, names ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a real program")
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("there is no %s", names[0])
	return ""
}

// origins answers with what it was sent, or speaks WebSocket.
func origins(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ws" {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
		if err != nil {
			return
		}
		for {
			kind, b, err := c.Read(r.Context())
			if err != nil {
				return
			}
			_ = c.Write(r.Context(), kind, append([]byte("echo "), b...))
		}
	}
	body, _ := io.ReadAll(r.Body)
	if r.URL.Path == "/" {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><link rel="icon" href="data:,"><script>
(async () => {
	await (await fetch("/post", {method: "POST", body: "planted=k7f3q9w2&"+"x".repeat(100000)})).text()
	const ws = new WebSocket(location.href.replace("http", "ws") + "ws")
	ws.onopen = () => ws.send("over the socket")
	ws.onmessage = async () => { ws.close(); await (await fetch("/done")).text()
		for (let i = 0; i < 3; i++) await (await fetch("/more")).text() // events are written in batches
		fetch("/last") }
})()
</script>`)
		return
	}
	w.Header().Set("X-Answer", "yes")
	fmt.Fprintf(w, "%s %s got %d", r.Proto, r.Method, len(body))
}

// free is a port that nobody listens at.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// What mitmproxy writes is what a client has said and heard through it.
func TestMitmproxy(t *testing.T) {
	path := program(t, "mitmdump")
	plain := httptest.NewServer(http.HandlerFunc(origins))
	defer plain.Close()
	sealed := httptest.NewUnstartedServer(http.HandlerFunc(origins))
	sealed.EnableHTTP2 = true
	sealed.StartTLS()
	defer sealed.Close()
	dir, port := t.TempDir(), free(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	file := filepath.Join(dir, "flows")
	cmd := exec.CommandContext(ctx, path, "-q", "-p", port, "--listen-host", "127.0.0.1", "-w", file, "--ssl-insecure", "--set", "confdir="+dir)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(ctx, t, "127.0.0.1:"+port)
	proxy, _ := url.Parse("http://127.0.0.1:" + port)
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy), ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	var want []string
	for _, base := range []string{plain.URL, sealed.URL} {
		for _, body := range []string{"", "a=b", strings.Repeat("\x00\xff", 50000)} {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/p?q=1", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			heard, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			want = append(want, fmt.Sprintf("POST %s/p?q=1 %q %d %q", base, body, resp.StatusCode, heard))
		}
	}
	c, _, err := websocket.Dial(ctx, plain.URL+"/ws", &websocket.DialOptions{HTTPClient: client}) //nolint:bodyclose // Dial says that it need not be closed
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Write(ctx, websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Read(ctx); err != nil {
		t.Fatal(err)
	}
	_ = c.Close(websocket.StatusNormalClosure, "")
	ws := strings.Replace(plain.URL, "http", "ws", 1) + "/ws"
	want = append(want, `GET `+ws+` "" 101 ""`, `message true "hello"`, `message false "echo hello"`)
	cancel() // what is not over is written now
	_ = cmd.Wait()
	m, s := readFile(t, file, "mitmproxy flows")
	if diff := cmp.Diff(sorted(want), sorted(m.said())); diff != "" || s != "" {
		t.Errorf("%s: -said +read\n%.3000s", s, diff)
	}
}

// waitFor waits until somebody listens.
func waitFor(ctx context.Context, t *testing.T, address string) {
	t.Helper()
	for {
		var d net.Dialer
		c, err := d.DialContext(ctx, "tcp", address)
		if err == nil {
			c.Close()
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// readFile reads a file that a real program has written.
func readFile(t *testing.T, path, format string) (*memory, string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, ok := flows.Find(b[:min(len(b), flows.HeadSize)])
	if !ok || f.Name != format {
		t.Fatalf("taken for %q, want %q", f.Name, format)
	}
	m := &memory{}
	s, err := importer(m).Read(bytes.NewReader(b), f)
	if err != nil {
		t.Fatal(err)
	}
	return m, s.Error
}

// said lists what was said, without times and numbers.
func (m *memory) said() []string {
	var list []string
	for _, e := range m.events {
		switch {
		case e.Exchange != nil:
			x := e.Exchange
			list = append(list, fmt.Sprintf("%s %s %q %d %q", x.Method, x.URL, m.bodies[x.Body.SHA256], x.Status, m.bodies[x.Reply.SHA256]))
		case e.Message != nil:
			list = append(list, fmt.Sprintf("message %v %q", e.Message.Out, m.bodies[e.Message.Body.SHA256]))
		}
	}
	return list
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

// What Chromium writes with --log-net-log is what it has said and heard: in the
// clear over HTTP/1, in TLS over HTTP/2, over a WebSocket.
func TestChromium(t *testing.T) {
	path := program(t, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
	for name, start := range map[string]func(*httptest.Server){"plain": (*httptest.Server).Start, "sealed": (*httptest.Server).StartTLS} {
		t.Run(name, func(t *testing.T) {
			done := make(chan struct{}, 2)
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				origins(w, r)
				if r.URL.Path == "/last" {
					done <- struct{}{}
				}
			}))
			srv.EnableHTTP2 = true
			start(srv)
			defer srv.Close()
			for _, mode := range []string{"Everything", "Default"} {
				browse(t, done, path, srv.URL, mode)
			}
		})
	}
}

// browse lets Chromium visit a page and checks what its log says of it.
func browse(t *testing.T, done <-chan struct{}, path, address, mode string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "log.json")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--ignore-certificate-errors", "--disable-background-networking",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--log-net-log="+file, "--net-log-capture-mode="+mode, "--remote-debugging-port=0", address+"/")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it ends the log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-ctx.Done():
		t.Error("the page was not read to its end")
	}
	cancel()
	_ = cmd.Wait()
	m, s := readFile(t, file, "NetLog")
	if s != "" && !strings.Contains(s, "the log breaks off here") { // it may be killed before it ends the log
		t.Error(s)
	}
	proto := map[bool]string{true: "HTTP/2.0", false: "HTTP/1.1"}[strings.HasPrefix(address, "https")]
	planted := "planted=k7f3q9w2&" + strings.Repeat("x", 100000)
	want := []string{fmt.Sprintf("POST %s/post %q 200 %q", address, planted, proto+" POST got 100017"), fmt.Sprintf("GET %s/done %q 200 %q", address, "", proto+" GET got 0")}
	if mode == "Everything" {
		want = append(want, `message true "over the socket"`, `message false "echo over the socket"`)
	} else {
		want = []string{fmt.Sprintf("POST %s/post %q 200 %q", address, "", ""), fmt.Sprintf("GET %s/done %q 200 %q", address, "", "")}
	}
	got := m.said()
	for _, line := range want {
		if n := len(slices.DeleteFunc(slices.Clone(got), func(s string) bool { return s != line })); n != 1 {
			t.Errorf("%s: %.100s stands there %d times, want once; there are\n%.3000s", mode, line, n, strings.Join(got, "\n"))
		}
	}
	for _, e := range m.events {
		if x := e.Exchange; mode == "Default" && x != nil && x.Method == http.MethodPost && strings.HasPrefix(x.URL, address) && (x.Body.Size != 100017 || x.Body.Error == "") {
			t.Errorf("the body that is not in the log: %+v", x.Body)
		}
	}
}
