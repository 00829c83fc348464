package spill

import (
	"database/sql/driver"
	"fmt"

	"github.com/duckdb/duckdb-go/v2"

	"telltale/anonymity"
)

// A writer appends rows to a table.
type writer struct {
	folder   *Folder
	table    string
	texts    []bool // which columns have values; that of the times has not
	appender *duckdb.Appender
	row      []driver.Value
}

// Add implements [anonymity.Writer].
func (w *writer) Add(values []string, unix int64, known bool) error {
	w.row = w.row[:0]
	for i, v := range values {
		if w.texts[i] {
			w.row = append(w.row, []byte(v))
		}
	}
	if known {
		w.row = append(w.row, unix)
	} else {
		w.row = append(w.row, nil)
	}
	return w.appender.AppendRow(w.row...)
}

// Done implements [anonymity.Writer]: it makes the dictionaries, one after the
// other, and puts codes in the place of values.
func (w *writer) Done() (rows anonymity.Store, sizes, none []int, err error) {
	if err := w.appender.CloseWithCancel(w.folder.ctx); err != nil {
		return nil, nil, nil, err
	}
	db := w.folder.db
	s := &store{folder: w.folder, table: w.table, forms: make(map[formKey]string), dictionaries: make([]string, len(w.texts))}
	sizes, none = make([]int, len(w.texts)), make([]int, len(w.texts))
	for i, text := range w.texts { // all before the first join, which does not keep the order of rows
		none[i] = -1
		if !text {
			continue
		}
		d := w.folder.name()
		s.dictionaries[i] = d
		db.exec("CREATE TABLE %s AS SELECT value, CAST(row_number() OVER (ORDER BY first) - 1 AS UINTEGER) AS code "+
			"FROM (SELECT c%d AS value, min(rowid) AS first FROM %s GROUP BY c%d) ORDER BY code", d, i, s.table, i)
		sizes[i] = int(db.number(0, "SELECT count(*) FROM %s", d))
		none[i] = int(db.number(-1, "SELECT CAST(code AS BIGINT) FROM %s WHERE octet_length(value) = 0", d))
	}
	s.none = none
	for i, text := range w.texts {
		if !text {
			continue
		}
		coded := w.folder.name()
		db.exec("CREATE TABLE %s AS SELECT r.* REPLACE (d.code AS c%d) FROM %s r JOIN %s d ON d.value = r.c%d", coded, i, s.table, s.dictionaries[i], i)
		db.exec("DROP TABLE %s", s.table)
		s.table = coded
	}
	if db.err != nil {
		return nil, nil, nil, fmt.Errorf("in the database: %w", db.err)
	}
	return s, sizes, none, nil
}
