package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Seen are the stamps of a window, by the day that they were first seen. It is
// guarded by the lock of its journal, but for keep.
type Seen struct {
	dir    string
	window time.Duration
	days   map[string]*stamps
}

// openSeen reads the stamps in a folder.
func openSeen(dir string, window time.Duration, now time.Time) (*Seen, error) {
	s := &Seen{dir: dir, window: window, days: make(map[string]*stamps)}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := s.expire(now); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.stamps"))
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		data, err := os.ReadFile(f) //nolint:gosec // in the data folder
		if err != nil {
			return nil, fmt.Errorf("reading stamps: %w", err)
		}
		day := s.day(dayOf(f))
		for ; len(data) >= 8; data = data[8:] {
			day.add(binary.BigEndian.Uint64(data))
		}
	}
	return s, nil
}

func dayOf(path string) string { return strings.TrimSuffix(filepath.Base(path), ".stamps") }

func (s *Seen) day(name string) *stamps {
	d := s.days[name]
	if d == nil {
		d = new(stamps)
		s.days[name] = d
	}
	return d
}

func (s *Seen) has(stamp uint64) bool {
	for _, d := range s.days {
		if d.has(stamp) {
			return true
		}
	}
	return false
}

func (s *Seen) add(now time.Time, stamp uint64) {
	if stamp != 0 {
		s.day(now.UTC().Format(time.DateOnly)).add(stamp)
	}
}

// keep puts stamps on disk. That one stands there twice does not matter.
func (s *Seen) keep(now time.Time, list []uint64) error {
	path := filepath.Join(s.dir, now.UTC().Format(time.DateOnly)+".stamps")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // in the data folder
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	var b bytes.Buffer
	for _, stamp := range list {
		b.Write(binary.BigEndian.AppendUint64(nil, stamp))
	}
	// A last stamp that broke off is written over.
	_, err = f.WriteAt(b.Bytes(), info.Size()/8*8)
	return errors.Join(err, f.Sync(), f.Close(), syncDir(s.dir))
}

// expire forgets days that ended before the window began.
func (s *Seen) expire(now time.Time) error {
	files, err := filepath.Glob(filepath.Join(s.dir, "*.stamps"))
	if err != nil {
		return err
	}
	for _, f := range files {
		if s.old(dayOf(f), now) {
			if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("forgetting old stamps: %w", err)
			}
		}
	}
	for day := range s.days {
		if s.old(day, now) {
			delete(s.days, day)
		}
	}
	return nil
}

func (s *Seen) old(day string, now time.Time) bool {
	t, err := time.Parse(time.DateOnly, day)
	return err == nil && t.AddDate(0, 0, 1).Before(now.Add(-s.window))
}

// stamps is a set of numbers other than 0: a table with open addresses, which
// takes about 12 bytes for each where a map takes three times that.
type stamps struct {
	slots []uint64
	n     int
}

// slot returns where a stamp is, or would be. Stamps are random already.
func (s *stamps) slot(stamp uint64) *uint64 {
	mask := uint64(len(s.slots) - 1) //nolint:gosec // a table is not empty
	for i := stamp & mask; ; i = (i + 1) & mask {
		if s.slots[i] == 0 || s.slots[i] == stamp {
			return &s.slots[i]
		}
	}
}

func (s *stamps) has(stamp uint64) bool { return len(s.slots) > 0 && *s.slot(stamp) == stamp }

func (s *stamps) add(stamp uint64) {
	if stamp == 0 || s.has(stamp) {
		return
	}
	if s.n >= len(s.slots)/4*3 {
		old := s.slots
		s.slots = make([]uint64, max(1024, 2*len(old)))
		for _, v := range old {
			if v != 0 {
				*s.slot(v) = v
			}
		}
	}
	*s.slot(stamp) = stamp
	s.n++
}
