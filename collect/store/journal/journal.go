// Package journal is the durable log of the collector. An event is acknowledged
// when it is in the log and the log is on disk: many requests share one write
// and one sync (group commit). What it holds has passed all gates and is sealed.
//
// The log is a row of files, the segments. One is written; the ended ones are
// handed over to a store, a segment a batch, and removed when the store has
// them. Copies of an event within a window are told by their stamps, also after
// a restart.
package journal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"telltale/collect/protect"
)

// Errors of [Journal.Add]: nothing was kept, and the same events can come again.
var (
	ErrBusy   = errors.New("too many requests wait for the disk")
	ErrFull   = errors.New("the disk is full, or the log has reached its limit")
	ErrClosed = errors.New("the log is closed")
)

// Options are what a journal needs to know.
type Options struct {
	Seal *protect.Journal
	// Before is called before events are written: what they need must be on disk
	// before them.
	Before func() error
	// Room reports whether there is room for more; the bytes are those of the log.
	Room func(log int64) bool
	Now  func() time.Time
	// Window is how long copies of an event are told.
	Window time.Duration
}

// Limits of a group.
const (
	maxQueue = 4096    // requests that wait
	maxGroup = 16_384  // events that share a write
	maxPiece = 1 << 28 // bytes of a piece; a larger length is damage
	headSize = 8       // of a piece: length, and checksum of all that follows
)

var table = crc32.MakeTable(crc32.Castagnoli)

// A Journal is a log that is open. It is safe for concurrent use.
type Journal struct {
	dir   string
	opt   Options
	queue chan request
	done  chan struct{} // the writer has ended

	closing sync.RWMutex // held to write by Close, to read by those who send to queue
	closed  bool

	mu    sync.Mutex
	seen  *Seen
	file  *os.File
	seg   *protect.Segment
	last  uint64 // number of the file that is written
	good  int64  // bytes of it that are whole and on disk
	dirty bool   // there may be more than good
	ended map[uint64]int64
}

// A request is one call of Add.
type request struct {
	events []protect.Event
	answer chan<- outcome
}

type outcome struct {
	copies int
	err    error
}

// Open opens the log in a folder. What a crash left behind a last whole piece
// was acknowledged to nobody, and is cut off.
func Open(dir string, o Options) (*Journal, error) {
	j := &Journal{
		dir: dir, opt: o, queue: make(chan request, maxQueue), done: make(chan struct{}),
		ended: make(map[uint64]int64),
	}
	var err error
	if j.seen, err = openSeen(filepath.Join(dir, "seen"), o.Window, o.Now()); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		n, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(f), ".log"), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("opening the log: %s is no segment; take it out of the folder", f)
		}
		if err := j.recover(n); err != nil {
			return nil, fmt.Errorf("opening the log: segment %d: %w", n, err)
		}
		j.last = max(j.last, n)
	}
	if last, err := readNumber(j.numberPath()); err == nil {
		j.last = max(j.last, last)
	}
	if err := j.begin(); err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	go j.write()
	return j, nil
}

func (j *Journal) path(n uint64) string { return filepath.Join(j.dir, fmt.Sprintf("%012d.log", n)) }

// numberPath is where the last number stands: no segment may have the key of
// another, also when all are gone.
func (j *Journal) numberPath() string { return filepath.Join(j.dir, "last") }

// recover reads a segment of an earlier run: its stamps count, and what breaks
// off is cut off.
func (j *Journal) recover(n uint64) error {
	data, err := os.ReadFile(j.path(n))
	if err != nil {
		return err
	}
	whole := 0
	for piece := range pieces(data) {
		whole += headSize + len(piece)
	}
	events, err := j.open(n, data)
	if err != nil {
		return err
	}
	for i := range events {
		j.seen.add(j.opt.Now(), events[i].Stamp())
	}
	if whole < len(data) {
		if err := os.Truncate(j.path(n), int64(whole)); err != nil {
			return err
		}
	}
	if whole == 0 {
		return os.Remove(j.path(n))
	}
	j.ended[n] = int64(whole)
	return nil
}

// pieces yields the whole pieces at the begin of a file.
func pieces(data []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(data) >= headSize {
			n := binary.BigEndian.Uint32(data)
			if n == 0 || n > maxPiece || int(n) > len(data)-headSize { // zeros are what some disks leave
				return
			}
			piece := data[headSize : headSize+int(n)]
			if crc32.Checksum(piece, table) != binary.BigEndian.Uint32(data[4:]) || !yield(piece) {
				return
			}
			data = data[headSize+int(n):]
		}
	}
}

// open returns the events of a file.
func (j *Journal) open(n uint64, data []byte) (events []protect.Event, err error) {
	seg, err := j.opt.Seal.Segment(n)
	if err != nil {
		return nil, err
	}
	for piece := range pieces(data) {
		more, err := seg.Open(piece)
		if err != nil {
			return nil, err
		}
		events = append(events, more...)
	}
	return events, nil
}

