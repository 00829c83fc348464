package mitm

import (
	"bytes"
	"io"
	"net/http"
	"testing"
)

// post sends body and reads the answer. The recorder of the lab hashes, but has
// no disk.
func post(b *testing.B, c *http.Client, url string, body io.Reader) {
	resp, err := c.Do(request(b, "POST", url, body))
	if err != nil {
		b.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
}

// Requests of 1 KiB over connections that are kept.
func BenchmarkKeepAlive(b *testing.B) {
	for name, change := range map[string]func(*http.Transport){"h1": func(tr *http.Transport) { tr.MaxIdleConnsPerHost = 64 }, "h2": h2} {
		b.Run(name, func(b *testing.B) {
			l := newLab(b)
			c := l.client(b, change)
			body := make([]byte, 1<<10)
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					post(b, c, "https://a.example/sa", bytes.NewReader(body))
				}
			})
			b.ReportMetric(float64(len(l.all()))/b.Elapsed().Seconds(), "req/s")
		})
	}
}

// One body of 64 MiB.
func BenchmarkStream(b *testing.B) {
	const size = 64 << 20
	for name, change := range map[string]func(*http.Transport){"h1": func(*http.Transport) {}, "h2": h2} {
		b.Run(name, func(b *testing.B) {
			c := newLab(b).client(b, change)
			b.SetBytes(size)
			for b.Loop() {
				post(b, c, "https://a.example/", io.LimitReader(zeros{}, size))
			}
		})
	}
}
