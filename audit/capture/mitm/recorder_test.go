package mitm

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"slices"
	"sync"
	"testing"

	"telltale/audit"
)

// A memory is a recorder that keeps events, and of each body the hash and the
// beginning. It breaks on demand.
type memory struct {
	mu     sync.Mutex
	events []audit.Event
	bodies map[string]string // by hash
	news   chan struct{}     // closed and made anew with every event
	broken string            // the call that fails: body, write, close, record
}

func newMemory() *memory {
	return &memory{bodies: make(map[string]string), news: make(chan struct{})}
}

var errDisk = errors.New("no space left on device")

func (m *memory) fails(call string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken == call {
		return errDisk
	}
	return nil
}

func (m *memory) Body() (audit.BodyWriter, error) {
	if err := m.fails("body"); err != nil {
		return nil, err
	}
	return &memoryBody{memory: m, sum: sha256.New()}, nil
}

func (m *memory) Record(e audit.Event) error {
	if err := m.fails("record"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, e)
	close(m.news)
	m.news = make(chan struct{})
	return nil
}

// all returns the events so far.
func (m *memory) all() []audit.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.events)
}

// wait returns the first n events.
func (m *memory) wait(t testing.TB, n int) []audit.Event {
	t.Helper()
	for {
		m.mu.Lock()
		events, news := slices.Clone(m.events), m.news
		m.mu.Unlock()
		if len(events) >= n {
			return events[:n]
		}
		select {
		case <-news:
		case <-t.Context().Done():
			t.Fatalf("%d events, want %d", len(events), n)
		}
	}
}

// text returns what a body holds.
func (m *memory) text(b audit.Body) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.bodies[b.SHA256]
}

const kept = 1 << 10

type memoryBody struct {
	memory *memory
	sum    hash.Hash
	head   bytes.Buffer
	size   int64
}

func (b *memoryBody) Write(p []byte) (int, error) {
	if err := b.memory.fails("write"); err != nil {
		return 0, err
	}
	b.size += int64(len(p))
	b.sum.Write(p)
	b.head.Write(p[:min(len(p), kept-b.head.Len())])
	return len(p), nil
}

func (b *memoryBody) Close(cause error) (audit.Body, error) {
	if err := b.memory.fails("close"); err != nil {
		return audit.Body{}, err
	}
	body := audit.Body{SHA256: hex.EncodeToString(b.sum.Sum(nil)), Size: b.size}
	if cause != nil {
		body.Error = cause.Error()
	}
	b.memory.mu.Lock()
	defer b.memory.mu.Unlock()
	b.memory.bodies[body.SHA256] = b.head.String()
	return body, nil
}
