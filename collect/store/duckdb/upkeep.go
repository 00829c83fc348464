package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"telltale/collect/protect"
)

// few is how many pieces a day may have before they are joined.
const few = 8

// Upkeep implements [store.Store].
func (s *Store) Upkeep(ctx context.Context, before time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.expire(before), s.join(ctx))
}

// join joins the pieces of days that have many.
func (s *Store) join(ctx context.Context) error {
	days, err := s.days()
	if err != nil {
		return err
	}
	for _, day := range days {
		files, err := s.list(day)
		if err != nil {
			return fmt.Errorf("joining pieces: %w", err)
		}
		if len(files) <= few {
			continue
		}
		joined := piece{files[0].first, files[len(files)-1].last}
		query := "SELECT * FROM " + read(day, files) + " ORDER BY project, subject, time, event, properties"
		if err := s.copy(ctx, query, filepath.Join(day, joined.name())); err != nil {
			return fmt.Errorf("joining pieces: %w", err)
		}
		if _, err := s.list(day); err != nil { // removes what is now part of a larger one
			return fmt.Errorf("joining pieces: %w", err)
		}
	}
	return nil
}

// Erase implements [store.Store].
func (s *Store) Erase(ctx context.Context, subjects []protect.Subject) (erased int64, err error) {
	if len(subjects) == 0 {
		return 0, nil
	}
	numbers := make([]string, len(subjects))
	for i, subject := range subjects {
		numbers[i] = strconv.FormatUint(uint64(subject), 10) + "::UBIGINT"
	}
	theirs := "subject IN (" + strings.Join(numbers, ", ") + ")"
	s.mu.Lock()
	defer s.mu.Unlock()
	days, err := s.days()
	if err != nil {
		return 0, err
	}
	for _, day := range days {
		files, err := s.list(day)
		if err != nil {
			return erased, err
		}
		for _, f := range files {
			n, err := s.eraseFrom(ctx, filepath.Join(day, f.name()), read(day, []piece{f}), theirs)
			erased += n
			if err != nil {
				return erased, fmt.Errorf("erasing: %w", err)
			}
		}
	}
	return erased, nil
}

// eraseFrom writes a file anew without some rows, or removes it if none is left.
func (s *Store) eraseFrom(ctx context.Context, path, table, theirs string) (n int64, err error) {
	var all int64
	err = s.db.QueryRowContext(ctx, "SELECT count(*) FILTER ("+theirs+"), count(*) FROM "+table).Scan(&n, &all)
	switch {
	case err != nil || n == 0:
		return 0, err
	case n == all:
		return n, errors.Join(os.Remove(path), syncDir(filepath.Dir(path)))
	}
	return n, s.copy(ctx, "SELECT * FROM "+table+" WHERE NOT ("+theirs+") ORDER BY project, subject, time, event, properties", path)
}

// expire removes what begins before a time.
func (s *Store) expire(before time.Time) error {
	days, err := s.days()
	if err != nil {
		return err
	}
	for _, day := range days {
		begin, err := time.Parse(time.DateOnly, strings.TrimPrefix(filepath.Base(day), "day="))
		if err != nil || !begin.Before(before) {
			continue
		}
		if err := os.RemoveAll(day); err != nil {
			return fmt.Errorf("deleting what is too old: %w", err)
		}
	}
	files, err := filepath.Glob(filepath.Join(s.counts(), "*.parquet"))
	if err != nil {
		return err
	}
	for _, f := range files {
		epoch, err := time.Parse(epochForm, strings.TrimSuffix(filepath.Base(f), ".parquet"))
		if err != nil || !epoch.Before(before) {
			continue
		}
		if err := os.Remove(f); err != nil {
			return fmt.Errorf("deleting what is too old: %w", err)
		}
	}
	return nil
}

// version is that of the folder. It rises with each change of a column or of a
// name of files.
const version = 1

// migrations lead from a version to the next.
var migrations = map[int]func(dir string) error{}

// migrate brings a folder to the version of this program.
func migrate(dir string) error {
	path := filepath.Join(dir, "VERSION")
	text, err := os.ReadFile(path) //nolint:gosec // in the data folder
	if errors.Is(err, fs.ErrNotExist) {
		return os.WriteFile(path, fmt.Appendln(nil, version), 0o600)
	}
	if err != nil {
		return fmt.Errorf("opening the store: %w", err)
	}
	have, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || have > version || have < 1 {
		return fmt.Errorf("opening the store: its version is %.20q, and this program knows up to %d; use a newer one", text, version)
	}
	for ; have < version; have++ {
		if err := migrations[have](dir); err != nil {
			return fmt.Errorf("bringing the store from version %d to %d: %w", have, have+1, err)
		}
		if err := os.WriteFile(path, fmt.Appendln(nil, have+1), 0o600); err != nil {
			return err
		}
	}
	return nil
}
