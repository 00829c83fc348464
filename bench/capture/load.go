package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// load sends requests and prints how it went on one line.
func load(args []string) error {
	f := flag.NewFlagSet("load", flag.ContinueOnError)
	proxy := f.String("proxy", "", "proxy, empty for none")
	ca := f.String("ca", "", "file of the authority to trust")
	target := f.String("url", "", "what to ask for")
	conns := f.Int("c", 16, "connections that are kept")
	count := f.Int64("n", 0, "requests; 0: as many as fit into -t")
	last := f.Duration("t", 10*time.Second, "time, if -n is 0")
	rate := f.Float64("rate", 0, "requests a second; 0: as many as possible")
	if err := f.Parse(args); err != nil {
		return err
	}
	pem, err := os.ReadFile(*ca)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: *conns, MaxConnsPerHost: *conns, DisableCompression: true}
	if *proxy != "" {
		u, err := url.Parse(*proxy)
		if err != nil {
			return err
		}
		tr.Proxy = http.ProxyURL(u)
	}
	r := run{client: &http.Client{Transport: tr}, url: *target, count: *count}
	ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour)
	if *count == 0 {
		ctx, cancel = context.WithTimeout(context.Background(), *last)
	}
	defer cancel()
	return r.measure(ctx, *conns, *rate)
}

// A run is the requests of one measurement.
type run struct {
	client *http.Client
	url    string
	count  int64

	sent, bytes, failed atomic.Int64
	mu                  sync.Mutex
	times               []time.Duration
	firstErr            error
}

func (r *run) measure(ctx context.Context, conns int, rate float64) error {
	var tickets chan time.Time
	if rate > 0 {
		tickets = make(chan time.Time, 1<<16)
		go issue(ctx, tickets, rate)
	}
	start := time.Now()
	var all sync.WaitGroup
	for range conns {
		all.Go(func() { r.work(ctx, tickets) })
	}
	all.Wait()
	took := time.Since(start).Seconds()
	slices.Sort(r.times)
	fmt.Printf("%.0f req/s, %.1f MB/s, p50 %.2f ms, p99 %.2f ms, %d requests, %d failed\n",
		float64(len(r.times))/took, float64(r.bytes.Load())/1e6/took, r.quantile(0.5), r.quantile(0.99), len(r.times), r.failed.Load())
	if r.failed.Load() > 0 {
		return fmt.Errorf("the first failure: %w", r.firstErr)
	}
	return nil
}

// issue hands out the moments at which requests are due: a late one counts from
// the moment that it was due.
func issue(ctx context.Context, tickets chan<- time.Time, rate float64) {
	start := time.Now()
	for i := 0; ctx.Err() == nil; i++ {
		due := start.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		time.Sleep(time.Until(due))
		select {
		case tickets <- due:
		case <-ctx.Done():
		}
	}
}

func (r *run) work(ctx context.Context, tickets <-chan time.Time) {
	var times []time.Duration
	for ctx.Err() == nil && (r.count == 0 || r.sent.Add(1) <= r.count) {
		due := time.Now()
		if tickets != nil {
			select {
			case due = <-tickets:
			case <-ctx.Done():
				continue
			}
		}
		n, err := r.one(ctx)
		switch {
		case err == nil:
			times = append(times, time.Since(due))
			r.bytes.Add(n)
		case ctx.Err() == nil:
			r.failed.Add(1)
			r.mu.Lock()
			if r.firstErr == nil {
				r.firstErr = err
			}
			r.mu.Unlock()
		}
	}
	r.mu.Lock()
	r.times = append(r.times, times...)
	r.mu.Unlock()
}

func (r *run) one(ctx context.Context) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %s", resp.Status)
	}
	return n, err
}

func (r *run) quantile(q float64) float64 {
	if len(r.times) == 0 {
		return 0
	}
	return float64(r.times[int(q*float64(len(r.times)-1))].Microseconds()) / 1000
}
