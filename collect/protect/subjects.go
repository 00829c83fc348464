package protect

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Subject is a pseudonym: who sent an event, for one period. 0 is nobody.
type Subject uint64

// Subjects has a random key for each user and month, of which pseudonyms are
// made. A key is kept sealed with the user's own id, which is kept nowhere: who
// has the folder, but not the id, cannot tell which pseudonyms of two periods
// are one user's. Who has the id, as the user has, finds the user's records, and
// once the key is destroyed nobody does. It is safe for concurrent use.
type Subjects struct {
	mu     sync.Mutex
	dir    string
	random *bufio.Reader
	months map[string]*month
}

// A month is the keys of one month.
type month struct {
	secret []byte
	keys   map[[16]byte][16]byte // by tag; sealed
	file   *os.File
	size   int64
	dirty  bool // something is not on disk yet
}

const entrySize = 32 // a tag and a sealed key

// OpenSubjects reads the keys in a folder.
func OpenSubjects(dir string, random io.Reader) (*Subjects, error) {
	s := &Subjects{dir: dir, random: bufio.NewReader(random), months: make(map[string]*month)}
	files, err := filepath.Glob(filepath.Join(dir, "month-*.key"))
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), "month-"), ".key")
		if _, err := time.Parse("2006-01", name); err != nil {
			return nil, fmt.Errorf("reading keys of users: %s is no month; take it out of the folder", filepath.Base(f))
		}
		if _, err := s.month(name); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Subjects) path(name, kind string) string {
	return filepath.Join(s.dir, "month-"+name+"."+kind)
}

// month returns the keys of a month, which are made if they are not there.
func (s *Subjects) month(name string) (*month, error) {
	if m := s.months[name]; m != nil {
		return m, nil
	}
	secret, err := Key(s.path(name, "key"), s.random)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(s.path(name, "users"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("reading keys of users: %w", err)
	}
	m := &month{secret: secret, keys: make(map[[16]byte][16]byte), file: f}
	r := bufio.NewReader(f)
	for {
		var entry [entrySize]byte
		if _, err := io.ReadFull(r, entry[:]); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				break // a last entry that breaks off belongs to no event
			}
			return nil, errors.Join(fmt.Errorf("reading keys of users: %w", err), f.Close())
		}
		m.keys[[16]byte(entry[:16])] = [16]byte(entry[16:])
		m.size += entrySize
	}
	s.months[name] = m
	return m, nil
}

// open returns tag and pad of a user: under the tag stands the user's key, and
// the pad opens it.
func (m *month) open(project, id string) (tag, pad [16]byte) {
	sum := mac(m.secret, project, id)
	return [16]byte(sum[:16]), [16]byte(sum[16:])
}

func xor(a, b [16]byte) (out [16]byte) {
	for i := range out {
		out[i] = a[i] ^ b[i]
	}
	return out
}

// pseudonym returns the pseudonym that a user has at a time. A key that had to
// be made is on disk after the next [Subjects.Sync].
func (s *Subjects) pseudonym(project, id string, at time.Time, rotation time.Duration) (Subject, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.month(monthOf(at))
	if err != nil {
		return 0, err
	}
	tag, pad := m.open(project, id)
	sealed, ok := m.keys[tag]
	if !ok {
		if _, err := io.ReadFull(s.random, sealed[:]); err != nil {
			return 0, fmt.Errorf("making the key of a user: %w", err)
		}
		entry := slices.Concat(tag[:], sealed[:])
		if _, err := m.file.WriteAt(entry, m.size); err != nil {
			return 0, fmt.Errorf("keeping the key of a user: %w", err)
		}
		m.size += entrySize
		m.keys[tag] = sealed
		m.dirty = true
	}
	return pseudonym(xor(sealed, pad), periodOf(at, rotation)), nil
}

func monthOf(t time.Time) string { return t.UTC().Format("2006-01") }

// pseudonym makes the pseudonym of a period.
func pseudonym(key [16]byte, period int64) Subject {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(period)) //nolint:gosec // bits, not a size
	sum := mac(key[:], string(n[:]))
	return Subject(max(binary.BigEndian.Uint64(sum[:8]), 1))
}

// Sync puts new keys on disk. Records whose keys are not must not be stored:
// nobody would find them when their user wants them gone.
func (s *Subjects) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.months {
		if !m.dirty {
			continue
		}
		if err := m.file.Sync(); err != nil {
			return fmt.Errorf("keeping keys of users: %w", err)
		}
		m.dirty = false
	}
	return nil
}

// Find returns the pseudonyms that a user has or had, as far as the user's
// keys are there, up to a time.
func (s *Subjects) Find(project, id string, until time.Time, rotation time.Duration) (found []Subject) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, m := range s.months {
		tag, pad := m.open(project, id)
		sealed, ok := m.keys[tag]
		first, err := time.Parse("2006-01", name)
		if !ok || err != nil {
			continue
		}
		end := first.AddDate(0, 1, 0)
		if until.Before(end) {
			end = until
		}
		for n := periodOf(first, rotation); n <= periodOf(end, rotation); n++ {
			found = append(found, pseudonym(xor(sealed, pad), n))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// Forget destroys the keys of a user. After that nobody can tell which records
// are the user's. It returns how many keys there were.
func (s *Subjects) Forget(project, id string) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, m := range s.months {
		tag, _ := m.open(project, id)
		if _, ok := m.keys[tag]; !ok {
			continue
		}
		delete(m.keys, tag)
		n++
		if err := s.rewrite(name, m); err != nil {
			return n, fmt.Errorf("destroying the key of a user: %w", err)
		}
	}
	return n, nil
}

// rewrite puts the keys that are left into a new file in the place of the old
// one, and then overwrites what that had.
func (s *Subjects) rewrite(name string, m *month) error {
	data := make([]byte, 0, len(m.keys)*entrySize)
	for _, tag := range slices.SortedFunc(maps.Keys(m.keys), func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) }) {
		sealed := m.keys[tag]
		data = append(append(data, tag[:]...), sealed[:]...)
	}
	path := s.path(name, "users")
	if err := writeFile(path, data); err != nil {
		return err
	}
	_, err := m.file.WriteAt(make([]byte, m.size), 0)
	err = errors.Join(err, m.file.Sync(), m.file.Close())
	m.file, m.size, m.dirty = nil, int64(len(data)), false
	f, openErr := os.OpenFile(path, os.O_RDWR, 0o600) //nolint:gosec // in the data folder
	m.file = f
	return errors.Join(err, openErr)
}

// Expire destroys the keys of months that ended before a time.
func (s *Subjects) Expire(before time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, m := range s.months {
		first, err := time.Parse("2006-01", name)
		if err != nil || !first.AddDate(0, 1, 0).Before(before) {
			continue
		}
		if err := errors.Join(m.file.Close(), shred(s.path(name, "key")), shred(s.path(name, "users"))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("destroying old keys of users: %w", err)
		}
		delete(s.months, name)
	}
	return nil
}

// Close closes the files.
func (s *Subjects) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, m := range s.months {
		errs = append(errs, m.file.Sync(), m.file.Close())
	}
	return errors.Join(errs...)
}
