package consent

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
)

// A Record is what a user has said. Who it was is known by a keyed hash only.
type Record struct {
	Who       string    `json:"who"` // keyed hash of project and id, in hexadecimal digits
	Purposes  []string  `json:"purposes,omitempty"`
	Withdrawn bool      `json:"withdrawn,omitempty"`
	Claims    string    `json:"claims"` // SHA-256 of the claims file that the user was shown
	At        time.Time `json:"at"`
	How       string    `json:"how"` // api, or what the caller says: dialog-2, settings
}

// A Registry keeps the last thing that each user said, in memory and in a
// file to which each change is appended. It is safe for concurrent use.
type Registry struct {
	key  []byte
	path string

	mu   sync.RWMutex
	said map[string]Record // by Who
	file *os.File
	good int64 // bytes of the file that are whole
}

// maxLine bounds a line of the file.
const maxLine = 1 << 16

// OpenRegistry reads the file, without what is outdated, and opens it for
// changes. The key makes hashes of ids. A last line that breaks off, as after a
// crash, was never acknowledged and is left out.
func OpenRegistry(path string, key []byte) (*Registry, error) {
	r := &Registry{key: key, path: path, said: make(map[string]Record)}
	old, err := os.ReadFile(path) //nolint:gosec // in the data folder
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading consent records: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(old))
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		var rec Record
		if err := json.Unmarshal(lines.Bytes(), &rec); err != nil {
			if !lines.Scan() {
				break
			}
			return nil, fmt.Errorf("reading consent records: line %d of %s is damaged; restore the file from a copy", n+1, path)
		}
		n++
		r.said[rec.Who] = rec
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading consent records: %s: %w", path, err)
	}
	return r, r.rewrite()
}

// rewrite puts what is known into a new file, in the place of the old.
func (r *Registry) rewrite() error {
	var b bytes.Buffer
	for _, who := range slices.Sorted(maps.Keys(r.said)) {
		line, err := json.Marshal(r.said[who])
		if err != nil {
			return err
		}
		b.Write(append(line, '\n'))
	}
	f, err := os.OpenFile(r.path+".new", os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("writing consent records: %w", err)
	}
	_, err = f.Write(b.Bytes())
	if err = errors.Join(err, f.Sync()); err == nil {
		err = os.Rename(r.path+".new", r.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing consent records: %w", err), f.Close())
	}
	r.file, r.good = f, int64(b.Len())
	return nil
}

// Who returns the keyed hash of an id.
func (r *Registry) Who(project, id string) string {
	h := hmac.New(sha256.New, r.key)
	h.Write([]byte(project))
	h.Write([]byte{0})
	h.Write([]byte(id))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Get returns the last thing that a user said, and whether it said anything.
func (r *Registry) Get(project, id string) (Record, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if len(r.said) == 0 {
		return Record{}, false
	}
	rec, ok := r.said[r.Who(project, id)]
	return rec, ok
}

// Put keeps what a user said. It returns when that is on disk; on an error it
// does not count.
func (r *Registry) Put(project, id string, rec Record) (Record, error) {
	rec.Who = r.Who(project, id)
	line, err := json.Marshal(rec)
	if err != nil {
		return rec, err
	}
	if len(line) >= maxLine {
		return rec, fmt.Errorf("keeping a consent record: %d bytes are too many; name fewer purposes", len(line))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	line = append(line, '\n')
	_, err = r.file.WriteAt(line, r.good)
	if err = errors.Join(err, r.file.Sync()); err != nil {
		return rec, errors.Join(fmt.Errorf("keeping a consent record: %w", err), r.file.Truncate(r.good))
	}
	r.good += int64(len(line))
	r.said[rec.Who] = rec
	return rec, nil
}

// Len returns how many users have said something.
func (r *Registry) Len() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.said)
}

// Close closes the file.
func (r *Registry) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.file.Close()
}
