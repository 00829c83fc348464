package pcap_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"telltale/audit"
)

// A session is one way of speaking HTTP.
type session struct {
	name    string
	plain   bool
	version uint16
	suites  []uint16
	h2      bool // with TLS, or as h2c without
	few     bool // requests
}

var sessions = []session{
	{name: "http1", plain: true},
	{name: "h2c", plain: true, h2: true},
	{name: "tls12-gcm128", version: tls.VersionTLS12, suites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}},
	{name: "tls12-gcm256-h2", version: tls.VersionTLS12, suites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}, h2: true},
	{name: "tls12-chacha", version: tls.VersionTLS12, suites: []uint16{tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256}},
	{name: "tls12-cbc-sha1", version: tls.VersionTLS12, suites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA}},
	{name: "tls12-cbc-sha256", version: tls.VersionTLS12, suites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256}},
	{name: "tls10-cbc", version: tls.VersionTLS10, suites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}},
	{name: "tls11-cbc", version: tls.VersionTLS11, suites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}},
	{name: "tls13-http1", version: tls.VersionTLS13},
	{name: "tls13-h2", version: tls.VersionTLS13, h2: true},
}

// record lets a client and a server speak over a tape, and the client log its
// keys.
func (s session) record(t *testing.T, tape *tape, log *keyLog) {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(origins))
	srv.TLS = &tls.Config{MinVersion: s.version, MaxVersion: s.version, CipherSuites: s.suites}
	srv.EnableHTTP2 = s.h2
	port := uint16(443)
	if s.plain && s.h2 {
		srv.Config.Protocols = new(http.Protocols)
		srv.Config.Protocols.SetUnencryptedHTTP2(true)
	}
	if s.plain {
		srv.Start()
		port = 80
	} else {
		srv.StartTLS()
	}
	defer srv.Close()
	addr, wait := tape.tap(t, srv.Listener.Addr().String(), port)
	tr := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", addr)
		},
		DisableCompression: true,
		ForceAttemptHTTP2:  s.h2,
		TLSClientConfig: &tls.Config{
			InsecureSkipVerify: true, KeyLogWriter: log, MinVersion: s.version, MaxVersion: s.version, CipherSuites: s.suites,
		},
	}
	if s.plain && s.h2 {
		tr.Protocols = new(http.Protocols)
		tr.Protocols.SetUnencryptedHTTP2(true)
	}
	if s.version == tls.VersionTLS13 { // of older sessions that are resumed Go logs no key
		tr.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	}
	s.speak(t, &http.Client{Transport: tr, Timeout: patience})
	tr.CloseIdleConnections()
	s.speak(t, &http.Client{Transport: tr, Timeout: patience}) // with a session that is resumed
	tr.CloseIdleConnections()
	srv.Close()
	wait()
}

// origins answers in all the ways that a body can have.
func origins(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch r.URL.Path {
	case "/ws":
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionContextTakeover, InsecureSkipVerify: true})
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
	case "/empty":
		w.WriteHeader(http.StatusNoContent)
	case "/chunks":
		w.Header().Set("Trailer", "X-End")
		for i := range 5 {
			fmt.Fprintf(w, "piece %d %s\n", i, strings.Repeat("x", 5000*i))
			w.(http.Flusher).Flush()
		}
		w.Header().Set("X-End", "yes")
	case "/missing":
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
		fmt.Fprintf(w, "%d bytes: %x", len(body), sha256.Sum256(body))
	}
}

