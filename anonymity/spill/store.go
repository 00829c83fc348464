package spill

import (
	"fmt"
	"iter"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"telltale/anonymity"
)

// A store is a table of codes, with its dictionaries.
type store struct {
	folder       *Folder
	table        string   // columns c0, c1, … of codes, and moment
	dictionaries []string // of each column: tables of value and code
	none         []int    // of each column the code of the missing value, -1 if there is none
	forms        map[formKey]string
}

// A formKey is a column in a form.
type formKey struct {
	place int
	form  anonymity.Form
}

// Err implements [anonymity.Store].
func (s *store) Err() error {
	if s.folder.db == nil || s.folder.db.err == nil {
		return nil
	}
	return fmt.Errorf("in the database on disk: %w", s.folder.db.err)
}

// Values implements [anonymity.Store].
func (s *store) Values(place int) iter.Seq[string] {
	return func(yield func(string) bool) {
		if s.dictionaries[place] == "" {
			return
		}
		for row := range s.folder.db.rows(s.dictionaries[place], "value", 1) {
			if !yield(string(row[0].([]byte))) {
				return
			}
		}
	}
}

// Tuples implements [anonymity.Store].
func (s *store) Tuples(keys []anonymity.Key) iter.Seq2[[]int64, int] {
	return func(yield func([]int64, int) bool) {
		db := s.folder.db
		table := s.group(keys)
		tuple := make([]int64, len(keys))
		for row := range db.rows(table, "*", len(keys)+1) {
			for i := range tuple {
				tuple[i] = row[i].(int64)
			}
			if !yield(tuple, int(row[len(keys)].(int64))) {
				return
			}
		}
	}
}

// Texts implements [anonymity.Store].
func (s *store) Texts(keys []anonymity.Key) iter.Seq2[[]string, int] {
	return func(yield func([]string, int) bool) {
		db := s.folder.db
		groups, table := s.group(keys), s.folder.name()
		var fields, order []string
		from := []string{groups + " g"}
		for i, k := range keys {
			fields = append(fields, fmt.Sprintf("d%d.value AS v%d", i, i))
			order = append(order, fmt.Sprintf("g.k%d", i))
			from = append(from, fmt.Sprintf("JOIN %s d%d ON d%d.code = g.k%d", s.dictionaries[k.Column.Place], i, i, i))
		}
		db.exec("CREATE TABLE %s AS SELECT %s, g.n FROM %s ORDER BY %s", table, strings.Join(fields, ", "), strings.Join(from, " "), strings.Join(order, ", "))
		defer func() { db.exec("DROP TABLE %s", table) }()
		texts := make([]string, len(keys))
		for row := range db.rows(table, "*", len(keys)+1) {
			for i := range texts {
				texts[i] = string(row[i].([]byte))
			}
			if !yield(texts, int(row[len(keys)].(int64))) {
				return
			}
		}
	}
}

// group makes a table of the combinations of keys, k0, k1, …, in order, with
// the number of rows n. It is kept until the next one is made: many measures ask
// twice for the same.
func (s *store) group(keys []anonymity.Key) string {
	q, db := s.query(keys), s.folder.db
	asked := fmt.Sprintf("SELECT %s, CAST(count(*) AS BIGINT) AS n FROM %s%s GROUP BY ALL", q.fields(), q.from, q.where())
	if asked == db.asked {
		return db.groups
	}
	if db.groups != "" {
		db.exec("DROP TABLE %s", db.groups)
	}
	unordered, names := s.folder.name(), make([]string, len(keys))
	for i := range keys {
		names[i] = fmt.Sprintf("k%d", i)
	}
	db.asked, db.groups = asked, s.folder.name()
	// In two steps, as grouping and ordering need memory each.
	db.exec("CREATE TABLE %s AS %s", unordered, asked)
	db.exec("CREATE TABLE %s AS SELECT * FROM %s ORDER BY %s", db.groups, unordered, strings.Join(names, ", "))
	db.exec("DROP TABLE %s", unordered)
	return db.groups
}

// A query is what keys are in SQL.
type query struct {
	from   string
	values []string // of the keys
	only   []string // conditions
}

func (q query) fields() string {
	list := make([]string, len(q.values))
	for i, v := range q.values {
		list[i] = fmt.Sprintf("CAST(%s AS BIGINT) AS k%d", v, i)
	}
	return strings.Join(list, ", ")
}

func (q query) where() string {
	if len(q.only) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(q.only, " AND ")
}

