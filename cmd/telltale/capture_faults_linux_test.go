package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"telltale/audit"
	"telltale/audit/evidence"
)

// through returns a client of a proxy.
func through(t *testing.T, proxy string) *http.Client {
	t.Helper()
	u, err := url.Parse(proxy)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{Proxy: http.ProxyURL(u), MaxIdleConnsPerHost: 8}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func get(t *testing.T, c *http.Client, target string, body io.Reader) error {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	return err
}

// A capture that is killed leaves a log that ends at a whole record: all that
// was answered is in it, and its body, and the chain holds to the end.
func TestKilled(t *testing.T) {
	c, proxy, _ := proxied(t)
	client := through(t, proxy)
	var mu sync.Mutex
	answered := make(map[string]bool)
	var clients sync.WaitGroup
	for n := range 4 {
		clients.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("http://a.example/%d/%d", n, i)
				if get(t, client, name, strings.NewReader(name)) != nil {
					return // it was killed
				}
				mu.Lock()
				answered[name] = true
				enough := len(answered) == 200
				mu.Unlock()
				if enough {
					c.waited = true
					_ = c.cmd.Process.Kill()
				}
			}
		})
	}
	clients.Wait()
	_, _ = c.cmd.Process.Wait()
	r, err := evidence.Open(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range readEvents(t, c.dir) {
		if e.Exchange == nil {
			continue
		}
		f, err := r.Body(e.Exchange.Body)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(f); err != nil || string(b) != e.Exchange.URL {
			t.Errorf("the body of %s: %q, %v", e.Exchange.URL, b, err)
		}
		f.Close()
		delete(answered, e.Exchange.URL)
	}
	if len(answered) > 0 {
		t.Errorf("%d requests were answered and not recorded", len(answered))
	}
}

// A disk that gets full ends the capture with one line that says what to do;
// what was recorded until then can be read, to its end.
func TestCaptureDiskFull(t *testing.T) {
	need(t, "unshare")
	if os.Geteuid() != 0 {
		t.Skip("a disk of its own needs root")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	disk, out := t.TempDir(), filepath.Join(t.TempDir(), "case")
	script := `mount -t tmpfs -o size=2m none "$1" || exit 77; "$0" capture -o "$1/case" --listen 127.0.0.1:0 --for 2m; code=$?; cp -r "$1/case" "$2"; exit $code`
	cmd := exec.CommandContext(t.Context(), "unshare", "-m", "sh", "-c", script, self, disk, out)
	cmd.Env = append(os.Environ(), isolation+"="+asIs)
	var errs strings.Builder
	cmd.Stderr = &errs
	lines, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 200)
	n, _ := io.ReadAtLeast(lines, b, len("HTTP proxy: http://127.0.0.1:1\noffline"))
	first, _, _ := strings.Cut(string(b[:n]), "\n")
	client := through(t, strings.TrimPrefix(first, "HTTP proxy: "))
	noise := make([]byte, 16<<10)
	sent := 0
	for i := range 1000 {
		for j := range noise {
			noise[j] = byte((i*7919 + j*j*31 + j*i) >> 3)
		}
		if get(t, client, "http://a.example/", strings.NewReader(string(noise)+fmt.Sprint(i))) != nil {
			break
		}
		sent++
	}
	rest, _ := io.ReadAll(lines)
	err = cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 77 {
		t.Skip("this system mounts nothing")
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != exitFailed {
		t.Errorf("it ended with %v", err)
	}
	for _, want := range []string{"no space left on device", "what was captured until then is kept"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("%q does not say %q; %s", errs.String(), want, rest)
		}
	}
	requests := 0
	var end *audit.End
	for _, e := range readEvents(t, out) {
		if e.Exchange != nil {
			requests++
		}
		end = e.End
	}
	if end == nil || end.Reason != audit.Failed || requests < sent-1 || sent == 0 {
		t.Errorf("%d requests of %d are recorded; the end is %+v", requests, sent, end)
	}
}

// Ten thousand connections that say nothing do not keep others out, and take
// little memory.
func TestIdleConnections(t *testing.T) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	count := min(10_000, int(min(limit.Cur, 1<<20))-200)
	c, proxy, _ := proxied(t)
	u, err := url.Parse(proxy)
	if err != nil {
		t.Fatal(err)
	}
	for range count {
		idle, err := net.Dial("tcp", u.Host)
		if err != nil {
			t.Fatal(err)
		}
		defer idle.Close()
	}
	if err := get(t, through(t, proxy), "http://a.example/", http.NoBody); err != nil {
		t.Error(err)
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	var kib int
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Sscan(rest, &kib)
		}
	}
	t.Logf("%d connections, %d KiB at most", count, kib)
	if kib == 0 || kib > 400<<10 {
		t.Errorf("%d KiB for %d connections", kib, count)
	}
	if events := c.events(t); len(told(events)) != 1 {
		t.Errorf("%s", strings.Join(told(events), "\n"))
	}
}

// A body far larger than memory goes through, in both directions, and is
// recorded whole; the memory does not grow with it.
func TestLargeBody(t *testing.T) {
	size := int64(512 << 20)
	c, proxy, _ := proxied(t)
	if err := get(t, through(t, proxy), "http://a.example/", io.LimitReader(endless{}, size)); err != nil {
		t.Error(err)
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(b), "VmHWM:")
	var kib int
	fmt.Sscan(after, &kib)
	t.Logf("%d KiB at most", kib)
	if kib == 0 || kib > 150<<10 {
		t.Errorf("%d KiB for a body of %d MiB", kib, size>>20)
	}
	for _, e := range c.events(t) {
		if e.Exchange != nil && (e.Exchange.Body.Size != size || e.Exchange.Body.Error != "") {
			t.Errorf("%+v", e.Exchange.Body)
		}
	}
}

// endless gives zeros.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// A client that resets, one that closes half of its connection, and one that
// stops in the middle of a body: each leaves its trace, and the capture goes on.
func TestRudeClients(t *testing.T) {
	c, proxy, _ := proxied(t)
	u, err := url.Parse(proxy)
	if err != nil {
		t.Fatal(err)
	}
	for name, rude := range map[string]func(*net.TCPConn){
		"reset": func(c *net.TCPConn) { _ = c.SetLinger(0); c.Close() },
		"half":  func(c *net.TCPConn) { _ = c.CloseWrite(); _, _ = io.Copy(io.Discard, c); c.Close() },
		"stall": func(c *net.TCPConn) { t.Cleanup(func() { c.Close() }) },
	} {
		var d net.Dialer
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		nc, err := d.DialContext(ctx, "tcp", u.Host)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(nc, "POST http://%s.example/ HTTP/1.1\r\nHost: %[1]s.example\r\nContent-Length: 100\r\n\r\nhalf of it", name)
		rude(nc.(*net.TCPConn))
	}
	if err := get(t, through(t, proxy), "http://polite.example/", http.NoBody); err != nil {
		t.Error(err)
	}
	got := map[string]string{}
	for _, e := range c.events(t) {
		if e.Exchange != nil {
			got[e.Exchange.Host] = fmt.Sprint(e.Exchange.Body.Size, e.Exchange.Body.Error != "")
		}
	}
	for host, want := range map[string]string{"reset.example": "10 true", "half.example": "10 true", "stall.example": "10 true", "polite.example": "0 false"} {
		if host == "reset.example" && got[host] == "0 true" {
			continue // the reset took the bytes along
		}
		if got[host] != want {
			t.Errorf("%s: %q, want %q", host, got[host], want)
		}
	}
}
