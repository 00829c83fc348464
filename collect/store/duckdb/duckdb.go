// Package duckdb is the embedded store of the collector: Parquet files, a
// folder a day, which DuckDB writes and reads inside the process.
//
// There is no database file: erasing from one leaves the old bytes in its free
// blocks, while a Parquet file that is written anew and renamed over the old one
// leaves nothing. A file never changes. A batch has one file in each day that it
// has events of, named by the batch, so that adding it again writes the same.
package duckdb

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"telltale/collect/protect"
	"telltale/collect/store"
)

// A Store is a folder of Parquet files. It implements [store.Store].
type Store struct {
	dir      string
	readOnly bool
	mu       sync.RWMutex // held to write while files change
	db       *sql.DB
}

// settings keep the engine at home: no extension is fetched, nothing is
// spilled to disk in clear, and memory is bounded.
var settings = []string{
	"SET autoinstall_known_extensions=false",
	"SET autoload_known_extensions=false",
	"SET allow_community_extensions=false",
	"SET temp_directory=''",
	"SET memory_limit='256MB'",
	"SET threads=2",
}

const (
	incoming = `CREATE OR REPLACE TABLE incoming (
	project VARCHAR, event VARCHAR, time TIMESTAMP_S, subject UBIGINT, period BIGINT,
	region VARCHAR, browser VARCHAR, browser_version BIGINT, properties VARCHAR)`
	counted = `CREATE OR REPLACE TABLE counted (
	epoch TIMESTAMP_S, project VARCHAR, kind VARCHAR, rung VARCHAR, value VARCHAR, users BIGINT)`
	parquet = ` (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, PARQUET_VERSION V2)`
)

// Open opens the store in a folder, and makes or migrates it if need be.
func Open(ctx context.Context, dir string) (*Store, error) {
	s := &Store{dir: dir}
	for _, d := range []string{s.events(), s.counts()} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("opening the store: %w", err)
		}
	}
	if err := migrate(dir); err != nil {
		return nil, err
	}
	if err := s.sweep(); err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	return s.start(ctx)
}

// Read opens the store in a folder for [Store.Rows] only, while another process
// may be its owner. It changes nothing in the folder.
func Read(ctx context.Context, dir string) (*Store, error) {
	return (&Store{dir: dir, readOnly: true}).start(ctx)
}

// start starts the engine.
func (s *Store) start(ctx context.Context) (*Store, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	db.SetMaxOpenConns(1) // the tables are those of one connection
	for _, q := range append(slices.Clone(settings), incoming, counted) {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return nil, errors.Join(fmt.Errorf("opening the store: %s: %w", q, err), db.Close())
		}
	}
	s.db = db
	return s, nil
}

func (s *Store) events() string { return filepath.Join(s.dir, "events") }
func (s *Store) counts() string { return filepath.Join(s.dir, "counts") }

// sweep removes files that were not finished when a process ended.
func (s *Store) sweep() error {
	return filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".new") {
			return os.Remove(path) //nolint:gosec // in the data folder, which is this process's
		}
		return err
	})
}

// Add implements [store.Store].
func (s *Store) Add(ctx context.Context, b store.Batch, events []protect.Event) error {
	days := make(map[string]bool)
	for i := range events {
		if events[i].Name() == "" {
			return errors.New("adding to the store: an event that no gate made")
		}
		days[events[i].Time().Format(time.DateOnly)] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fill(ctx, events); err != nil {
		return fmt.Errorf("adding to the store: %w", err)
	}
	for day := range days {
		if err := s.addDay(ctx, b, day); err != nil {
			return fmt.Errorf("adding to the store: %w", err)
		}
	}
	_, err := s.db.ExecContext(ctx, "TRUNCATE incoming")
	return err
}

func (s *Store) addDay(ctx context.Context, b store.Batch, day string) error {
	dir := filepath.Join(s.events(), "day="+day)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	files, err := s.list(dir)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(files, func(f piece) bool { return f.first < b && b < f.last }) {
		return nil // it was joined with others already
	}
	name := filepath.Join(dir, piece{first: b, last: b}.name())
	return s.copy(ctx, `SELECT * FROM incoming WHERE CAST(time AS DATE) = DATE '`+day+`' ORDER BY project, subject, time, event, properties`, name)
}

// fill puts events into the table of those that come in.
func (s *Store) fill(ctx context.Context, events []protect.Event) error {
	if _, err := s.db.ExecContext(ctx, "TRUNCATE incoming"); err != nil {
		return err
	}
	return s.append(ctx, "incoming", func(row func(...driver.Value) error) error {
		for i := range events {
			e := &events[i]
			family, version := e.Browser()
			if err := row(e.Project(), e.Name(), e.Time(), uint64(e.Subject()), e.Period(), e.Region(), family, version, e.Properties()); err != nil {
				return err
			}
		}
		return nil
	})
}

// append fills a table by the engine's own way for many rows.
func (s *Store) append(ctx context.Context, table string, fill func(row func(...driver.Value) error) error) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	err = conn.Raw(func(raw any) error {
		a, err := duckdb.NewAppenderFromConn(raw.(driver.Conn), "", table)
		if err != nil {
			return err
		}
		return errors.Join(fill(a.AppendRow), a.Close())
	})
	return errors.Join(err, conn.Close())
}