// query writes keys of the rows r.
func (s *store) query(keys []anonymity.Key) query {
	q := query{from: s.table + " r"}
	for i, k := range keys {
		if k.Column == nil {
			q.time(k)
			continue
		}
		place := k.Column.Place
		value := fmt.Sprintf("r.c%d", place)
		if k.Need && s.none[place] >= 0 {
			q.only = append(q.only, fmt.Sprintf("%s <> %d", value, s.none[place]))
		}
		if k.Form != "" {
			q.from += fmt.Sprintf(" JOIN %s f%d ON f%d.code = %s", s.form(place, k.Form), i, i, value)
			value = fmt.Sprintf("f%d.id", i)
		}
		q.values = append(q.values, value)
	}
	return q
}

// time writes a key of times.
func (q *query) time(k anonymity.Key) {
	at := "r.moment"
	if k.Floor > 0 {
		at = floor(at, k.Floor)
	}
	q.only = append(q.only, "r.moment IS NOT NULL")
	if k.Cuts == nil {
		q.values = append(q.values, fmt.Sprintf("%s // %d", floor(at, k.Step), k.Step))
		return
	}
	q.only = append(q.only, fmt.Sprintf("%s >= %d AND %s < %d", at, k.Cuts[0], at, k.Cuts[2]))
	q.values = append(q.values, fmt.Sprintf("CASE WHEN %s < %d THEN 0 ELSE 1 END", at, k.Cuts[1]))
}

// floor rounds down to a multiple of width, also below zero.
func floor(at string, width int64) string {
	return fmt.Sprintf("(%s - (%s %% %d + %d) %% %d)", at, at, width, width, width)
}

// form returns the table that has for each code of a column the number of its
// form, in the order in which forms first come. It is made once.
func (s *store) form(place int, form anonymity.Form) string {
	key := formKey{place, form}
	if made := s.forms[key]; made != "" {
		return made
	}
	db := s.folder.db
	texts, made := s.folder.name(), s.folder.name()
	s.forms[key] = made
	db.exec("CREATE TABLE %s (code UINTEGER, text BLOB)", texts)
	if db.err != nil {
		return made
	}
	a, err := duckdb.NewAppenderFromConn(db.conn, "", texts)
	if err != nil {
		db.err = err
		return made
	}
	code := uint32(0)
	for v := range s.Values(place) {
		if err := a.AppendRow(code, []byte(anonymity.Coarse(v, form))); err != nil {
			db.err = err
			break
		}
		code++
	}
	if err := a.Close(); err != nil && db.err == nil {
		db.err = err
	}
	db.exec("CREATE TABLE %s AS SELECT t.code, n.id FROM %s t JOIN (SELECT text, CAST(row_number() OVER (ORDER BY min(code)) - 1 AS UINTEGER) AS id "+
		"FROM %s GROUP BY text) n ON n.text = t.text", made, texts, texts)
	db.exec("DROP TABLE %s", texts)
	return made
}

// Keep implements [anonymity.Store].
func (s *store) Keep(k int, subject *anonymity.Column, groups [][]anonymity.Key) (anonymity.Store, int) {
	db := s.folder.db
	rows := s.table
	for _, keys := range groups {
		classes, kept := s.classes(k, subject, keys), s.folder.name()
		of := *s
		of.table = rows
		q := of.query(keys)
		var equal []string
		for i, v := range q.values {
			equal = append(equal, fmt.Sprintf("g.k%d = %s", i, v))
		}
		db.exec("CREATE TABLE %s AS SELECT r.* FROM %s SEMI JOIN %s g ON %s%s", kept, q.from, classes, strings.Join(equal, " AND "), q.where())
		db.exec("DROP TABLE %s", classes)
		if rows != s.table {
			db.exec("DROP TABLE %s", rows)
		}
		rows = kept
	}
	kept := *s
	kept.table = rows
	return &kept, int(db.number(0, "SELECT count(*) FROM %s", rows))
}

// classes makes a table of the combinations of keys that k subjects have.
func (s *store) classes(k int, subject *anonymity.Column, keys []anonymity.Key) string {
	by := keys
	if subject != nil {
		by = append(append([]anonymity.Key(nil), keys...), anonymity.Key{Column: subject, Need: true})
	}
	members, classes := s.group(by), s.folder.name()
	names := make([]string, len(keys))
	for i := range keys {
		names[i] = fmt.Sprintf("k%d", i)
	}
	count := "sum(n)"
	if subject != nil {
		count = "count(*)"
	}
	s.folder.db.exec("CREATE TABLE %s AS SELECT %s FROM %s GROUP BY ALL HAVING %s >= %d", classes, strings.Join(names, ", "), members, count, k)
	return classes
}
