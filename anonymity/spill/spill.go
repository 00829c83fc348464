// Package spill keeps the rows of a table of package anonymity on disk, when
// memory is not enough for them: in a DuckDB database in a folder of its own.
//
// Rows are written as they come. Then each column gets a dictionary, and the
// rows the codes of their values, in the order in which values first came: the
// same codes as in memory, so that all measures give the same figures. What
// measures ask for is grouped and ordered by the database within its memory
// limit, and read part by part.
//
// The database loads no extension, opens no other file and no connection. The
// folder is for its owner alone, and [Folder.Close] removes it. It is not
// encrypted: DuckDB has no safe writer for that without an extension.
package spill

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"telltale/anonymity"
)

// LeastMemory is what the database gets at least: with less it cannot sort.
const LeastMemory = 64 << 20

// perThread is how much memory each thread but the first should have.
const perThread = 512 << 20

// A Folder holds the tables that do not fit into memory. It is made when the
// first one comes.
type Folder struct {
	ctx    context.Context
	memory int64
	path   string
	db     *database
	tables int // names given
}

// Open returns a folder below that for temporary files. Memory bounds the
// database, in bytes; LeastMemory is the least. When ctx ends, what runs fails.
func Open(ctx context.Context, memory int64) *Folder {
	return &Folder{ctx: ctx, memory: max(memory, LeastMemory)}
}

// Close removes the folder.
func (f *Folder) Close() error {
	if f.db == nil {
		return nil
	}
	err := errors.Join(f.db.conn.Close(), f.db.connector.Close(), os.RemoveAll(f.path))
	f.db = nil
	return err
}

// start makes the folder and the database.
func (f *Folder) start() error {
	if f.db != nil {
		return nil
	}
	path, err := os.MkdirTemp("", "telltale-*") // 0700
	if err != nil {
		return err
	}
	f.path = path
	settings := []string{ // in this order: the last ones forbid what the first ones do
		"temp_directory = '" + strings.ReplaceAll(filepath.Join(path, "aside"), "'", "''") + "'",
		fmt.Sprintf("memory_limit = '%dMiB'", f.memory>>20),
		fmt.Sprintf("threads = %d", min(1+f.memory/perThread, int64(runtime.GOMAXPROCS(0)))),
		"preserve_insertion_order = true",
		"checkpoint_threshold = '16MiB'",
		"allow_persistent_secrets = false",
		"autoinstall_known_extensions = false",
		"autoload_known_extensions = false",
		"allow_community_extensions = false",
		"enable_external_access = false",
		"lock_configuration = true",
	}
	connector, err := duckdb.NewConnector(filepath.Join(path, "rows.db"), func(to driver.ExecerContext) error {
		for _, setting := range settings {
			if _, err := to.ExecContext(f.ctx, "SET GLOBAL "+setting, nil); err != nil {
				return fmt.Errorf("setting %s: %w", setting, err)
			}
		}
		return nil
	})
	if err != nil {
		return errors.Join(err, os.RemoveAll(path))
	}
	conn, err := connector.Connect(f.ctx)
	if err != nil {
		return errors.Join(err, connector.Close(), os.RemoveAll(path))
	}
	f.db = &database{ctx: f.ctx, connector: connector, conn: conn}
	return nil
}

// name returns a name that no table has.
func (f *Folder) name() string {
	f.tables++
	return fmt.Sprintf("t%d", f.tables)
}

// Spill opens a table for rows of some columns; it is an [anonymity.Spill].
func (f *Folder) Spill(columns []anonymity.Column) (anonymity.Writer, error) {
	if err := f.start(); err != nil {
		return nil, err
	}
	w := &writer{folder: f, table: f.name(), row: make([]driver.Value, 0, len(columns)+1)}
	fields := make([]string, 0, len(columns)+1)
	for i, c := range columns {
		w.texts = append(w.texts, c.Role != anonymity.Time)
		if w.texts[i] {
			fields = append(fields, fmt.Sprintf("c%d BLOB", i))
		}
	}
	fields = append(fields, "moment BIGINT")
	f.db.exec("CREATE TABLE %s (%s)", w.table, strings.Join(fields, ", "))
	if f.db.err != nil {
		return nil, f.db.err
	}
	var err error
	w.appender, err = duckdb.NewAppenderFromConn(f.db.conn, "", w.table)
	return w, err
}

// A database is one connection. The first error stays, and nothing runs after
// it.
type database struct {
	ctx       context.Context
	connector *duckdb.Connector
	conn      driver.Conn
	err       error

	asked  string // what was grouped last
	groups string // the table of it
}

// exec runs a statement.
func (d *database) exec(format string, args ...any) {
	if d.err != nil {
		return
	}
	_, d.err = d.conn.(driver.ExecerContext).ExecContext(d.ctx, fmt.Sprintf(format, args...), nil)
}

// part is how many rows are read at a time: those that the database keeps
// together.
const part = 122_880

// rows yields columns of a table row by row, in the order in which they were
// written. A row is valid until the next one.
func (d *database) rows(table, columns string, width int) iter.Seq[[]driver.Value] {
	return func(yield func([]driver.Value) bool) {
		row := make([]driver.Value, width)
		for low := 0; ; low += part {
			n, more := d.part(fmt.Sprintf("SELECT %s FROM %s WHERE rowid >= %d AND rowid < %d ORDER BY rowid", columns, table, low, low+part), row, yield)
			if n < part || !more {
				return
			}
		}
	}
}

// part yields the rows of a query, and returns how many there were and whether
// more are wanted.
func (d *database) part(query string, row []driver.Value, yield func([]driver.Value) bool) (n int, more bool) {
	if d.err != nil {
		return 0, false
	}
	rows, err := d.conn.(driver.QueryerContext).QueryContext(d.ctx, query, nil)
	if err != nil {
		d.err = err
		return 0, false
	}
	defer func() { d.err = errors.Join(d.err, rows.Close()) }()
	for {
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return n, true
		case err != nil:
			d.err = err
			return n, false
		}
		if n++; !yield(row) {
			return n, false
		}
	}
}

// number returns the one number that a query gives, or other if it gives none.
func (d *database) number(other int64, format string, args ...any) int64 {
	d.part(fmt.Sprintf(format, args...), make([]driver.Value, 1), func(row []driver.Value) bool {
		if n, ok := row[0].(int64); ok {
			other = n
		}
		return true
	})
	return other
}
