package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"telltale/collect/store"
	"telltale/sensors"
)

// A canary is all that one user gives away, and nobody else has.
type canary struct{ id, login, cookie, url, referrer, title, query, mail, model, agent, phone, ip, unknown string }

func newCanary(n int) canary {
	word := func(what string) string {
		sum := sha256.Sum256(fmt.Appendf(nil, "canary %d %s", n, what))
		return hex.EncodeToString(sum[:9])
	}
	return canary{
		id: word("id"), login: "user-" + word("login"), cookie: word("cookie"), title: "Title " + word("title"), query: "buy " + word("query"),
		url: "https://" + word("host") + ".example.com/" + word("path") + "?q=" + word("q"), referrer: "https://search.example.org/?wd=" + word("words"),
		mail: word("mail") + "@post.example.org", model: "Phone " + word("model"), agent: "Mozilla/5.0 (" + word("agent") + ") Chrome/131.0 Safari/537.36",
		phone: fmt.Sprintf("+49151%08d", 20_000_000+n*7919), ip: fmt.Sprintf("198.51.100.%d", n+10), unknown: "secret_" + word("unknown"),
	}
}

// seeds returns the canaries in the form of analyze. Phone numbers and addresses
// are too short for it; they are searched as they are.
func (c canary) seeds(n int) (list []map[string]string) {
	for name, v := range map[string]string{
		"id": c.id, "login": c.login, "cookie": c.cookie, "url": c.url, "referrer": c.referrer, "title": c.title, "query": c.query,
		"mail": c.mail, "model": c.model, "agent": c.agent, "unknown": c.unknown,
	} {
		list = append(list, map[string]string{"name": fmt.Sprint(name, n), "value": v})
	}
	return list
}

// plain are the values as they are.
func (c canary) plain() []string {
	return []string{c.id, c.login, c.cookie, c.url, c.referrer, c.title, c.query, c.mail, c.model, c.agent, c.phone, c.ip, c.unknown}
}

// record is an event that is full of them.
func (c canary) record(n int, at time.Time) sensors.Value {
	text := sensors.Text
	object := func(pairs ...string) sensors.Value {
		var members []sensors.Member
		for i := 0; i < len(pairs); i += 2 {
			members = append(members, sensors.Member{Name: pairs[i], Value: text(pairs[i+1])})
		}
		return sensors.NewObject(members...)
	}
	notes := []string{"mail " + c.mail, c.url, "call " + c.phone, "from " + c.ip, c.cookie, "all fine"}
	props := []sensors.Member{
		{Name: "incognito", Value: sensors.Truth(n%7 == 0)},
		{Name: "consent", Value: text("statistics")},
		{Name: "$url", Value: text(c.url)},
		{Name: "$title", Value: text(c.title)},
		{Name: "$referrer", Value: text(c.referrer)},
		{Name: "$model", Value: text(c.model)},
		{Name: "note", Value: text(notes[n%len(notes)])},
		{Name: "price", Value: sensors.Integer(int64(n % 90))},
		{Name: c.unknown, Value: text(c.query)},
		{Name: "$ip", Value: text(c.ip)},
	}
	event := "Buy"
	switch n % 5 {
	case 1:
		event = "$pageview"
	case 2:
		event, props = "Search", append(props, sensors.Member{Name: "query", Value: text(c.query)})
	case 3:
		event = c.unknown
	}
	return sensors.NewObject(
		sensors.Member{Name: "type", Value: text("track")}, sensors.Member{Name: "event", Value: text(event)},
		sensors.Member{Name: "distinct_id", Value: text(c.id)}, sensors.Member{Name: "login_id", Value: text(c.login)},
		sensors.Member{Name: "identities", Value: object("$identity_cookie_id", c.cookie, "$identity_email", c.mail)},
		sensors.Member{Name: "_track_id", Value: sensors.Integer(int64(n) + 1<<40)}, sensors.Member{Name: "time", Value: sensors.Integer(at.UnixMilli())},
		sensors.Member{Name: "lib", Value: object("$lib", "js", "$lib_detail", c.cookie)},
		sensors.Member{Name: "properties", Value: sensors.NewObject(props...)},
	)
}

// tell sends n records in requests of 500, with more of the canaries around them.
func tell(t *testing.T, c *collecting, canaries []canary, from, to int) {
	t.Helper()
	const batch = 500
	at := time.Now()
	for n := from; n < to; n += batch {
		var records []sensors.Value
		for i := n; i < n+batch; i++ {
			records = append(records, canaries[i%len(canaries)].record(i, at))
		}
		body := sensors.Encode(records, sensors.Encoding{Field: "data_list", Gzip: 1})
		who := canaries[n/batch%len(canaries)]
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+"/sa?project=default", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{
			"User-Agent": who.agent, "Cookie": "sensorsdata2015jssdkcross=" + who.cookie, "Referer": who.url,
			"X-Forwarded-For": who.ip, "X-Forwarded-Proto": "https",
		} {
			req.Header.Set(name, value)
		}
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("records from %d: %s", n, answer.Status)
		}
	}
}

