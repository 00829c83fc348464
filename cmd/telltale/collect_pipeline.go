package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"telltale/claims"
	"telltale/collect"
	"telltale/collect/consent"
	"telltale/collect/ingest"
	"telltale/collect/protect"
	"telltale/collect/store"
	"telltale/collect/store/duckdb"
	"telltale/collect/store/journal"
)

// A pipeline takes events through the gates, into the log and from there into
// the store. It implements [ingest.Sink].
type pipeline struct {
	folder   *folder
	now      func() time.Time
	log      *slog.Logger
	metrics  *collectMetrics
	flush    time.Duration
	epochs   time.Duration
	eraseIn  time.Duration
	registry *consent.Registry
	consent  *consent.Gate
	protect  *protect.Protector
	subjects *protect.Subjects
	stamps   *protect.Stamps
	journal  *journal.Journal
	store    store.Store

	// gates is held to read while events pass, and to write while a consent is
	// withdrawn: what passes after that sees it.
	gates sync.RWMutex
	// moving is held while segments go to the store, or rows are erased.
	moving sync.Mutex
	epoch  time.Time // when the epoch of the counts began

	erasures sync.Mutex // guards the file of that name
}

// A promise is what a pipeline keeps.
type promise struct {
	policy *protect.Policy
	plan   *collect.Plan
}

// openPipeline opens all that is in the folder.
func openPipeline(ctx context.Context, e *env, c *collectConfig, f *folder, keep promise) (p *pipeline, err error) {
	policy, plan := keep.policy, keep.plan
	p = &pipeline{
		folder: f, now: e.now, metrics: newCollectMetrics(), epoch: e.now(),
		flush: c.Flush, epochs: c.Epoch, eraseIn: c.EraseIn,
		log: slog.New(slog.NewJSONHandler(e.stderr, nil)),
	}
	if p.registry, err = f.registry(); err != nil {
		return nil, err
	}
	if p.subjects, err = protect.OpenSubjects(f.path("keys"), rand.Reader); err != nil {
		return nil, err
	}
	if p.stamps, err = protect.OpenStamps(f.path("keys"), c.Window, e.now(), rand.Reader); err != nil {
		return nil, err
	}
	if p.store, err = duckdb.Open(ctx, f.path("store")); err != nil {
		return nil, err
	}
	p.journal, err = journal.Open(f.path("log"), journal.Options{
		Seal: protect.NewJournal(protect.Derive(f.master, "log")), Before: p.subjects.Sync, Now: e.now, Window: c.Window,
		Room: func(size int64) bool {
			free, err := freeBytes(f.dir)
			return size < c.MaxLog && (err != nil || free > c.MinFree)
		},
	})
	if err != nil {
		return nil, err
	}
	p.consent = &consent.Gate{Plan: plan, Registry: p.registry}
	p.protect = &protect.Protector{
		Policy: policy, Subjects: p.subjects, Stamps: p.stamps,
		Counter: protect.NewCounter(protect.Budget{Epsilon: c.Epsilon, Delta: int(c.Delta), Values: int(c.Values), K: policy.K}),
		Region:  func(collect.Client) string { return c.Region },
	}
	_, err = io.ReadFull(rand.Reader, p.protect.Tag[:])
	return p, err
}

// Take implements [ingest.Sink].
func (p *pipeline) Take(ctx context.Context, events []collect.Event) (f ingest.Fates, err error) {
	if len(events) == 0 {
		return f, nil
	}
	if err := p.stamps.Turn(p.now()); err != nil {
		return f, err
	}
	p.gates.RLock()
	defer p.gates.RUnlock()
	keep := make([]protect.Event, 0, len(events))
	pass := p.protect.Pass()
	taken := make(map[protect.Reason]int)
	defer func() {
		for reason, n := range taken {
			p.metrics.dropped(string(reason), n)
		}
	}()
	for _, e := range events {
		permitted, reason := p.consent.Permit(e)
		if reason != "" {
			f.Refused++
			p.metrics.dropped(string(reason), 1)
			continue
		}
		out, reasons, kept, err := pass.Protect(permitted)
		if err != nil {
			return ingest.Fates{}, err
		}
		for _, r := range reasons {
			taken[r]++
		}
		f.Kept++
		if kept {
			keep = append(keep, out)
		}
	}
	if len(keep) == 0 {
		return f, nil
	}
	copies, err := p.journal.Add(ctx, keep)
	f.Kept, f.Copies = f.Kept-copies, copies
	if err != nil {
		p.metrics.dropped("not-durable", len(keep))
	}
	return f, err
}

