package query_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"telltale/collect"
	"telltale/collect/gatetest"
	"telltale/collect/query"
	"telltale/collect/store/duckdb"
)

const k = 5

// shop is a store with 30 users a day who look, 4 who buy dearly, one of whom is
// there on 20 days, and one event of nobody.
func shop(t testing.TB) *query.Engine {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	s, err := duckdb.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	g := gatetest.Open(t, t.TempDir(), gatetest.Basic)
	var events []collect.Event
	add := func(name, user string, day int, price int) {
		e := gatetest.Event(name, user, int64(len(events)), gatetest.Start.AddDate(0, 0, -day).Truncate(24*time.Hour))
		if price > 0 {
			e.Props = []collect.Property{gatetest.Number("price", fmt.Sprint(price))}
		}
		events = append(events, e)
	}
	for i := range 30 {
		for day := range 2 {
			add("Look", fmt.Sprint("user ", i), day, 0)
		}
		add("Buy", fmt.Sprint("user ", i), 0, 10)
	}
	for i := range 4 {
		add("Buy", fmt.Sprint("rich ", i), 0, 999)
	}
	for day := range 20 {
		add("Alone", "regular", day, 7)
	}
	if err := s.Add(t.Context(), 1, g.Pass(t, events...)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	e, err := query.Open(t.Context(), dir, k)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// Groups of fewer than k users are left out: users are counted in one period, so
// that one who comes on twenty days is one. An aggregate of a property is about k
// users that have it.
func TestAtLeastK(t *testing.T) {
	e := shop(t)
	for question, want := range map[string]string{
		"SELECT event, count(*), count(DISTINCT subject) FROM events GROUP BY event ORDER BY event":                         "[[Buy 34 34] [Look 60 60]]",
		"SELECT count(*) FROM events WHERE event = 'Alone'":                                                                 "[]",
		"SELECT count(*) FROM events WHERE properties->>'price' = '999'":                                                    "[]",
		"SELECT properties->>'price' p, count(*) FROM events GROUP BY p ORDER BY 2":                                         "[[10 30] [<nil> 60]]",
		"SELECT event, sum(CAST(properties->>'price' AS BIGINT)) FROM events GROUP BY ALL":                                  "[[Buy 4296]]",
		"SELECT sum(CAST(properties->>'price' AS BIGINT)) FROM events WHERE event = 'Look'":                                 "[]",
		"SELECT event FROM events GROUP BY event HAVING count(*) > 50":                                                      "[[Look]]",
		"SELECT date_trunc('day', time) AS d, count(*) FROM events WHERE event = 'Look' GROUP BY d ORDER BY d DESC LIMIT 1": "[[2026-11-20 00:00:00 +0000 UTC 30]]",
		"SELECT event, count(*) FROM events GROUP BY ROLLUP (event) ORDER BY 2":                                             "[[Buy 34] [Look 60] [<nil> 114]]",
		"SELECT CASE WHEN browser = '' THEN 'none' ELSE browser END b, count(*) FROM events WHERE event='Buy' GROUP BY b":   "[[none 34]]",
		"SELECT event FROM events GROUP BY event HAVING event = 'Alone' OR count(*) > 50":                                   "[[Look]]",
		"select * from counts": "[]",
	} {
		a, err := e.Ask(t.Context(), question)
		if got := fmt.Sprint(a.Rows); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", question, got, err, want)
		}
	}
}

// What could tell about fewer, or reach something else, may not be asked.
func TestRefused(t *testing.T) {
	e := shop(t)
	for _, tt := range []struct{ question, want string }{
		{"SELECT * FROM events", "about one user each"},
		{"SELECT event, subject FROM events GROUP BY ALL", "subject may be counted"},
		{"SELECT count(*) FROM events WHERE subject = 5", "subject may be counted"},
		{"SELECT count(*) FROM events e WHERE e.subject = 5", "subject may be counted"},
		{"SELECT count(*) FROM events WHERE events IS NOT NULL", "subject may be counted"},
		{"SELECT count(subject) FROM events", "subject may be counted"},
		{"SELECT count(*) FILTER (WHERE event = 'Alone') FROM events", "FILTER"},
		{"SELECT sum(CASE WHEN event = 'Alone' THEN 1 END) FROM events", "argument of an aggregate"},
		{"SELECT avg(1/(browser_version-1)) FROM events", "argument of an aggregate"},
		{"SELECT sum(CAST(CASE WHEN event = 'Alone' THEN 1 END AS INT)) FROM events", "argument of an aggregate"},
		{"SELECT max(time) FROM events", "no function max"},
		{"SELECT list(properties) FROM events", "no function list"},
		{"SELECT string_agg(properties, ',') FROM events", "no function string_agg"},
		{"SELECT count(*) OVER () FROM events", "no window"},
		{"SELECT count(*) FROM events WHERE event IN (SELECT event FROM events)", "no subquery"},
		{"WITH x AS (SELECT 1) SELECT count(*) FROM events", "WITH"},
		{"SELECT count(*) FROM events UNION SELECT 1", "one SELECT"},
		{"SELECT count(*) FROM events, counts", "one table"},
		{"SELECT count(*) FROM (SELECT 1)", "one table"},
		{"SELECT count(*) FROM read_parquet('/etc/passwd')", "one table"},
		{"SELECT count(*) FROM '/etc/passwd'", "one table"},
		{"SELECT count(*) FROM main.events", "one table"},
		{"SELECT count(*) FROM duckdb_settings()", "one table"},
		{"SELECT count(*) FROM events AS e(a, b, c, d)", "may not be renamed"},
		{"SELECT count(*) FROM events TABLESAMPLE 10%", "one table"},
		{"SELECT DISTINCT event FROM events", "ORDER BY and LIMIT only"},
		{"SELECT getenv('HOME') FROM counts", "no function getenv"},
		{"SELECT count(*) FROM events; SELECT 1", "one question"},
		{"COPY events TO '/tmp/x'", "Only SELECT"},
		{"DROP VIEW events", "Only SELECT"},
		{"SET lock_configuration=false", "Only SELECT"},
		{"", "one question"},
		{"SELECT count(*) FROM", "reading the question"},
	} {
		if a, err := e.Ask(t.Context(), tt.question); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, %v, want an error with %q", tt.question, a.Rows, err, tt.want)
		}
	}
}

// Whatever is asked: no answer has the one user's price, nor a pseudonym.
func FuzzAsk(f *testing.F) {
	f.Add("SELECT event, count(*) FROM events GROUP BY event")
	f.Add("SELECT sum(CAST(properties->>'price' AS BIGINT)) FROM events HAVING count(*) > 1 ORDER BY 1")
	f.Add("SELECT event FROM events WHERE time BETWEEN '2026-01-01' AND '2027-01-01' GROUP BY ALL LIMIT 3")
	e := shop(f)
	f.Fuzz(func(t *testing.T, question string) {
		a, err := e.Ask(t.Context(), question)
		if err != nil {
			return
		}
		if strings.Contains(strings.ToLower(question), "alone") || strings.Contains(question, "999") {
			return // it says itself what the answer may repeat
		}
		for _, row := range a.Rows {
			if text := fmt.Sprint(row); strings.Contains(text, "Alone") || strings.Contains(text, "999") {
				t.Errorf("%s: %s", question, text)
			}
		}
	})
}
