package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"telltale/audit"
)

// A Writer is an [audit.Recorder] into a case folder. Its first error is its
// last: after it nothing more is recorded but the end.
type Writer struct {
	dir  string
	pack pack

	mu    sync.Mutex
	log   *os.File
	size  int64  // of the log
	last  string // hash of the last line, hex
	err   error
	ended bool
}

// reserve is kept free for the end of the log on a full disk.
const reserve = 64 << 10

// Create makes a case folder and writes the plan. The folder must be new or empty.
func Create(dir string, p Plan) (*Writer, error) {
	if err := layout(dir, p); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, reserveFile), make([]byte, reserve), 0o600); err != nil {
		return nil, Advise(fmt.Errorf("writing into the case folder: %w", err))
	}
	log, err := os.OpenFile(filepath.Join(dir, CaptureFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600) //nolint:gosec // the folder that the user named
	if err != nil {
		return nil, fmt.Errorf("starting the capture log: %w", err)
	}
	return &Writer{dir: dir, log: log, last: genesis(p.Case), pack: pack{dir: filepath.Join(dir, BlobsDir)}}, nil
}

// genesis is what the first line is chained to: the plan.
func genesis(c audit.Case) string {
	b, _ := json.Marshal(c)
	return digest(b)
}

// A line is an event with its link in the chain.
type line struct {
	Prev string `json:"prev"` // hex SHA-256 of the line before, without its newline
	audit.Event
}

// Record appends an event and hands it to the system.
func (w *Writer) Record(e audit.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	return w.append(e)
}

func (w *Writer) append(e audit.Event) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(line{w.last, e}); err != nil {
		return w.fail(fmt.Errorf("recording an event: %w", err))
	}
	if _, err := w.log.Write(b.Bytes()); err != nil {
		_ = w.log.Truncate(w.size) // half a line would break the chain
		return w.fail(fmt.Errorf("recording an event: %w", err))
	}
	w.size += int64(b.Len())
	w.last = digest(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	return nil
}

// fail keeps the first error and gives the reserve back to the disk.
func (w *Writer) fail(err error) error {
	if w.err == nil {
		w.err = Advise(err)
		_ = os.Remove(filepath.Join(w.dir, reserveFile))
	}
	return w.err
}

// Err returns why the recording stopped, nil while it goes on.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Fail stops the recording with an error that happened outside the log.
func (w *Writer) Fail(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fail(err)
}

// Close writes the end and closes the log. It works on a full disk, too: the
// reserve was kept for it. Then it gives every body a file of its own.
func (w *Writer) Close(end audit.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return w.err
	}
	w.ended = true
	_ = os.Remove(filepath.Join(w.dir, reserveFile))
	first := w.err
	if err := w.append(end); err != nil && first == nil {
		first = err
	}
	return errors.Join(first, w.log.Sync(), w.log.Close(), w.pack.unpack())
}

// Advise adds to a full disk's error what to do.
func Advise(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: what was captured until then is kept; free some space, or name a folder on another disk with --case", err)
	}
	return err
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