// dump writes what stands in the Parquet files below a folder, each value of a
// column once: a search of the files alone sees nothing, because they are
// compressed.
func dump(t *testing.T, dir, to string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "store", "*", "day=*", "*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob(filepath.Join(dir, "store", "counts", "*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var out bytes.Buffer
	for _, f := range append(files, more...) {
		table := "read_parquet('" + f + "')"
		for _, column := range texts(t, db, "SELECT column_name FROM (DESCRIBE SELECT * FROM "+table+")") {
			for _, v := range texts(t, db, `SELECT DISTINCT "`+column+`"::VARCHAR FROM `+table) {
				line, err := json.Marshal(map[string]string{column: v})
				if err != nil {
					t.Fatal(err)
				}
				out.Write(append(line, '\n'))
			}
		}
	}
	if err := os.WriteFile(to, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// texts returns the answer to a query of one column.
func texts(t *testing.T, db *sql.DB, query string) (list []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var v sql.NullString
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v.String)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// found returns which canaries are in a folder, in any form that analyze sees,
// or as they are.
func found(t *testing.T, dir, seeds string, canaries []canary) (names []string) {
	t.Helper()
	_, stdout, stderr := telltale(context.Background(), "analyze", "--seeds", seeds, "--max-time", "120s", dir)
	for line := range strings.Lines(stdout) {
		var fact struct{ Finding *struct{ Seed, Form string } }
		if err := json.Unmarshal([]byte(line), &fact); err != nil {
			t.Fatalf("%v: %s%s", err, line, stderr)
		}
		if fact.Finding != nil && fact.Finding.Seed != "" {
			names = append(names, fact.Finding.Seed+" as "+fact.Finding.Form)
		}
	}
	if !strings.Contains(stdout, `"coverage"`) && !strings.Contains(stdout, `"exhibit"`) {
		t.Fatalf("analyze read nothing: %s%s", stdout, stderr)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, c := range canaries {
			for _, v := range c.plain() {
				if bytes.Contains(data, []byte(v)) {
					names = append(names, fmt.Sprintf("%.12s… of %d in %s", v, i, filepath.Base(path)))
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// After 100,000 events that are full of canaries, nothing on disk, in the log or
// in the metrics has any of them: neither after kill -9 in the middle nor at the end.
// The same search finds them where they are not protected.
func TestCollectCanaries(t *testing.T) {
	if testing.Short() {
		t.Skip("100,000 events")
	}
	const total = 100_000
	var canaries []canary
	var list []map[string]string
	for n := range 12 {
		canaries = append(canaries, newCanary(n))
		list = append(list, canaries[n].seeds(n)...)
	}
	seeds := filepath.Join(t.TempDir(), "seeds.json")
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(seeds, text, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	look := func(when string, said ...string) {
		t.Helper()
		extra := t.TempDir()
		dump(t, dir, filepath.Join(extra, "store.jsonl"))
		if err := os.WriteFile(filepath.Join(extra, "said.txt"), []byte(strings.Join(said, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, d := range []string{dir, extra} {
			if names := found(t, d, seeds, canaries); len(names) > 0 {
				t.Errorf("%s: %d found: %.400q", when, len(names), names)
			}
		}
	}

	c := collectIn(t, dir, "--behind-tls-proxy", "--flush", "1s")
	tell(t, c, canaries, 0, total/2)
	metrics := c.admin(t, "/metrics")
	c.kill()
	look("after kill -9", c.log.String(), metrics)

	c = collectIn(t, dir, "--behind-tls-proxy")
	tell(t, c, canaries, total/2, total)
	c.wait(t, func(rows []store.Row) bool { return len(rows) >= total*3/5 })
	metrics = c.admin(t, "/metrics")
	c.stop(t)
	look("at the end", c.log.String(), metrics)
	// Unknown events and those in private mode are not there; the rest is.
	want := 0
	for n := range total {
		if n%5 != 3 && n%7 != 0 {
			want++
		}
	}
	if rows := c.rows(t); len(rows) != want {
		t.Errorf("%d rows are stored, want %d", len(rows), want)
	}

	// The same search where nothing was protected.
	control := t.TempDir()
	plain := sensors.Encode([]sensors.Value{canaries[0].record(2, time.Now())}, sensors.Encoding{Field: "data_list", Gzip: 1})
	day := filepath.Join(control, "store", "events", "day=2026-01-01")
	if err := os.MkdirAll(day, 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "COPY (SELECT '"+canaries[1].url+"' AS properties, i FROM range(1000) r(i)) TO '"+filepath.Join(day, "a.parquet")+"' (FORMAT parquet, COMPRESSION zstd)"); err != nil {
		t.Fatal(err)
	}
	dump(t, control, filepath.Join(control, "store.jsonl"))
	if err := os.WriteFile(filepath.Join(control, "request"), []byte(plain), 0o600); err != nil {
		t.Fatal(err)
	}
	names := strings.Join(found(t, control, seeds, canaries), " ")
	for _, want := range []string{"id0 as", "url0 as", "query0 as", "mail0 as", "url1 as"} {
		if !strings.Contains(names, want) {
			t.Errorf("the search does not find %s where nothing is protected: %.400s", want, names)
		}
	}
}