func (s session) speak(t *testing.T, c *http.Client) {
	t.Helper()
	base := "https://" + s.name + ".example"
	if s.plain {
		base = "http://" + s.name + ".example"
	}
	for i, x := range []struct{ method, path, body string }{
		{"GET", "/a?q=one%20two", ""},
		{"POST", "/collect", `{"url":"https://www.k7f3q9w2.example/"}`},
		{"GET", "/empty", ""},
		{"PUT", "/large", strings.Repeat("0123456789abcdef", 20000)},
		{"GET", "/chunks", ""},
		{"HEAD", "/head", ""},
		{"GET", "/missing", ""},
		{"DELETE", "/thing/7", ""},
	} {
		if s.few && i > 1 {
			break
		}
		var body io.Reader
		if x.body != "" {
			body = strings.NewReader(x.body)
		}
		if x.method == "PUT" {
			body = io.MultiReader(body) // of a length that is not known
		}
		req, err := http.NewRequest(x.method, base+x.path, body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
}

// tshark runs tshark on a file, or skips the test if there is none.
func tshark(t *testing.T, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed; setup.sh installs it")
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("tshark %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String()
}

// What we read in a capture is what tshark reads: method, URL, status, and the
// digests of all bodies.
func TestSameAsTshark(t *testing.T) {
	tape, log := newTape(), &keyLog{}
	for _, s := range sessions {
		s.record(t, tape, log)
	}
	dir := t.TempDir()
	path, keys := filepath.Join(dir, "t.pcap"), filepath.Join(dir, "keys.log")
	for name, data := range map[string][]byte{path: tape.file.Bytes(), keys: log.buf.Bytes()} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, _ := read(t, tape.file.Bytes(), log.buf.String())
	got := summary(t, m)
	if want := 16 * len(sessions); len(got.Requests) != want {
		t.Errorf("%d requests, want %d", len(got.Requests), want)
	}
	want := sharks(t, path, keys, filepath.Join(dir, "objects"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-tshark +telltale\n%s", diff)
	}
}

// A reading is what is compared, sorted.
type reading struct{ Requests, Statuses, Bodies []string }

func summary(t *testing.T, m *memory) reading {
	t.Helper()
	var r reading
	for _, e := range m.events {
		x := e.Exchange
		if x == nil {
			t.Errorf("%+v is no exchange", e)
			continue
		}
		if x.Error != "" || x.Body.Error != "" || x.Reply.Error != "" {
			t.Errorf("%s %s: %q, %q, %q", x.Method, x.URL, x.Error, x.Body.Error, x.Reply.Error)
		}
		r.Requests = append(r.Requests, x.Method+" "+x.URL)
		r.Statuses = append(r.Statuses, fmt.Sprint(x.Status))
		for _, b := range []audit.Body{x.Body, x.Reply} {
			if b.Size > 0 {
				r.Bodies = append(r.Bodies, b.SHA256)
			}
		}
	}
	return r.sorted()
}

func (r reading) sorted() reading {
	slices.Sort(r.Requests)
	slices.Sort(r.Statuses)
	slices.Sort(r.Bodies)
	return r
}

// sharks is what tshark reads.
func sharks(t *testing.T, path, keys, objects string) reading {
	t.Helper()
	common := []string{"-r", path, "-o", "tls.keylog_file:" + keys, "-o", "tcp.check_checksum:FALSE", "-o", "tcp.desegment_tcp_streams:TRUE"}
	fields := append(slices.Clone(common), "--export-objects", "http,"+objects, "-T", "fields", "-E", "aggregator=|",
		"-e", "http.request.method", "-e", "http.request.full_uri", "-e", "http.response.code",
		"-e", "http2.headers.method", "-e", "http2.headers.scheme", "-e", "http2.headers.authority", "-e", "http2.headers.path", "-e", "http2.headers.status")
	var r reading
	for line := range strings.Lines(tshark(t, fields...)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		for len(f) < 8 {
			f = append(f, "")
		}
		for i, method := range split(f[0]) {
			r.Requests = append(r.Requests, method+" "+split(f[1])[i])
		}
		for i, method := range split(f[3]) {
			r.Requests = append(r.Requests, method+" "+split(f[4])[i]+"://"+split(f[5])[i]+split(f[6])[i])
		}
		r.Statuses = append(r.Statuses, split(f[2])...)
		r.Statuses = append(r.Statuses, split(f[7])...)
	}
	files, err := filepath.Glob(filepath.Join(objects, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.HasPrefix(b, []byte("PRI * HTTP/2.0")) {
			continue // it takes the first segment of h2c for a body of HTTP/1
		}
		sum := sha256.Sum256(b)
		r.Bodies = append(r.Bodies, hex.EncodeToString(sum[:]))
	}
	for _, b := range h2Bodies(t, tshark(t, append(slices.Clone(common), "-T", "pdml", "-Y", "http2.data.data")...)) {
		sum := sha256.Sum256(b)
		r.Bodies = append(r.Bodies, hex.EncodeToString(sum[:]))
	}
	return r.sorted()
}

// h2Bodies puts the bodies of HTTP/2 together: tshark exports those of HTTP/1 only.
func h2Bodies(t *testing.T, pdml string) map[string][]byte {
	t.Helper()
	bodies := map[string][]byte{}
	var conn, port, stream string
	for dec := xml.NewDecoder(strings.NewReader(pdml)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return bodies
		} else if err != nil {
			t.Fatal(err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		a := map[string]string{}
		for _, attr := range e.Attr {
			a[attr.Name.Local] = attr.Value
		}
		switch a["name"] {
		case "tcp.stream":
			conn = a["show"]
		case "tcp.srcport":
			port = a["show"]
		case "http2.streamid":
			stream = a["show"]
		case "http2.data.data":
			b, err := hex.DecodeString(a["value"])
			if err != nil {
				t.Fatal(err)
			}
			key := conn + "/" + port + "/" + stream
			if len(b) > 0 && !bytes.Equal(b, bodies[key]) { // the whole is shown behind its pieces
				bodies[key] = append(bodies[key], b...)
			}
		}
	}
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "|")
}

// Without keys nothing is read, and it is said how much there was, to whom.
func TestNoKeys(t *testing.T) {
	tape := newTape()
	session{name: "sink", version: tls.VersionTLS13, h2: true}.record(t, tape, &keyLog{})
	m, _ := read(t, tape.file.Bytes(), "")
	var sent int64
	for _, e := range m.events {
		if e.Tunnel == nil || e.Tunnel.Host != "sink.example" || e.Tunnel.Proto != "TLS 1.3" || e.Tunnel.Out.SHA256 != "" {
			t.Errorf("got %+v", e)
			continue
		}
		sent += e.Tunnel.Out.Size
	}
	if len(m.events) != 2 || sent < 640_000 {
		t.Errorf("%d events with %d bytes, want two with the two large bodies", len(m.events), sent)
	}
}
