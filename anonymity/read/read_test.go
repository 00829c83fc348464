package read_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"telltale/anonymity"
	"telltale/anonymity/read"
)

// values reads a file whole, all columns as quasi-identifiers.
func values(f read.File) (names []string, rows [][]string, err error) {
	s, err := read.Open(f)
	if err != nil {
		return nil, nil, err
	}
	cols := make([]anonymity.Column, len(s.Columns))
	for i, name := range s.Columns {
		cols[i] = anonymity.Column{Name: name, Role: anonymity.Quasi}
	}
	t, err := s.Table(cols, read.Place{Memory: 1 << 24})
	if err != nil {
		return s.Columns, nil, err
	}
	for i := range t.Rows {
		row := make([]string, len(cols))
		for j, c := range t.Columns {
			row[j] = c.Values[c.Codes[i]]
		}
		rows = append(rows, row)
	}
	return s.Columns, rows, nil
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, text string
		names      []string
		rows       [][]string
	}{
		{"csv", "a,b\n1,2\n\"x, y\",\n", []string{"a", "b"}, [][]string{{"1", "2"}, {"x, y", ""}}},
		{"csv with a mark and semicolons", "\ufeffa;b;\n1;2\n", []string{"a", "b", "column 3"}, [][]string{{"1", "2", ""}}},
		{"tabs", "a\tb\n1\t2\n", []string{"a", "b"}, [][]string{{"1", "2"}}},
		{"jsonl", `{"b":{"$c":1.50,"d":[1,2]},"a":"x"}` + "\n\n" + `{"a":null,"b":{}}`, []string{"a", "b.$c", "b.d"}, [][]string{{"x", "1.50", "[1,2]"}, {"", "", ""}}},
	} {
		names, rows, err := values(bytes.NewReader([]byte(c.text)))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(c.names, names) + cmp.Diff(c.rows, rows); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.name, diff)
		}
	}
}

func TestReadErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", " \n", "empty"},
		{"names alone", "a,b\n", "no rows"},
		{"too many values", "a\n1\n2,3\n", "line 3"},
		{"an open quote", "a\n\"x\n", `"`},
		{"the same name twice", "a,a\n1,2\n", `"a"`},
		{"broken json", "{\"a\":1}\n{\"a\":\n", "line 2"},
		{"no parquet", "PAR1 and nothing else", "parquet"},
		{"a long line", "a\n" + strings.Repeat("x", 17<<20), "16 MiB"},
		{"a long quote", "a\n\"" + strings.Repeat("x\n", 9<<20), "16 MiB"},
	} {
		if _, _, err := values(bytes.NewReader([]byte(c.text))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", c.name, err, c.want)
		}
	}
}

// A name that comes after the sample is counted, not lost in silence.
func TestJSONLLateName(t *testing.T) {
	text := strings.Repeat("{\"a\":1}\n", 1000) + "{\"a\":2,\"late\":3}\n"
	s, err := read.Open(bytes.NewReader([]byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	tab, err := s.Table([]anonymity.Column{{Name: "a", Role: anonymity.Quasi}}, read.Place{})
	if err != nil || tab.Rows != 1001 || s.Unknown != 1 {
		t.Errorf("%d rows, %d values left out, %v", tab.Rows, s.Unknown, err)
	}
}

func TestParquet(t *testing.T) {
	type event struct {
		Who  string    `parquet:"who"`
		At   time.Time `parquet:"at,timestamp(microsecond)"`
		N    *int64    `parquet:"n,optional"`
		Tags []string  `parquet:"tags,list"`
		In   struct {
			Page string `parquet:"page"`
		} `parquet:"in"`
	}
	n := int64(7)
	list := []event{{Who: "a", At: time.Date(2020, 5, 4, 7, 24, 20, 0, time.UTC), N: &n, Tags: []string{"x", "y"}}, {Who: "b", At: time.Unix(0, 0)}}
	list[0].In.Page = "/"
	path := filepath.Join(t.TempDir(), "events.parquet")
	if err := parquet.WriteFile(path, list); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	names, rows, err := values(f)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"a", "2020-05-04T07:24:20Z", "7", "/"}, {"b", "1970-01-01T00:00:00Z", "", ""}}
	at := make([]int, 4)
	for i, name := range []string{"who", "at", "n", "in.page"} {
		if at[i] = slices.Index(names, name); at[i] < 0 {
			t.Fatalf("there is no column %s in %v", name, names)
		}
	}
	if len(names) != 4 {
		t.Errorf("%v: the list is left out", names)
	}
	for i, row := range rows {
		for j, k := range at {
			if row[k] != want[i][j] {
				t.Errorf("row %d, %s: %q, want %q", i, names[k], row[k], want[i][j])
			}
		}
	}
}

// Whatever the file, reading ends; and what the library writes as CSV and as
// JSON Lines is read as the same values.
func FuzzRead(f *testing.F) {
	f.Add([]byte("a,b\n1,2\n"), "x", "y\"z")
	f.Add([]byte("{\"a\":{\"b\":1}}"), "", "é")
	var b bytes.Buffer
	type row struct{ A string }
	if err := parquet.Write(&b, []row{{"x"}, {"y"}}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes(), "1", "2")
	f.Fuzz(func(t *testing.T, file []byte, x, y string) {
		if names, rows, err := values(bytes.NewReader(file)); err == nil {
			for _, row := range rows {
				if len(row) != len(names) {
					t.Fatalf("%d values in %d columns", len(row), len(names))
				}
			}
		}
		want := []string{clean(x), clean(y)}
		var c bytes.Buffer
		w := csv.NewWriter(&c)
		if err := w.WriteAll([][]string{{"first", "second"}, want, {"end", "end"}}); err != nil {
			t.Fatal(err)
		}
		compare(t, "csv", c.Bytes(), want)
		line, err := json.Marshal(map[string]string{"first": want[0], "second": want[1]})
		if err != nil {
			t.Fatal(err)
		}
		compare(t, "jsonl", fmt.Appendf(nil, "%s\n", line), want)
	})
}

// clean makes a text one that both formats keep, and that is not missing.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '\r' || r == '\ufffd' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return "x" + strings.TrimSpace(s)
}

func compare(t *testing.T, format string, file []byte, want []string) {
	_, rows, err := values(bytes.NewReader(file))
	if err != nil || len(rows) < 1 || !slices.Equal(rows[0], want) {
		t.Fatalf("%s: %q, %v, want %q", format, rows, err, want)
	}
}
