package protect

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"telltale/collect"
)

// keySize is the length of all keys, in bytes.
const keySize = 32

// Key returns the key in a file, which is made if it is not there.
func Key(path string, random io.Reader) ([]byte, error) {
	key, err := os.ReadFile(path) //nolint:gosec // in the data folder
	switch {
	case err == nil && len(key) == keySize:
		return key, nil
	case err == nil:
		return nil, fmt.Errorf("reading the key %s: it has %d bytes, not %d; restore it from a copy", path, len(key), keySize)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("reading a key: %w", err)
	}
	key = make([]byte, keySize)
	if _, err := io.ReadFull(random, key); err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	return key, writeFile(path, key)
}

// Derive returns the key of a purpose, made of another key.
func Derive(key []byte, purpose string) []byte {
	sum := mac(key, purpose)
	return sum[:]
}

// writeFile writes a file so that it is there whole or not at all.
func writeFile(path string, data []byte) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // in the data folder
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // in the data folder
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// shred overwrites a file and removes it. On a disk that copies what it
// overwrites, or in a snapshot of it, the old bytes may live on.
func shred(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0) //nolint:gosec // in the data folder
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, info.Size()))
	if err = errors.Join(err, f.Sync(), f.Close(), os.Remove(path)); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// mac is HMAC-SHA256 of texts, each with its length before it.
func mac(key []byte, texts ...string) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, key)
	writeTexts(h, texts...)
	h.Sum(sum[:0])
	return sum
}

func writeTexts(h hash.Hash, texts ...string) {
	var n [8]byte
	for _, s := range texts {
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
}

// Stamps makes the stamps by which copies of an event are told. Their key is
// replaced with each window and destroyed after the next.
type Stamps struct {
	mu     sync.RWMutex
	dir    string
	random io.Reader
	window time.Duration
	number int64
	key    []byte
	before []byte
}

// OpenStamps reads the keys of stamps in a folder. Copies are told for at least
// the time of one window; a stamp is made with the key of the window that the
// client's own time is in, as far as that is the current or the last one.
func OpenStamps(dir string, window time.Duration, now time.Time, random io.Reader) (*Stamps, error) {
	s := &Stamps{dir: dir, window: window, random: random, number: -1}
	return s, s.Turn(now)
}

// Turn goes to the window of a time, and destroys the keys of windows before
// the last. It is cheap if there is nothing to do.
func (s *Stamps) Turn(now time.Time) error {
	number := periodOf(now, s.window)
	s.mu.RLock()
	same := number == s.number
	s.mu.RUnlock()
	if same {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key, err := Key(s.file(number), s.random)
	if err != nil {
		return err
	}
	before, err := Key(s.file(number-1), s.random)
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "stamps-*.key"))
	if err != nil {
		return err
	}
	for _, f := range files {
		if f != s.file(number) && f != s.file(number-1) {
			if err := shred(f); err != nil {
				return fmt.Errorf("destroying an old key of stamps: %w", err)
			}
		}
	}
	s.number, s.key, s.before = number, key, before
	return nil
}

func (s *Stamps) file(number int64) string {
	return filepath.Join(s.dir, fmt.Sprintf("stamps-%d.key", number))
}

// of returns the stamp of an event, 0 if copies of it cannot be told.
func (s *Stamps) of(e *collect.Event) uint64 {
	if !e.Tracked {
		return 0
	}
	s.mu.RLock()
	key := s.key
	// A copy says the same time, whenever it comes; so both have the same key.
	if periodOf(time.UnixMilli(e.Sent), s.window) < s.number {
		key = s.before
	}
	s.mu.RUnlock()
	var n [16]byte
	binary.BigEndian.PutUint64(n[:8], uint64(e.TrackID)) //nolint:gosec // bits, not a size
	binary.BigEndian.PutUint64(n[8:], uint64(e.Sent))    //nolint:gosec // bits, not a size
	sum := mac(key, e.Project, e.Subject, e.Name, string(n[:]))
	return max(binary.BigEndian.Uint64(sum[:8]), 1)
}