// copy writes the rows of a query to a file, which is then there whole and on
// disk, in place of what had its name.
func (s *Store) copy(ctx context.Context, query, path string) error {
	if _, err := s.db.ExecContext(ctx, "COPY ("+query+") TO "+quote(path+".new")+parquet); err != nil {
		return err
	}
	f, err := os.Open(path + ".new") //nolint:gosec // in the data folder
	if err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return errors.Join(syncDir(filepath.Dir(path)), syncDir(filepath.Dir(filepath.Dir(path))))
}

// quote writes a text of SQL.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// syncDir makes names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // in the data folder
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// AddCounts implements [store.Store].
func (s *Store) AddCounts(ctx context.Context, epoch time.Time, counts []protect.Count) error {
	if len(counts) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.db.ExecContext(ctx, "TRUNCATE counted"); err != nil {
		return err
	}
	err := s.append(ctx, "counted", func(row func(...driver.Value) error) error {
		for _, c := range counts {
			if c.Users() == 0 {
				return errors.New("a count that no counter released")
			}
			if err := row(epoch, c.Project(), string(c.Kind()), c.Rung(), c.Value(), c.Users()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("adding counts: %w", err)
	}
	return s.copy(ctx, "SELECT * FROM counted ORDER BY ALL", s.countsFile(epoch))
}

const epochForm = "2006-01-02T150405Z"

func (s *Store) countsFile(epoch time.Time) string {
	return filepath.Join(s.counts(), epoch.UTC().Format(epochForm)+".parquet")
}

// Rows implements [store.Store].
func (s *Store) Rows(ctx context.Context) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		s.mu.RLock()
		defer s.mu.RUnlock()
		days, err := s.days()
		if err != nil {
			yield(store.Row{}, err)
			return
		}
		for _, day := range days {
			files, err := s.list(day)
			if err != nil || len(files) == 0 {
				if err != nil {
					yield(store.Row{}, err)
				}
				continue
			}
			if !s.rows(ctx, day, files, yield) {
				return
			}
		}
	}
}

// rows yields the events of a day, and reports whether to go on.
func (s *Store) rows(ctx context.Context, day string, files []piece, yield func(store.Row, error) bool) (more bool) {
	query := "SELECT * FROM " + read(day, files) + " ORDER BY project, time, subject, event, properties" //nolint:gosec // names of files are quoted
	rows, err := s.db.QueryContext(ctx, query)
	if err != nil {
		return yield(store.Row{}, fmt.Errorf("reading the store: %w", err))
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var r store.Row
		err := rows.Scan(&r.Project, &r.Event, &r.Time, &r.Subject, &r.Period, &r.Region, &r.Browser, &r.Version, &r.Properties)
		if !yield(r, err) {
			return false
		}
	}
	if err := rows.Err(); err != nil {
		return yield(store.Row{}, fmt.Errorf("reading the store: %w", err))
	}
	return true
}

// read writes the table of the pieces of a day.
func read(day string, files []piece) string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = quote(filepath.Join(day, f.name()))
	}
	return "read_parquet([" + strings.Join(names, ", ") + "], hive_partitioning=false)"
}

// days returns the folders of days, the oldest first.
func (s *Store) days() ([]string, error) {
	days, err := filepath.Glob(filepath.Join(s.events(), "day=*"))
	slices.Sort(days)
	return days, err
}

// Close implements [store.Store].
func (s *Store) Close() error { return s.db.Close() }

// A piece is a file of a day: the events of the batches from first to last.
type piece struct{ first, last store.Batch }

func (p piece) name() string { return fmt.Sprintf("%012d-%012d.parquet", p.first, p.last) }

// list returns the pieces of a day in order. One that is part of a larger one
// is left over from a crash, and removed.
func (s *Store) list(dir string) ([]piece, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []piece
	for _, e := range entries {
		var p piece
		if _, err := fmt.Sscanf(e.Name(), "%012d-%012d.parquet", &p.first, &p.last); err == nil && e.Name() == p.name() {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b piece) int { return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(b.last, a.last)) })
	var whole []piece
	for _, p := range all {
		if n := len(whole); n > 0 && p.last <= whole[n-1].last {
			if !s.readOnly {
				if err := os.Remove(filepath.Join(dir, p.name())); err != nil {
					return nil, err
				}
			}
			continue
		}
		whole = append(whole, p)
	}
	return whole, nil
}
