package flows_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
	"telltale/audit/capture/flows"
)

// A memory is a recorder that keeps all.
type memory struct {
	events []audit.Event
	bodies map[string][]byte
}

func (m *memory) Record(e audit.Event) error {
	m.events = append(m.events, e)
	return nil
}

func (m *memory) Body() (audit.BodyWriter, error) { return &stored{m: m}, nil }

type stored struct {
	bytes.Buffer
	m *memory
}

func (s *stored) Close(cause error) (audit.Body, error) {
	sum := sha256.Sum256(s.Bytes())
	b := audit.Body{SHA256: hex.EncodeToString(sum[:]), Size: int64(s.Len())}
	if s.m.bodies == nil {
		s.m.bodies = map[string][]byte{}
	}
	s.m.bodies[b.SHA256] = s.Bytes()
	if cause != nil {
		b.Error = cause.Error()
	}
	return b, nil
}

// text is a body in words.
func (m *memory) text(b audit.Body) string {
	s := fmt.Sprintf("%q", m.bodies[b.SHA256])
	switch {
	case b.SHA256 == "" && b.Size > 0:
		s = fmt.Sprintf("(%d bytes)", b.Size)
	case b.SHA256 == "":
		s = "-"
	}
	if b.Error != "" {
		s += " [" + b.Error + "]"
	}
	return s
}

// lines are the events, a line each.
func (m *memory) lines() []string {
	var out []string
	for _, e := range m.events {
		s := ""
		if !e.Time.IsZero() {
			s = e.Time.Format("15:04:05.000 ")
		}
		if e.App != "" {
			s += e.App + " "
		}
		switch {
		case e.Exchange != nil:
			x := e.Exchange
			s += fmt.Sprintf("%d %s %s %s on %s %s: %d %s", x.Conn, x.Proto, x.Method, x.URL, x.Host, m.text(x.Body), x.Status, m.text(x.Reply))
			if x.Error != "" {
				s += " [" + x.Error + "]"
			}
		case e.Message != nil:
			s += fmt.Sprintf("%d message %s out=%v text=%v %s", e.Message.Conn, e.Message.URL, e.Message.Out, e.Message.Text, m.text(e.Message.Body))
		case e.Tunnel != nil:
			s += fmt.Sprintf("%d %s %s:%s %s %s", e.Tunnel.Conn, e.Tunnel.Proto, e.Tunnel.Host, e.Tunnel.Port, m.text(e.Tunnel.Out), m.text(e.Tunnel.In))
		case e.Refused != nil:
			s += fmt.Sprintf("%d refused %s: %s", e.Refused.Conn, e.Refused.Host, e.Refused.Alert)
		case e.Lookup != nil:
			s += fmt.Sprintf("%s %s %s %s", e.Lookup.Type, e.Lookup.Name, e.Lookup.Answers, e.Lookup.Code)
		}
		out = append(out, s)
	}
	return out
}

// importer is one for a test.
func importer(m *memory) *flows.Importer {
	n := 0
	return flows.New(flows.Config{Recorder: m, Place: audit.Place{Arm: "a", Run: 1}, Number: func() int { n++; return n }})
}

// read reads a file of the format that it is found to have.
func read(tb testing.TB, file []byte, format string) (*memory, audit.Source) {
	tb.Helper()
	f, ok := flows.Find(file[:min(len(file), flows.HeadSize)])
	if !ok || f.Name != format {
		tb.Fatalf("taken for %q, want %q", f.Name, format)
	}
	m := &memory{}
	s, err := importer(m).Read(bytes.NewReader(file), f)
	if err != nil {
		tb.Fatal(err)
	}
	return m, s
}

// sample is a file of testdata, without its compression.
func sample(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	if !strings.HasSuffix(name, ".gz") {
		return b
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		tb.Fatal(err)
	}
	if b, err = io.ReadAll(z); err != nil {
		tb.Fatal(err)
	}
	return b
}

const page = `"<html><body><script>fetch(\"/post\",{method:\"POST\",body:\"hello=body\",headers:{\"X-A\":\"b\"}}).then(r=>r.text()).then(t=>{document.title=t})</script>hi</body></html>"`

