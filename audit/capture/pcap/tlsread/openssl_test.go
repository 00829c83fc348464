package tlsread_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"telltale/audit/capture/pcap/tlsread"
)

// An openssl runs OpenSSL's client against a server of Go's, or of its own for
// suites that Go does not have.
type openssl struct {
	path, cert, key, log string
}

// talk lets OpenSSL talk to itself. With update the client changes its keys and
// asks the server to do so between two lines.
func (o *openssl) talk(t *testing.T, args []string, update bool) *talk {
	t.Helper()
	recorded := &talk{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	target := o.serve(t, args)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var ends sync.WaitGroup
	ends.Go(func() { relay(l, target, recorded) })
	client := exec.CommandContext(ctx, o.path, append([]string{"s_client", "-connect", l.Addr().String(), "-servername", "sink.example", "-keylogfile", o.log}, args...)...)
	in, err := client.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := client.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	client.Stderr = client.Stdout
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	ask := func(line, until string) {
		io.WriteString(in, line+"\n")
		for lines.Scan() && !strings.Contains(lines.Text(), until) {
		}
	}
	ask("first", "tsrif")
	recorded.said = [2]string{"first\n", "tsrif\n"}
	if update {
		ask("K", "KEYUPDATE")
		ask("second", "dnoces")
		ask("third", "driht")
		recorded.said = [2]string{"first\nsecond\nthird\n", "tsrif\ndnoces\ndriht\n"}
	}
	in.Close()
	go io.Copy(io.Discard, out)
	_ = client.Wait() // its code says nothing: the server ends first at times
	l.Close()
	ends.Wait()
	keys, err := os.ReadFile(o.log)
	if err != nil {
		t.Fatal(err)
	}
	recorded.keys.Write(keys)
	return recorded
}

// serve starts a server that turns every line round, and returns its address.
func (o *openssl) serve(t *testing.T, args []string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	server := exec.CommandContext(t.Context(), o.path, append([]string{"s_server", "-accept", addr, "-cert", o.cert, "-key", o.key, "-rev"}, args...)...)
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "ACCEPT") {
	}
	go io.Copy(io.Discard, out)
	return addr
}

// relay carries one connection and notes what passes.
func relay(l net.Listener, target string, recorded *talk) {
	down, err := l.Accept()
	if err != nil {
		return
	}
	defer down.Close()
	up, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer up.Close()
	mu := &sync.Mutex{}
	var ends sync.WaitGroup
	pass := func(s tlsread.Side, from, to net.Conn) {
		_, _ = io.Copy(recording{to, s, mu, recorded}, struct{ io.Reader }{from})
		to.(*net.TCPConn).CloseWrite()
	}
	ends.Go(func() { pass(tlsread.Client, down, up) })
	ends.Go(func() { pass(tlsread.Server, up, down) })
	ends.Wait()
}
