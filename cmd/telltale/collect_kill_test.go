package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"telltale/collect/store"
	"telltale/sensors"
)

var killCycles = flag.Int("kill-cycles", 12, "how often the collector is killed under load")

// A load sends events until all are acknowledged, however often the collector
// dies between.
type load struct {
	url   atomic.Pointer[string]
	next  atomic.Int64
	acked sync.Map // number of an event that was acknowledged
	stop  atomic.Bool
}

// send sends one to five events at a time, the same again until they are
// acknowledged.
func (l *load) send(t *testing.T, worker int) {
	client := &http.Client{Timeout: 10 * time.Second}
	for n := 0; !l.stop.Load(); n++ {
		size := int64(1 + (n+worker)%5)
		first := l.next.Add(size) - size
		body := l.body(first, size)
		for {
			answer, err := client.Post(*l.url.Load()+"/sa", "", strings.NewReader(body))
			if err == nil {
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				if answer.StatusCode == http.StatusOK {
					break
				}
				if answer.StatusCode != http.StatusServiceUnavailable {
					t.Errorf("events from %d: %s", first, answer.Status)
					return
				}
			}
			time.Sleep(5 * time.Millisecond)
		}
		for i := first; i < first+size; i++ {
			l.acked.Store(i, true)
		}
	}
}

func (l *load) body(first, size int64) string {
	at := time.Now().UnixMilli()
	var records []sensors.Value
	for i := first; i < first+size; i++ {
		records = append(records, saidRecord(fmt.Sprint("user ", i%50), i, at, sensors.Member{Name: "price", Value: sensors.Integer(i)}))
	}
	return sensors.Encode(records, sensors.Encoding{Field: "data_list"})
}

// saidRecord is an event Buy with consent, in normal mode.
func saidRecord(user string, track, at int64, props ...sensors.Member) sensors.Value {
	props = append(props, sensors.Member{Name: "incognito", Value: sensors.Truth(false)}, sensors.Member{Name: "consent", Value: sensors.Text("statistics")})
	return sensors.NewObject(
		sensors.Member{Name: "type", Value: sensors.Text("track")}, sensors.Member{Name: "event", Value: sensors.Text("Buy")},
		sensors.Member{Name: "distinct_id", Value: sensors.Text(user)}, sensors.Member{Name: "_track_id", Value: sensors.Integer(track)},
		sensors.Member{Name: "time", Value: sensors.Integer(at)}, sensors.Member{Name: "properties", Value: sensors.NewObject(props...)},
	)
}

// Whatever is acknowledged is there once, however often the process is killed
// while it writes, hands over, or starts.
func TestCollectKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the collector many times")
	}
	dir := t.TempDir()
	l := &load{}
	c := collectIn(t, dir)
	l.url.Store(&c.url)
	var work sync.WaitGroup
	for w := range 4 {
		work.Go(func() { l.send(t, w) })
	}
	for i := range *killCycles {
		time.Sleep(time.Duration(20+i*37%350) * time.Millisecond)
		c.kill()
		c = collectIn(t, dir)
		l.url.Store(&c.url)
	}
	time.Sleep(300 * time.Millisecond)
	l.stop.Store(true)
	work.Wait()
	c.stop(t)
	seen := make(map[string]int)
	for _, r := range c.rows(t) {
		seen[r.Properties]++
	}
	n := 0
	l.acked.Range(func(key, _ any) bool {
		n++
		if got := seen[fmt.Sprintf(`{"price":%d}`, key)]; got != 1 {
			t.Errorf("event %d was acknowledged and is there %d times", key, got)
		}
		return true
	})
	if n < *killCycles || len(seen) != n {
		t.Errorf("%d were acknowledged, %d are there", n, len(seen))
	}
	t.Logf("%d kills, %d events acknowledged, %d stored", *killCycles, n, len(seen))
}

