package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// A traffic writes a pcap file (raw IP) of HTTP between one client and one
// server as browsers have it: a fourth of the requests with a body of some
// hundred bytes, answers from nothing to a megabyte and of 30 KB in the mean,
// one half of them text and the other as if compressed.
type traffic struct {
	out    *bufio.Writer
	random *rand.Rand
	clock  int64
	port   uint16
	seq    [2]uint32
	size   int64
	words  []byte
	noise  []byte
}

func (t *traffic) packet(side int, flags byte, data []byte) {
	ports := [2]uint16{t.port, 80}
	hosts := [2][]byte{{10, 0, 0, 2}, {192, 0, 2, 7}}
	t.clock += 10
	n := 40 + len(data)
	b := make([]byte, 16, 16+40)
	binary.LittleEndian.PutUint32(b, uint32(1795228589+t.clock/1e6))
	binary.LittleEndian.PutUint32(b[4:], uint32(t.clock%1e6))
	binary.LittleEndian.PutUint32(b[8:], uint32(n))
	binary.LittleEndian.PutUint32(b[12:], uint32(n))
	b = append(b, 0x45, 0, byte(n>>8), byte(n), 0, 1, 0x40, 0, 64, 6, 0, 0)
	b = append(append(b, hosts[side]...), hosts[1-side]...)
	b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, ports[side]), ports[1-side])
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, t.seq[side]), t.seq[1-side])
	b = append(b, 5<<4, flags, 0xff, 0xff, 0, 0, 0, 0)
	_, _ = t.out.Write(b)
	_, _ = t.out.Write(data)
	t.seq[side] += uint32(len(data))
	t.size += int64(16 + n)
}

func (t *traffic) say(side int, data []byte) {
	for len(data) > 0 {
		n := min(1400, len(data))
		t.packet(side, 0x18, data[:n])
		data = data[n:]
	}
}

// body is n bytes.
func (t *traffic) body(n int) []byte {
	from := t.words
	if t.random.IntN(2) == 0 {
		from = t.noise
	}
	at := t.random.IntN(len(from) - n)
	return append(strconv.AppendInt(nil, t.size, 36), from[at:at+n]...) // no two are the same
}

// connection writes a connection of some requests.
func (t *traffic) connection() {
	t.port++
	if t.port < 1024 {
		t.port = 1024
	}
	t.seq = [2]uint32{1, 1}
	t.packet(0, 2, nil)
	t.seq[0]++
	t.packet(1, 0x12, nil)
	t.seq[1]++
	for range 8 {
		var up []byte
		if t.random.IntN(4) == 0 {
			up = t.body(t.random.IntN(1500))
		}
		down := t.body(t.random.IntN(1 << (1 + t.random.IntN(20))))
		t.say(0, fmt.Appendf(nil, "POST /collect?n=%d HTTP/1.1\r\nHost: sink.example\r\nUser-Agent: %s\r\nContent-Length: %d\r\n\r\n%s", t.size, t.words[:200], len(up), up))
		t.say(1, fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n%s", len(down), down))
	}
	t.packet(0, 0x11, nil)
	t.packet(1, 0x11, nil)
}

// writeTraffic writes a file of at least size bytes.
func writeTraffic(tb testing.TB, path string, size int64) int64 {
	tb.Helper()
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	t := &traffic{out: bufio.NewWriterSize(f, 1<<20), random: rand.New(rand.NewPCG(1, 2)), port: 1024}
	t.noise = make([]byte, 2<<20)
	for i := range t.noise {
		t.noise[i] = byte(t.random.Uint32())
	}
	for len(t.words) < 2<<20 {
		t.words = append(t.words, fmt.Sprintf(`{"event":"page_%d","time":%d} `, t.random.IntN(5000), t.random.IntN(1<<30))...)
	}
	head := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	head = append(head, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0)
	_, _ = t.out.Write(head)
	for t.size < size {
		t.connection()
	}
	if err := t.out.Flush(); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return t.size
}

// TestWriteTraffic writes the capture for other programs, where
// TELLTALE_BENCH_FILE says: see bench/import.sh.
func TestWriteTraffic(t *testing.T) {
	path := os.Getenv("TELLTALE_BENCH_FILE")
	if path == "" {
		path = filepath.Join(t.TempDir(), "traffic.pcap")
	}
	if n := writeTraffic(t, path, benchBytes(1<<20)); n < benchBytes(1<<20) {
		t.Errorf("%d bytes were written", n)
	}
}

// benchBytes is how large the capture is to be.
func benchBytes(usual int64) int64 {
	if n, err := strconv.ParseInt(os.Getenv("TELLTALE_BENCH_BYTES"), 10, 64); err == nil {
		return n
	}
	return usual
}

// BenchmarkImport imports a capture of HTTP, with all that the command does.
// TELLTALE_BENCH_BYTES says how large it is; bench/import.sh takes 1 GiB.
func BenchmarkImport(b *testing.B) {
	size := benchBytes(64 << 20)
	path := filepath.Join(b.TempDir(), "traffic.pcap")
	b.SetBytes(writeTraffic(b, path, size))
	n := 0
	before := cpu(b)
	for b.Loop() {
		n++
		var out, errs bytes.Buffer
		e := &env{stdin: bytes.NewReader(nil), stdout: &out, stderr: &errs, now: time.Now, getenv: func(string) string { return "" }}
		dir := filepath.Join(b.TempDir(), strconv.Itoa(n))
		if code := run(b.Context(), e, []string{"import", "-o", dir, path}); code != exitOK {
			b.Fatal(errs.String())
		}
		if err := os.RemoveAll(dir); err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, &out)
	}
	used := cpu(b) - before
	b.ReportMetric(float64(size)*float64(n)/used.Seconds()/1e6, "MB/cpu-s")
	b.ReportMetric(float64(resident(b))/(1<<20), "MiB-peak")
}

// cpu is the time that the processors have worked for this process.
func cpu(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resident is the most memory that this process has had, in bytes.
func resident(tb testing.TB) int64 {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return u.Maxrss << 10
}
