package pcap

import (
	"bytes"
	"errors"
	"io"
	"iter"
)

// maxHeld bounds what a reader is given before it can go on.
const maxHeld = 1 << 20

var errHeld = errors.New("too much came before what it answers")

// A feed runs a reader as a coroutine: the reader reads from the feed as from
// any stream, and what it has not been given yet it waits for. All of it runs
// in the caller of write, one at a time.
type feed struct {
	data   []byte // given and not read
	lent   bool   // data belongs to who wrote it
	end    error  // what Read returns behind data, nil while more may come
	until  func() bool
	yield  func(struct{}) bool
	resume func() (struct{}, bool)
	stop   func()
	done   bool
}

// newFeed starts a reader, which runs with the first write.
func newFeed(read func(*feed)) *feed {
	f := &feed{}
	f.resume, f.stop = iter.Pull(func(yield func(struct{}) bool) {
		f.yield = yield
		read(f)
	})
	return f
}

// Read implements [io.Reader] for the reader.
func (f *feed) Read(p []byte) (int, error) {
	for len(f.data) == 0 {
		if f.end != nil {
			return 0, f.end
		}
		if !f.yield(struct{}{}) {
			f.end = errCaptureEnds
		}
	}
	n := copy(p, f.data)
	f.data = f.data[n:]
	return n, nil
}

// wait makes the reader wait for something that is not in its own stream. It
// reports whether that has come.
func (f *feed) wait(until func() bool) bool {
	f.until = until
	defer func() { f.until = nil }()
	for !until() {
		if !f.yield(struct{}{}) {
			f.end = errCaptureEnds
			return false
		}
	}
	return true
}

// write gives bytes to the reader, and returns when it has read them or waits.
// It reports whether anybody reads.
func (f *feed) write(b []byte) bool {
	if f.done || f.end != nil {
		return false
	}
	if len(f.data)+len(b) > maxHeld && len(f.data) > 0 {
		f.close(errHeld)
		return false
	}
	if len(f.data) > 0 {
		f.data = append(f.data, b...)
	} else {
		f.data, f.lent = b, true
	}
	f.run()
	return true
}

// run lets the reader go on. What it leaves is copied: it was lent.
func (f *feed) run() {
	if f.done || f.until != nil && !f.until() {
		f.keep()
		return
	}
	if _, ok := f.resume(); !ok {
		f.done, f.data = true, nil
	}
	f.keep()
}

func (f *feed) keep() {
	if f.lent && len(f.data) > 0 {
		f.data = bytes.Clone(f.data)
	}
	f.lent = false
}

// close ends the stream: with io.EOF as its sender did, with any other error
// where it cannot be followed.
func (f *feed) close(err error) {
	if f.done || f.end != nil {
		return
	}
	f.end = err
	f.run()
}

// abandon ends the reader, wherever it is.
func (f *feed) abandon() {
	if !f.done {
		f.stop()
		f.done, f.data = true, nil
	}
}

// ready reports whether the reader waits for something that has come.
func (f *feed) ready() bool { return !f.done && f.until != nil && f.until() }

// settle lets two readers that wait for each other go on as far as they can.
func settle(feeds *[2]*feed) {
	for feeds[client].ready() || feeds[server].ready() {
		for _, f := range feeds {
			if f.ready() {
				f.run()
			}
		}
	}
}

// isOver reports whether an error is the regular end of a stream.
func isOver(err error) bool { return errors.Is(err, io.EOF) }
