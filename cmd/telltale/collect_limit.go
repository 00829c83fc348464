package main

import (
	"net/netip"
	"sync"
	"time"
)

// A rateLimit is a bucket for each key: it holds what may come in one second,
// and in all of that again what came is forgotten. It is in memory only.
type rateLimit[K comparable] struct {
	perSecond int64 // 0: no limit
	mu        sync.Mutex
	buckets   map[K]bucket
}

type bucket struct {
	left float64
	at   time.Time
}

// maxBuckets bounds the memory; when there are more, all begin anew.
const maxBuckets = 100_000

// allow takes n from the bucket of a key. A full bucket lets one request through
// that is larger than itself, or such a one would never come.
func (l *rateLimit[K]) allow(key K, n int, now time.Time) bool {
	if l.perSecond == 0 {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buckets == nil || len(l.buckets) >= maxBuckets {
		l.buckets = make(map[K]bucket)
	}
	full := float64(l.perSecond)
	b, ok := l.buckets[key]
	if !ok {
		b = bucket{full, now}
	}
	b.left = min(full, b.left+max(0, now.Sub(b.at).Seconds())*full)
	b.at = now
	allowed := b.left >= float64(n) || b.left == full
	if allowed {
		b.left -= float64(n)
	}
	l.buckets[key] = b
	return allowed
}

// limiter returns the limits of projects and of clients' addresses. Of an IPv6
// address the network counts.
func limiter(c *collectConfig, now func() time.Time) func(netip.Addr, string, int) bool {
	projects := &rateLimit[string]{perSecond: c.Rate}
	clients := &rateLimit[netip.Addr]{perSecond: c.RateAddr}
	return func(a netip.Addr, project string, n int) bool {
		if a.Is6() {
			if net, err := a.Prefix(64); err == nil {
				a = net.Addr()
			}
		}
		return clients.allow(a, n, now()) && projects.allow(project, n, now())
	}
}