// A log that has reached its limit, and a disk without room, are an overload; when
// there is room again, all goes on without a restart.
func TestCollectFull(t *testing.T) {
	c := collectIn(t, t.TempDir(), "--flush", "1s", "--max-log", "200")
	l := &load{}
	statuses := make(map[int]int)
	kept := 0
	for i := range int64(400) {
		answer, err := http.Post(c.url+"/sa", "", strings.NewReader(l.body(i, 1)))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if statuses[answer.StatusCode]++; answer.StatusCode == http.StatusOK {
			kept++
		}
		if kept > 3 && statuses[http.StatusServiceUnavailable] > 3 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if statuses[http.StatusServiceUnavailable] == 0 || kept < 3 || len(statuses) != 2 {
		t.Errorf("answers: %v", statuses)
	}
	c.stop(t)
	if rows := c.rows(t); len(rows) != kept {
		t.Errorf("%d rows, %d acknowledged", len(rows), kept)
	}
	c = collectIn(t, t.TempDir(), "--min-free", fmt.Sprint(int64(1)<<60))
	for path, body := range map[string]string{"/sa": l.body(1, 1), "/readyz": ""} {
		method := http.MethodPost
		if body == "" {
			method = http.MethodGet
		}
		if status, _ := request(t, c, method, path, body); status != http.StatusServiceUnavailable {
			t.Errorf("%s without room: %d", path, status)
		}
	}
}

// request sends a request and returns the answer.
func request(t *testing.T, c *collecting, method, path, body string) (status int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(data)
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Each hostile request gets a clear refusal, nothing of it is stored, and the
// service goes on.
func TestCollectHostile(t *testing.T) {
	keyFile := filepath.Join(t.TempDir(), "seal.pem")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	c := collectIn(t, t.TempDir(), "--seal-key", keyFile, "--seal-version", "3")
	now := time.Now().UnixMilli()
	form := func(text string) string { return "data_list=" + url.QueryEscape(text) }
	deep := strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000)
	sealed := func(public any, version int64) string {
		record := saidRecord("user 1", 77, now, sensors.Member{Name: "price", Value: sensors.Integer(77)})
		box, err := sensors.Seal(sensors.Native, []string{string(record.Append(nil))}, sensors.Recipient{Version: version, Public: public}, now, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return sensors.EncodeSealed([]sensors.Container{box}, sensors.Encoding{Field: "data_list", Gzip: 9, CRC: "crc"})
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, path, body string
		status           int
	}{
		{"too large", "/sa", strings.Repeat("x", 3<<20), 413},
		{"gzip bomb", "/sa", string(gzipped(t, bytes.Repeat([]byte("a"), 100<<20))), 413},
		{"gzip bomb inside", "/sa", "data_list=" + url.QueryEscape(base64Of(gzipped(t, append([]byte("["), bytes.Repeat([]byte(" "), 100<<20)...)))), 413},
		{"deep", "/sa", form(deep), 413},
		{"many records", "/sa", form("[" + strings.Repeat("{},", 2000) + "{}]"), 413},
		{"invalid UTF-8", "/sa", form("[{\"type\":\"\xff\"}]"), 400},
		{"no JSON", "/sa", form(`[{"type":}]`), 400},
		{"SQL in the project", "/sa?project=" + url.QueryEscape("a'; DROP TABLE events; --"), form("[]"), 400},
		{"a path in the project", "/sa?project=" + url.QueryEscape("../../etc/passwd"), form("[]"), 400},
		{"an unknown project", "/sa?project=other", form("[]"), 400},
		{"another key", "/sa", sealed(&other.PublicKey, 3), 400},
		{"a key of another number", "/sa", sealed(&key.PublicKey, 9), 400},
		{"a key of another kind", "/sa", sealed(&curve.PublicKey, 3), 400},
		{"an envelope that was changed", "/sa", strings.Replace(sealed(&key.PublicKey, 3), "payloads", "payl0ads", 1), 400},
		{"a path that is not clean", "//sa", form("[]"), 404},
		{"without a token", "/subject/erase", `{"distinct_id":"u"}`, 401},
	} {
		status, text := request(t, c, http.MethodPost, tt.path, tt.body)
		if status != tt.status || strings.TrimSpace(text) == "" || len(text) > 300 {
			t.Errorf("%s: %d %.300q", tt.name, status, text)
		}
	}
	// Names and values with SQL are data: dropped, or kept as they are.
	sql := `'); DROP TABLE incoming; --`
	if status, _ := request(t, c, http.MethodPost, "/sa", sensors.Encode([]sensors.Value{
		saidRecord("user 1", 1, now, sensors.Member{Name: "note", Value: sensors.Text(sql)}),
		saidRecord("user 1", 2, now, sensors.Member{Name: sql, Value: sensors.Text("x")}),
	}, sensors.Encoding{Field: "data_list"})); status != http.StatusOK {
		t.Errorf("SQL in a value: %d", status)
	}
	// An envelope that is sent twice is one event.
	for range 3 {
		if status, text := request(t, c, http.MethodPost, "/sa", sealed(&key.PublicKey, 3)); status != http.StatusOK {
			t.Errorf("sealed: %d %s", status, text)
		}
	}
	slow(t, c)
	rows := c.wait(t, func(rows []store.Row) bool { return len(rows) >= 2 })
	if len(rows) != 2 || rows[0].Properties+rows[1].Properties != `{"note":"'); DROP TABLE incoming; --"}{"price":77}` && rows[1].Properties+rows[0].Properties != `{"note":"'); DROP TABLE incoming; --"}{"price":77}` {
		t.Errorf("stored: %+v", rows)
	}
	c.stop(t)
}

func base64Of(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// slow sends headers a byte at a time, and loses the connection.
func slow(t *testing.T, c *collecting) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", strings.TrimPrefix(c.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for range 60 {
		if _, err := conn.Write([]byte("P")); err != nil {
			return // closed by the other side
		}
		_ = conn.SetReadDeadline(time.Now().Add(250 * time.Millisecond))
		var b [1]byte
		_, err := conn.Read(b[:])
		if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
			return // an answer, or the end: it was cut off
		}
	}
	t.Error("a client that sends a byte now and then keeps its connection")
}
