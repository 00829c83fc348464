// Package query answers questions about what a store keeps, and none about
// fewer than k users.
//
// A question is SQL, one SELECT over one of two tables: events, the records, or
// counts, what the counter released. What it may use is a short list ([Check] says
// what of a question is not on it); every group of an answer gets the condition
// that k users or more are in it, in one period of pseudonyms, since users of two
// periods cannot be told to be the same.
//
// What this does not protect from: two questions whose answers differ by one
// user. It is a guard for the operator's own people, not for the public; for
// those are the counts, which have noise.
package query

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the engine
)

// An Engine answers questions about the files of a store. It reads only.
type Engine struct {
	db *sql.DB
	k  int
}

// Open opens the files of a store, which another process may be writing.
func Open(ctx context.Context, dir string, k int) (*Engine, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	db.SetMaxOpenConns(1) // settings are those of one connection
	e := &Engine{db, k}
	for _, q := range statements(dir) {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return nil, errors.Join(fmt.Errorf("opening the store: %w", err), db.Close())
		}
	}
	return e, nil
}

// The columns of the tables, for a store that has no file yet.
const (
	noEvents = `SELECT '' AS project, '' AS event, NULL::TIMESTAMP AS "time", 0::UBIGINT AS subject, 0::BIGINT AS period,
	'' AS region, '' AS browser, 0::BIGINT AS browser_version, '{}' AS properties WHERE false`
	noCounts = `SELECT NULL::TIMESTAMP AS epoch, '' AS project, '' AS kind, '' AS rung, '' AS "value", 0::BIGINT AS users WHERE false`
)

// statements make the tables and close all other ways out of the engine.
func statements(dir string) []string {
	view := func(name, files, none string) string {
		from := none
		if found, err := filepath.Glob(files); err == nil && len(found) > 0 {
			from = "SELECT * FROM read_parquet(" + quote(files) + ", hive_partitioning=false)"
		}
		return "CREATE VIEW " + name + " AS " + from
	}
	return []string{
		"SET autoinstall_known_extensions=false",
		"SET autoload_known_extensions=false",
		"SET allow_community_extensions=false",
		"SET temp_directory=''",
		"SET allowed_directories=[" + quote(dir+string(filepath.Separator)) + "]",
		"SET enable_external_access=false",
		view("events", filepath.Join(dir, "events", "day=*", "*.parquet"), noEvents),
		view("counts", filepath.Join(dir, "counts", "*.parquet"), noCounts),
		"SET lock_configuration=true",
	}
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Close closes the engine.
func (e *Engine) Close() error { return e.db.Close() }

// An Answer is the rows of a question.
type Answer struct {
	Columns []string
	Rows    [][]any
}

// maxRows bounds an answer.
const maxRows = 1_000_000

// Ask answers a question. An error of [Check] says what may not be asked.
func (e *Engine) Ask(ctx context.Context, question string) (a Answer, err error) {
	guarded, err := e.guard(ctx, question)
	if err != nil {
		return a, err
	}
	rows, err := e.db.QueryContext(ctx, guarded)
	if err != nil {
		return a, fmt.Errorf("answering: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if a.Columns, err = rows.Columns(); err != nil {
		return a, err
	}
	for rows.Next() {
		row, at := make([]any, len(a.Columns)), make([]any, len(a.Columns))
		for i := range row {
			at[i] = &row[i]
		}
		if err := rows.Scan(at...); err != nil {
			return a, err
		}
		if a.Rows = append(a.Rows, row); len(a.Rows) > maxRows {
			return a, fmt.Errorf("answering: more than %d rows; ask with a LIMIT", maxRows)
		}
	}
	return a, rows.Err()
}

// guard returns the question with the condition of k users.
func (e *Engine) guard(ctx context.Context, question string) (string, error) {
	tree, err := e.parse(ctx, question)
	if err != nil {
		return "", err
	}
	args, guarded, err := Check(tree)
	if err != nil || !guarded {
		if err != nil {
			return "", err
		}
		return e.write(ctx, tree)
	}
	node, _ := selectOf(tree)
	having := slices.DeleteFunc([]any{node["having"]}, func(v any) bool { return v == nil })
	for _, arg := range append([]any{nil}, args...) {
		c, err := e.enough(ctx, arg)
		if err != nil {
			return "", err
		}
		having = append(having, c)
	}
	node["having"] = having[0]
	if len(having) > 1 {
		node["having"] = map[string]any{"class": "CONJUNCTION", "type": "CONJUNCTION_AND", "alias": "", "query_location": json.Number("0"), "children": having}
	}
	return e.write(ctx, tree)
}

// theArgument stands for the argument of an aggregate in the condition.
const theArgument = "telltale_argument"

// enough returns the condition that at least k users of one period are in a
// group; with an argument, k users for whom it is not NULL.
func (e *Engine) enough(ctx context.Context, arg any) (any, error) {
	filter := "subject <> 0"
	if arg != nil {
		filter += " AND " + theArgument + " IS NOT NULL"
	}
	tree, err := e.parse(ctx, "SELECT 1 FROM events HAVING list_max(map_values(list_aggregate(list_transform("+
		"list(DISTINCT period::VARCHAR || ' ' || subject::VARCHAR) FILTER ("+filter+"), lambda x: split_part(x, ' ', 1)), 'histogram'))) >= "+strconv.Itoa(e.k))
	if err != nil {
		return nil, err
	}
	node, err := selectOf(tree)
	if err != nil {
		return nil, err
	}
	return replace(node["having"], arg), nil
}

// replace puts the argument where its name stands.
func replace(v, arg any) any {
	switch v := v.(type) {
	case map[string]any:
		if names, ok := v["column_names"].([]any); ok && len(names) == 1 && names[0] == theArgument {
			return arg
		}
		for name := range v {
			v[name] = replace(v[name], arg)
		}
	case []any:
		for i := range v {
			v[i] = replace(v[i], arg)
		}
	}
	return v
}

// parse returns the tree of a question, as the engine reads it.
func (e *Engine) parse(ctx context.Context, question string) (tree map[string]any, err error) {
	var text string
	if err := e.db.QueryRowContext(ctx, "SELECT json_serialize_sql(?::VARCHAR)::VARCHAR", question).Scan(&text); err != nil {
		return nil, fmt.Errorf("reading the question: %w", err)
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&tree); err != nil {
		return nil, fmt.Errorf("reading the question: %w", err)
	}
	if failed, _ := tree["error"].(bool); failed {
		return nil, fmt.Errorf("reading the question: %v", tree["error_message"])
	}
	return tree, nil
}

// write returns the SQL of a tree.
func (e *Engine) write(ctx context.Context, tree map[string]any) (text string, err error) {
	data, err := json.Marshal(tree)
	if err != nil {
		return "", err
	}
	err = e.db.QueryRowContext(ctx, "SELECT json_deserialize_sql(?::JSON)", string(data)).Scan(&text)
	return text, err
}