// maxWaiting is how much of the log may wait before it goes to the store at once.
const maxWaiting = 16 << 20

// run hands over, releases and expires until ctx ends, and then once more.
func (p *pipeline) run(ctx context.Context) {
	tick := time.NewTicker(min(p.flush, time.Second))
	defer tick.Stop()
	last, daily := p.now(), time.Time{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := p.now()
		if now.Sub(last) >= p.flush || p.journal.Size() > maxWaiting {
			last = now
			p.report("hand over", p.handOver(ctx))
		}
		if now.Sub(p.epoch) >= p.epochs {
			p.report("release counts", p.release(ctx))
		}
		if now.Sub(daily) >= min(time.Hour, p.eraseIn/2) {
			daily = now
			p.report("keep up", p.keepUp(ctx))
		}
	}
}

// report counts and logs what went wrong in the background; it is tried again.
// The text of an error here may have names of files, and no data.
func (p *pipeline) report(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		p.metrics.dropped("background-error", 1)
		p.log.Error("background work failed; it will be tried again", slog.String("work", what), slog.String("error", err.Error()))
	}
}

// handOver takes ended segments into the store.
func (p *pipeline) handOver(ctx context.Context) error {
	p.moving.Lock()
	defer p.moving.Unlock()
	return p.move(ctx)
}

func (p *pipeline) move(ctx context.Context) error {
	numbers, err := p.journal.Rotate()
	if err != nil {
		return err
	}
	for _, n := range numbers {
		events, err := p.journal.Read(n)
		if err != nil {
			return err
		}
		if err := p.store.Add(ctx, store.Batch(n), events); err != nil {
			return err
		}
		if err := p.journal.Done(n, events); err != nil {
			return err
		}
		p.metrics.stored(len(events))
	}
	return nil
}

// release ends an epoch of the counts: first the ledger says what it costs, then
// the counts are told.
func (p *pipeline) release(ctx context.Context) error {
	began := p.epoch
	p.epoch = p.now()
	counts, spent, err := p.protect.Counter.Release(began, rand.Reader)
	if err != nil || len(spent) == 0 {
		return err
	}
	if err := appendJSON(p.folder.path("ledger.jsonl"), spent); err != nil {
		return fmt.Errorf("writing the ledger: %w", err)
	}
	return p.store.AddCounts(ctx, began, counts)
}

// appendJSON adds a line for each item to a file, and puts it on disk.
func appendJSON[T any](path string, items []T) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // in the data folder
	if err != nil {
		return err
	}
	var out []byte
	for _, item := range items {
		line, err := json.Marshal(item)
		if err != nil {
			return errors.Join(err, f.Close())
		}
		out = append(append(out, line...), '\n')
	}
	_, err = f.Write(out)
	return errors.Join(err, f.Sync(), f.Close())
}

// keepUp does what is due from time to time.
func (p *pipeline) keepUp(ctx context.Context) error {
	now := p.now()
	_, err := p.erasePending(ctx)
	const ahead = 2 * time.Hour // the next time comes before that
	return errors.Join(err,
		p.store.Upkeep(ctx, now.Add(ahead-p.protect.Policy.Retention)),
		p.subjects.Expire(now.Add(-p.protect.Policy.Retention)),
		p.journal.Turn(),
	)
}

// close hands over what is left, releases the counts and closes everything.
func (p *pipeline) close(ctx context.Context) error {
	return errors.Join(
		p.handOver(ctx), p.release(ctx), p.journal.Close(),
		p.store.Close(), p.subjects.Close(), p.registry.Close(), p.folder.close(),
	)
}

// readPlan reads the claims file and the tracking plan, which stands in it or
// in a file beside it.
func readPlan(name, planAt string) (file claims.File, text []byte, err error) {
	file, text, err = openClaims(name)
	if err != nil {
		return file, nil, err
	}
	if planAt != "" {
		beside, _, err := openClaims(planAt)
		if err != nil {
			return file, nil, err
		}
		file.Schema = beside.Schema
	}
	if file.Schema == nil {
		return file, nil, usagef("%s has no tracking plan (schema); write one, `telltale collect plan --from-traffic` drafts it, or give --plan", filepath.Base(name))
	}
	return file, text, nil
}
