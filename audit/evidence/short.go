package evidence

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// keep writes a short body under its hash, at once or behind.
func (w *Writer) keep(data []byte, sum string) error {
	if w.known.has(sum) {
		w.held.Add(-int64(len(data)))
		return w.Err()
	}
	if w.behind != nil {
		w.behind.jobs <- short{data, sum}
		return w.Err()
	}
	return w.store(short{data, sum})
}

// A short is a body that was held until its end.
type short struct {
	data []byte
	sum  string // its SHA-256, hex
}

// store writes a short body.
func (w *Writer) store(s short) error {
	defer w.held.Add(-int64(len(s.data)))
	if err := w.Err(); err != nil {
		return err
	}
	zip, ok := encoders.Get().(*zstd.Encoder)
	if !ok {
		var err error
		if zip, err = newEncoder(io.Discard); err != nil {
			return w.Fail(fmt.Errorf("keeping a body: %w", err))
		}
	}
	packed := zip.EncodeAll(s.data, nil)
	encoders.Put(zip)
	if err := w.put(packed, s.sum); err != nil {
		return w.Fail(fmt.Errorf("keeping a body: %w", err))
	}
	w.known.add(s.sum)
	return nil
}

// put writes a file and names it. The file is made in the folder that it will
// stay in: one folder in which all are made fills up the part of the disk that
// its files are given.
func (w *Writer) put(packed []byte, sum string) error {
	f, err := temporary(filepath.Dir(blobPath(w.dir, sum)))
	if err != nil {
		return err
	}
	_, err = f.Write(packed)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = w.name(f.Name(), sum)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// temporary makes a file that has no name yet, and its folder if need be.
func temporary(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "part-")
	if errors.Is(err, os.ErrNotExist) {
		if err = os.MkdirAll(dir, 0o700); err == nil {
			f, err = os.CreateTemp(dir, "part-")
		}
	}
	return f, err
}

// maxKnown bounds the hashes that are remembered.
const maxKnown = 1 << 16

// known are hashes of bodies that are kept already: many answers are the same.
type known struct {
	mu   sync.Mutex
	sums map[string]bool
}

func (k *known) has(sum string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sums[sum]
}

func (k *known) add(sum string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sums == nil || len(k.sums) >= maxKnown {
		k.sums = make(map[string]bool)
	}
	k.sums[sum] = true
}

// behind are workers that write short bodies while the reading goes on.
type behind struct {
	jobs chan short
	done sync.WaitGroup
}

// Behind lets workers write short bodies. Events may then stand in the log
// before their bodies are kept, until Close; it is for captures that can be
// read again. It must be called before the first body.
func (w *Writer) Behind(workers int) {
	b := &behind{jobs: make(chan short, 4*workers)}
	for range workers {
		b.done.Go(func() {
			for s := range b.jobs {
				_ = w.store(s) // an error is kept, and ends the recording
			}
		})
	}
	w.behind = b
}

// wait waits for what is being written.
func (b *behind) wait() {
	if b != nil {
		close(b.jobs)
		b.done.Wait()
	}
}
