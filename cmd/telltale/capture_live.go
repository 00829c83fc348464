package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"telltale/audit"
	"telltale/audit/capture"
	"telltale/audit/detect"
	"telltale/audit/evidence"
	"telltale/audit/report"
)

// A board is the live view of a capture: it sees each event as it is recorded,
// and is told of the seeds that are found in it. Without a terminal it is
// quiet.
type board struct {
	audit.Recorder

	mu      sync.Mutex
	hosts   map[string]*hostLine
	other   hostLine // hosts beyond the bound
	finds   []string
	found   int
	skipped int // events that were not searched, because they came too fast
	paused  bool

	queue chan audit.Event // to be searched; nil: there are no seeds
}

// A hostLine is what is shown of one host.
type hostLine struct {
	name              string
	requests, refused int
	sent, got         int64
	last              int // number of the event that came last
}

// Bounds of the view.
const (
	mostHosts  = 5000
	mostFinds  = 5    // lines of findings
	mostQueued = 4096 // events that wait to be searched
	redraw     = 500 * time.Millisecond
)

func newBoard(r audit.Recorder, search bool) *board {
	b := &board{Recorder: r, hosts: make(map[string]*hostLine)}
	if search {
		b.queue = make(chan audit.Event, mostQueued)
	}
	return b
}

// Record implements [audit.Recorder].
func (b *board) Record(e audit.Event) error {
	if err := b.Recorder.Record(e); err != nil {
		return err
	}
	b.see(e)
	if b.queue == nil || e.Exchange == nil && e.Message == nil && e.Tunnel == nil {
		return nil
	}
	select {
	case b.queue <- e:
	default: // the view never holds up the capture; the report searches everything
		b.mu.Lock()
		b.skipped++
		b.mu.Unlock()
	}
	return nil
}

// see counts an event.
func (b *board) see(e audit.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case e.Exchange != nil:
		x := e.Exchange
		l := b.host(x.Host)
		l.requests++
		l.sent += x.Body.Size
		l.got += x.Reply.Size
	case e.Message != nil && e.Message.Out:
		b.host(e.Message.Host).sent += e.Message.Body.Size
	case e.Message != nil:
		b.host(e.Message.Host).got += e.Message.Body.Size
	case e.Tunnel != nil:
		l := b.host(e.Tunnel.Host)
		l.sent += e.Tunnel.Out.Size
		l.got += e.Tunnel.In.Size
	case e.Refused != nil:
		b.host(e.Refused.Host).refused++
	}
}

// host returns the line of a host; the caller holds mu.
func (b *board) host(name string) *hostLine {
	l := b.hosts[name]
	switch {
	case l == nil && len(b.hosts) >= mostHosts:
		l = &b.other
		l.name = "others"
	case l == nil:
		l = &hostLine{name: name}
		b.hosts[name] = l
	}
	b.other.last++ // counts all events
	l.last = b.other.last
	return l
}

// search looks for the seeds in what comes, until ctx ends.
func (b *board) search(ctx context.Context, r *evidence.Reader) {
	for {
		var batch []audit.Event
		select {
		case e := <-b.queue:
			batch = append(batch, e)
		case <-ctx.Done():
			return
		}
		for len(batch) < mostQueued && len(b.queue) > 0 {
			batch = append(batch, <-b.queue)
		}
		b.look(r, batch)
	}
}

// look searches some events. What cannot be read is no matter of the view: the
// report says so.
func (b *board) look(r *evidence.Reader, batch []audit.Event) {
	events := func(yield func(audit.Event, error) bool) {
		for _, e := range batch {
			if !yield(e, nil) {
				return
			}
		}
	}
	var c report.Case
	exhibits := listed(&c, capture.Exhibits(r.Case.ID, events, r.Body, exhibitLimit))
	l, err := newLocksmith(nil, r.Seeds, nothing, defaultLimits)
	if err != nil {
		return
	}
	found, err := detect.Detect(exhibits, detect.Experiment{Arms: r.Case.Arms, Runs: 1, Seeds: r.Seeds, Answers: nothing}, l.first(), 1)
	if err != nil {
		return
	}
	exhibit := byID(c.Exhibits)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range found.Findings {
		if f.Seed == "" {
			continue
		}
		b.found++
		b.finds = append(b.finds, fmt.Sprintf("%s to %s: %s, %s", f.Seed, exhibit[f.Exhibit].Host, f.Kind, f.Form))
	}
	b.finds = b.finds[max(0, len(b.finds)-mostFinds):]
}

// nothing has no exhibits.
func nothing(func(audit.Exhibit, error) bool) {}

// show draws the view until ctx ends. On the keyboard p or space stops and
// starts the drawing; the capture goes on.
func (b *board) show(ctx context.Context, e *env) {
	width := terminalWidth(e.stderr)
	if width == 0 {
		<-ctx.Done()
		return
	}
	defer b.keys(e)()
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	lines := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if text, ok := b.text(terminalWidth(e.stderr)); ok {
				_, _ = io.WriteString(e.stderr, up(lines)+text)
				lines = strings.Count(text, "\n")
			}
		}
	}
}

// up moves the cursor to where the last drawing began, and clears from there.
func up(lines int) string {
	if lines == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA\x1b[J", lines)
}

// keys reads the keyboard. The function that it returns gives it back.
func (b *board) keys(e *env) (restore func()) {
	f, ok := e.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func() {}
	}
	back, err := keyByKey(int(f.Fd()))
	if err != nil {
		return func() {}
	}
	go func() { // ends with the program
		for key := make([]byte, 1); ; {
			if _, err := f.Read(key); err != nil {
				return
			}
			if key[0] == 'p' || key[0] == ' ' {
				b.mu.Lock()
				b.paused = !b.paused
				b.mu.Unlock()
			}
		}
	}()
	return back
}

// shownHosts is the number of hosts in the view.
const shownHosts = 12

// text is the view as it stands, false while it is paused.
func (b *board) text(width int) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.paused {
		return "", false
	}
	var sum hostLine
	var lines []hostLine
	for _, l := range b.hosts {
		lines = append(lines, *l)
	}
	if b.other.name != "" {
		lines = append(lines, b.other)
	}
	for _, l := range lines {
		sum.requests += l.requests
		sum.refused += l.refused
		sum.sent += l.sent
		sum.got += l.got
	}
	slices.SortFunc(lines, func(x, y hostLine) int { return cmp.Or(cmp.Compare(y.last, x.last), cmp.Compare(x.name, y.name)) })
	var t strings.Builder
	line := func(format string, args ...any) {
		t.WriteString(clip(fmt.Sprintf(format, args...), width-1) + "\n")
	}
	line("%8s %8s %10s %10s  %s", "requests", "refused", "sent", "received", "host (p pauses)")
	for _, l := range lines[:min(len(lines), shownHosts)] {
		line("%8d %8d %10s %10s  %s", l.requests, l.refused, size(l.sent), size(l.got), onOneLine(l.name))
	}
	line("%8d %8d %10s %10s  %d hosts", sum.requests, sum.refused, size(sum.sent), size(sum.got), len(b.hosts))
	if b.queue != nil {
		line("seeds found: %d%s", b.found, unsearched(b.skipped))
		for _, f := range b.finds {
			line("  %s", onOneLine(f))
		}
	}
	return t.String(), true
}

func unsearched(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d events came too fast to be searched here; the report searches them)", n)
}

// size is a number of bytes in words.
func size(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