// What real programs have written is read: see testdata/README.md.
func TestSamples(t *testing.T) {
	const dots = ` [the trace has dots for bytes that are no letters; record with --trace instead of --trace-ascii]`
	const bytes = ` [the log does not have it: record with --net-log-capture-mode=Everything]`
	const private = ` [the log was made without private values: cookies and passwords are not in it]`
	for name, c := range map[string]struct {
		format string
		want   []string
	}{
		"curl-trace.txt":       {"curl trace", []string{`1 HTTP/1.1 POST http://127.0.0.1:18099/post on 127.0.0.1 "user=a.b&x=1": 200 "got user=a.b&x=1"`}},
		"curl-trace-ascii.txt": {"curl trace", []string{`1 HTTP/1.1 POST http://127.0.0.1:18099/post on 127.0.0.1 "user=a.b&x=1"` + dots + `: 200 "got user=a.b&x=1"` + dots}},
		"curl-verbose.txt": {"curl -v", []string{
			`1 HTTP/1.1 POST http://127.0.0.1:18099/post on 127.0.0.1 (8 bytes) [curl -v does not write bodies]: 200 (12 bytes) [curl -v does not write bodies]`,
		}},
		"wget.warc.gz": {"WARC", []string{`09:56:20.000 1 HTTP/1.1 POST http://127.0.0.1:18099/post on 127.0.0.1 "user=a.b&x=1": 200 "got user=a.b&x=1"`}},
		"mitmproxy-8.mitm": {"mitmproxy flows", []string{
			`09:56:26.210 1 HTTP/1.1 POST http://127.0.0.1:18099/post on 127.0.0.1 "user=a.b&x=1": 200 "got user=a.b&x=1"`,
			`09:56:26.252 2 HTTP/1.1 GET http://127.0.0.1:18099/ on 127.0.0.1 -: 200 ` + page,
			`09:56:26.272 3 HTTP/1.1 GET http://127.0.0.1:1/ on 127.0.0.1 -: 0 - [[Errno 111] Connect call failed ('127.0.0.1', 1)]`,
		}},
		"netlog-everything.json": {"NetLog", []string{
			`09:39:23.929 HTTPS clients2.google.com [] NameError`,
			`09:39:24.215 2 HTTP/1.1 GET http://127.0.0.1:18099/ on 127.0.0.1 -: 200 ` + page,
			`09:39:24.263 2 HTTP/1.1 POST http://127.0.0.1:18099/post on 127.0.0.1 "hello=body": 200 "got hello=body"`,
			`09:39:24.290 2 HTTP/1.1 GET http://127.0.0.1:18099/favicon.ico on 127.0.0.1 -: 200 "x"`,
		}},
		"netlog-default.json": {"NetLog", []string{
			`09:39:25.059 1 HTTP/1.1 GET http://127.0.0.1:18099/ on 127.0.0.1 -: 200 (159 bytes)` + bytes,
			`09:39:25.094 2 HTTP/1.1 POST http://127.0.0.1:18099/post on 127.0.0.1 (10 bytes)` + bytes + `: 200 (14 bytes)` + bytes + private,
			`09:39:25.139 3 HTTP/1.1 GET http://127.0.0.1:18099/favicon.ico on 127.0.0.1 -: 200 (1 bytes)` + bytes + private,
		}},
	} {
		m, s := read(t, sample(t, name), c.format)
		if diff := cmp.Diff(c.want, m.lines()); diff != "" || s.Error != "" || s.Records == 0 {
			t.Errorf("%s: %+v: -want +got\n%s", name, s, diff)
		}
	}
}

// zipped is a zip with files in the order of pairs.
func zipped(pairs ...string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		f, _ := w.Create(pairs[i])
		_, _ = io.WriteString(f, pairs[i+1])
	}
	_ = w.Close()
	return b.Bytes()
}

// readZip reads a zip that is a capture as a whole.
func readZip(tb testing.TB, file []byte) (*memory, audit.Source) {
	tb.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		tb.Fatal(err)
	}
	f, ok := flows.FindZip(z)
	if !ok {
		tb.Fatal("it is no capture")
	}
	m := &memory{}
	s, err := importer(m).ReadZip(z, f)
	if err != nil {
		tb.Fatal(err)
	}
	return m, s
}