// begin starts the next segment.
func (j *Journal) begin() error {
	n := j.last + 1
	if err := writeNumber(j.numberPath(), n); err != nil {
		return err
	}
	j.last = n // also if the rest fails: no number is used twice
	seg, err := j.opt.Seal.Segment(n)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(j.path(n), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syncDir(j.dir); err != nil {
		return errors.Join(err, f.Close())
	}
	j.file, j.seg, j.good, j.dirty = f, seg, 0, false
	return nil
}

// Add keeps events and returns when they are on disk. copies is how many of
// them had been kept before. On an error none of them is.
func (j *Journal) Add(ctx context.Context, events []protect.Event) (copies int, err error) {
	for i := range events {
		if events[i].Name() == "" {
			return 0, errors.New("adding to the log: an event that no gate made")
		}
	}
	answer := make(chan outcome, 1)
	if err := j.send(request{events, answer}); err != nil {
		return 0, err
	}
	select {
	case o := <-answer:
		return o.copies, o.err
	case <-ctx.Done():
		return 0, ctx.Err() // it may be kept; a copy that comes again is told
	}
}

func (j *Journal) send(r request) error {
	j.closing.RLock()
	defer j.closing.RUnlock()
	if j.closed {
		return ErrClosed
	}
	select {
	case j.queue <- r:
		return nil
	default:
		return ErrBusy
	}
}

// write is the one writer.
func (j *Journal) write() {
	defer close(j.done)
	for first := range j.queue {
		group := []request{first}
		n := len(first.events)
		for more := true; more && n < maxGroup; {
			select {
			case r, ok := <-j.queue:
				if more = ok; ok {
					group = append(group, r)
					n += len(r.events)
				}
			default:
				more = false
			}
		}
		j.commit(group)
	}
}

// commit writes the new events of a group, and answers all.
func (j *Journal) commit(group []request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var events []protect.Event
	here := make(map[uint64]struct{})
	copies := make([]int, len(group))
	for i, r := range group {
		for _, e := range r.events {
			s := e.Stamp()
			if s != 0 {
				if _, twice := here[s]; twice || j.seen.has(s) {
					copies[i]++
					continue
				}
				here[s] = struct{}{}
			}
			events = append(events, e)
		}
	}
	err := j.append(events)
	if err == nil {
		now := j.opt.Now()
		for s := range here {
			j.seen.add(now, s)
		}
	}
	for i, r := range group {
		r.answer <- outcome{copies[i], err}
	}
}

// append puts events on disk. After an error the file is as it was before, or
// will be before the next try.
func (j *Journal) append(events []protect.Event) error {
	if len(events) == 0 {
		return nil
	}
	if j.file == nil {
		if err := j.begin(); err != nil {
			return fmt.Errorf("%w: %w", ErrFull, err)
		}
	}
	if j.dirty {
		if err := j.cut(); err != nil {
			return fmt.Errorf("%w: %w", ErrFull, err)
		}
	}
	if !j.opt.Room(j.size()) {
		return ErrFull
	}
	if err := j.opt.Before(); err != nil {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	piece := j.seg.Seal(events).Bytes()
	out := make([]byte, headSize, headSize+len(piece))
	binary.BigEndian.PutUint32(out, uint32(len(piece))) //nolint:gosec // a group has far less
	binary.BigEndian.PutUint32(out[4:], crc32.Checksum(piece, table))
	out = append(out, piece...)
	j.dirty = true
	_, err := j.file.WriteAt(out, j.good)
	if err == nil {
		err = datasync(j.file)
	}
	if err != nil {
		return fmt.Errorf("%w: writing the log: %w", ErrFull, errors.Join(err, j.cut()))
	}
	j.good += int64(len(out))
	j.dirty = false
	return nil
}

// cut takes away what is not known to be on disk.
func (j *Journal) cut() error {
	if err := errors.Join(j.file.Truncate(j.good), j.file.Sync()); err != nil {
		return err
	}
	j.dirty = false
	return nil
}

// size returns the bytes of all segments.
func (j *Journal) size() int64 {
	sum := j.good
	for _, n := range j.ended {
		sum += n
	}
	return sum
}

// Size returns the bytes of the log that no store has yet.
func (j *Journal) Size() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.size()
}

// Rotate ends the segment that is written, if there is anything in it, and
// returns the numbers of all that have ended.
func (j *Journal) Rotate() ([]uint64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var err error
	if j.good > 0 && j.file != nil && !j.dirty {
		err = j.file.Close()
		j.ended[j.last] = j.good
		j.file, j.good, j.dirty = nil, 0, false
		if err == nil {
			err = j.begin() // or else the next append tries again
		}
	}
	numbers := make([]uint64, 0, len(j.ended))
	for n := range j.ended {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers, err
}

// Read returns the events of an ended segment.
func (j *Journal) Read(n uint64) ([]protect.Event, error) {
	data, err := os.ReadFile(j.path(n))
	if err != nil {
		return nil, fmt.Errorf("reading the log: %w", err)
	}
	return j.open(n, data)
}

// Done removes a segment that a store has. Its stamps are kept for the window.
func (j *Journal) Done(n uint64, events []protect.Event) error {
	stamps := make([]uint64, 0, len(events))
	for i := range events {
		if s := events[i].Stamp(); s != 0 {
			stamps = append(stamps, s)
		}
	}
	if err := j.seen.keep(j.opt.Now(), stamps); err != nil {
		return fmt.Errorf("keeping stamps: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := os.Remove(j.path(n)); err != nil {
		return fmt.Errorf("removing a segment that a store has: %w", err)
	}
	delete(j.ended, n)
	return syncDir(j.dir)
}

// Turn forgets stamps that are older than the window.
func (j *Journal) Turn() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.seen.expire(j.opt.Now())
}

// Close writes what waits and ends the log.
func (j *Journal) Close() error {
	j.closing.Lock()
	if j.closed {
		j.closing.Unlock()
		return nil
	}
	j.closed = true
	close(j.queue)
	j.closing.Unlock()
	<-j.done
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}
