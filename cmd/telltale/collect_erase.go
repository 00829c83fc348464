package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	"telltale/collect/protect"
)

// withdraw forgets a user: the keys are destroyed at once, so that nobody can
// tell any more which records are the user's, and the records are erased within
// the time that is promised. The consent is withdrawn already.
//
// The pseudonyms are on disk before the keys go: a crash between the two leaves
// no record behind that should be gone.
func (p *pipeline) withdraw(_ context.Context, project, id string) (gone time.Time, err error) {
	_, err = p.forget(project, id)
	return p.now().Add(p.eraseIn).UTC(), err
}

// forget destroys the keys of a user, and returns how many there were.
func (p *pipeline) forget(project, id string) (keys int, err error) {
	p.gates.Lock()
	defer p.gates.Unlock()
	found, err := p.pseudonyms(project, id)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	p.erasures.Lock()
	err = appendPseudonyms(p.folder.path("erasures"), found)
	p.erasures.Unlock()
	if err != nil {
		return 0, fmt.Errorf("noting what to erase: %w", err)
	}
	return p.subjects.Forget(project, id)
}

func appendPseudonyms(path string, found []protect.Subject) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // in the data folder
	if err != nil {
		return err
	}
	var lines []byte
	for _, s := range found {
		lines = append(strconv.AppendUint(lines, uint64(s), 10), '\n')
	}
	_, err = f.Write(lines)
	return errors.Join(err, f.Sync(), f.Close())
}

// erasePending erases the records of all who have withdrawn, in the log and in
// the store, and returns how many there were.
func (p *pipeline) erasePending(ctx context.Context) (rows int64, err error) {
	p.moving.Lock()
	defer p.moving.Unlock()
	path := p.folder.path("erasures")
	p.erasures.Lock()
	pending, err := readPseudonyms(path)
	p.erasures.Unlock()
	if err != nil || len(pending) == 0 {
		return 0, err
	}
	if err := p.move(ctx); err != nil {
		return 0, err
	}
	rows, err = p.store.Erase(ctx, pending)
	if err != nil {
		return rows, err
	}
	p.erasures.Lock()
	defer p.erasures.Unlock()
	later, err := readPseudonyms(path)
	if err == nil && len(later) == len(pending) {
		return rows, os.Remove(path)
	}
	return rows, err // what came in between is erased the next time, with the rest
}

func readPseudonyms(path string) (found []protect.Subject, err error) {
	f, err := os.Open(path) //nolint:gosec // in the data folder
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		n, err := strconv.ParseUint(lines.Text(), 10, 64)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s is damaged; restore it from a copy", path), f.Close())
		}
		found = append(found, protect.Subject(n))
	}
	return found, errors.Join(lines.Err(), f.Close())
}
