package tlsread_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"telltale/audit/capture/pcap/tlsread"
)

// A piece is what one side wrote at once.
type piece struct {
	side tlsread.Side
	data []byte
}

// A talk is a recorded connection.
type talk struct {
	pieces []piece
	keys   bytes.Buffer
	said   [2]string
}

// A recording is a connection that notes what its owner writes.
type recording struct {
	net.Conn
	side tlsread.Side
	mu   *sync.Mutex
	to   *talk
}

func (r recording) Write(p []byte) (int, error) {
	r.mu.Lock()
	r.to.pieces = append(r.to.pieces, piece{r.side, bytes.Clone(p)})
	r.mu.Unlock()
	return r.Conn.Write(p)
}

var question, reply = strings.Repeat("what does it say? ", 2000), strings.Repeat("everything. ", 3000)

// record lets two sides talk.
func record(version, suite uint16) (*talk, error) {
	t := &talk{said: [2]string{question, reply}}
	a, b := net.Pipe()
	mu := &sync.Mutex{}
	srv := httptest.NewUnstartedServer(nil)
	srv.StartTLS() // for its certificate
	srv.Close()
	config := &tls.Config{Certificates: srv.TLS.Certificates, MinVersion: version, MaxVersion: version, CipherSuites: []uint16{suite}}
	done := make(chan error, 1)
	go func() {
		s := tls.Server(recording{b, tlsread.Server, mu, t}, config)
		_, err := io.ReadFull(s, make([]byte, len(question)))
		if err == nil {
			_, err = io.WriteString(s, reply)
		}
		done <- err
	}()
	c := tls.Client(recording{a, tlsread.Client, mu, t}, &tls.Config{
		InsecureSkipVerify: true, ServerName: "sink.example", KeyLogWriter: &t.keys, MinVersion: version, MaxVersion: version, CipherSuites: []uint16{suite},
	})
	if _, err := io.WriteString(c, question); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(c, make([]byte, len(reply))); err != nil {
		return nil, err
	}
	return t, <-done
}

// replay reads a talk, in pieces of at most size bytes.
func (t *talk) replay(size int) (said [2]string, c *tlsread.Conn) {
	keys := &tlsread.Keys{}
	_, _ = keys.AddText(t.keys.Bytes())
	c = tlsread.New(keys, func(s tlsread.Side, b []byte) error {
		said[s] += string(b)
		return nil
	})
	for _, p := range t.pieces {
		for b := p.data; len(b) > 0; {
			n := min(size, len(b))
			_ = c.Write(p.side, bytes.Clone(b[:n]))
			b = b[n:]
		}
	}
	return said, c
}

var talks = sync.OnceValues(func() (all []*talk, err error) {
	for _, c := range []struct{ version, suite uint16 }{
		{tls.VersionTLS13, 0},
		{tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
		{tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256},
		{tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256},
		{tls.VersionTLS10, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA},
	} {
		t, err := record(c.version, c.suite)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
})

// Whatever is changed on the way, what is read is the beginning of what was
// said, and in whatever pieces it comes, all of it.
func FuzzRecords(f *testing.F) {
	all, err := talks()
	if err != nil {
		f.Fatal(err)
	}
	for i := range all {
		f.Add(uint8(i), uint16(7), uint16(0), byte(0))
		f.Add(uint8(i), uint16(5000), uint16(700), byte(1))
	}
	f.Fuzz(func(t *testing.T, which uint8, size, at uint16, flip byte) {
		of := all[int(which)%len(all)]
		changed := &talk{keys: of.keys}
		left := int(at)
		for _, p := range of.pieces {
			data := bytes.Clone(p.data)
			if 0 <= left && left < len(data) {
				data[left] ^= flip
			}
			left -= len(data)
			changed.pieces = append(changed.pieces, piece{p.side, data})
		}
		said, c := changed.replay(int(size) + 1)
		for s, want := range of.said {
			if !strings.HasPrefix(want, said[s]) {
				t.Errorf("side %d: it reads what was never said, after %d bytes", s, len(said[s]))
			}
			if flip == 0 && (said[s] != want || c.Err(tlsread.Side(s)) != nil) {
				t.Errorf("side %d: %d of %d bytes: %v", s, len(said[s]), len(want), c.Err(tlsread.Side(s)))
			}
		}
	})
}

// What OpenSSL says is read: suites that Go does not have, a MAC over what is
// encrypted, and keys that are changed on the way.
func TestOpenSSL(t *testing.T) {
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	out, err := exec.CommandContext(t.Context(), path, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=sink.example", "-out", cert, "-keyout", key).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, c := range []struct {
		args   []string
		update bool
	}{
		{[]string{"-tls1_2", "-cipher", "AES128-SHA"}, false},
		{[]string{"-tls1_2", "-cipher", "ECDHE-RSA-AES256-SHA384"}, false},
		{[]string{"-tls1_2", "-cipher", "DHE-RSA-AES256-SHA256"}, false},
		{[]string{"-tls1_2", "-cipher", "DHE-RSA-CHACHA20-POLY1305"}, false},
		{[]string{"-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384"}, true},
		{[]string{"-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"}, true},
	} {
		t.Run(c.args[2], func(t *testing.T) {
			o := &openssl{path: path, cert: cert, key: key, log: filepath.Join(t.TempDir(), "keys.log")}
			recorded := o.talk(t, c.args, c.update)
			said, conn := recorded.replay(1000)
			for s, want := range recorded.said {
				if said[s] != want || conn.Err(tlsread.Side(s)) != nil {
					t.Errorf("side %d: read %q, want %q: %v", s, said[s], want, conn.Err(tlsread.Side(s)))
				}
			}
			if conn.Hello.SNI != "sink.example" {
				t.Errorf("SNI %q", conn.Hello.SNI)
			}
		})
	}
}
