package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"telltale/collect/protect"
	"telltale/collect/query"
)

const queryHelp = `query answers questions about what a collector keeps.

A question is one SELECT about one of two tables:

  events  project, event, time, subject, period, region, browser, browser_version, properties (JSON)
  counts  epoch, project, kind, rung, value, users (released, with noise)

No answer is about fewer than k users: groups with fewer are left out. k is that
of the claims file; --k can only raise it. Of functions there are count, sum and
avg, and those for times, texts and properties->>'name'. A subject may be counted,
count(DISTINCT subject), and nothing else; a user has another one in each period.

Two answers that differ by one user tell about that user: this is a guard for the
operator's own people. The counts have noise and can be published.`

func newQuery(e *env) *cobra.Command {
	var data, question, format string
	var k int
	c := &cobra.Command{
		Use:   "query",
		Short: "ask a collector's store, about k users at least",
		Long:  queryHelp,
		Example: `  telltale query --data shop --sql "SELECT event, count(*), count(DISTINCT subject) FROM events GROUP BY event"
  telltale query --data shop --sql "SELECT value, users FROM counts WHERE rung = 'template' ORDER BY users DESC LIMIT 20"`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return ask(c.Context(), e, questionAt{data, question, format, k})
		},
	}
	f := c.Flags()
	f.StringVar(&data, "data", "collected", "data `DIR` of the collector")
	f.StringVar(&question, "sql", "", "the `QUESTION`")
	f.StringVar(&format, "format", "table", "table, csv or jsonl")
	f.IntVar(&k, "k", 0, "users that each group of the answer has at least")
	return c
}

// A questionAt is what the command line of query asks for.
type questionAt struct {
	data, question, format string
	k                      int
}

// answerWriters write an answer in a format.
var answerWriters = map[string]func(w io.Writer, a query.Answer) error{
	"table": answerTable, "csv": answerCSV, "jsonl": answerJSON,
}

func ask(ctx context.Context, e *env, q questionAt) (err error) {
	write, ok := answerWriters[q.format]
	switch {
	case !ok:
		return usagef("--format %q: there are table, csv and jsonl", q.format)
	case q.question == "":
		return usagef("no question; give one with --sql")
	}
	if _, err := os.Stat(filepath.Join(q.data, "store")); err != nil {
		return usagef("%s is no data folder of a collector: %w", q.data, err)
	}
	said, err := (&folder{dir: q.data}).settings()
	if err != nil {
		return err
	}
	engine, err := query.Open(ctx, filepath.Join(q.data, "store"), max(q.k, said.K, protect.DefaultK))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	a, err := engine.Ask(ctx, q.question)
	if err != nil {
		return usageError{err}
	}
	return write(e.stdout, a)
}

// cellText writes a value for people and for CSV.
func cellText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	default:
		return fmt.Sprint(v)
	}
}

func answerTable(w io.Writer, a query.Answer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(cells []string) {
		for i, c := range cells {
			if i > 0 {
				_, _ = io.WriteString(t, "\t") // errors show at Flush
			}
			_, _ = io.WriteString(t, strings.Map(printable, c))
		}
		_, _ = io.WriteString(t, "\n")
	}
	line(a.Columns)
	for _, row := range a.Rows {
		line(cellTexts(row))
	}
	return t.Flush()
}

// printable replaces what would disturb a terminal: values come from senders.
func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return '?'
}

func cellTexts(row []any) []string {
	cells := make([]string, len(row))
	for i, v := range row {
		cells[i] = cellText(v)
	}
	return cells
}

func answerCSV(w io.Writer, a query.Answer) error {
	c := csv.NewWriter(w)
	if err := c.Write(a.Columns); err != nil {
		return err
	}
	for _, row := range a.Rows {
		if err := c.Write(cellTexts(row)); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func answerJSON(w io.Writer, a query.Answer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, row := range a.Rows {
		line := make(map[string]any, len(row))
		for i, v := range row {
			line[a.Columns[i]] = v
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}
