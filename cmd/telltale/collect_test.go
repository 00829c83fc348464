package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/sensorsdata/sa-sdk-go"
	"github.com/sensorsdata/sa-sdk-go/consumers"

	"telltale/audit/lab/chromium"
	"telltale/collect/store"
	"telltale/collect/store/duckdb"
)

// A collecting is a collector that runs as a process of its own.
type collecting struct {
	dir, url string
	cmd      *exec.Cmd
	log      *output
	ended    chan struct{}
}

// projects are the flags that let the projects of these tests in.
func projects(names ...string) (flags []string) {
	for _, n := range names {
		flags = append(flags, "--project", n)
	}
	return flags
}

// collectIn starts a collector with a data folder, and waits until it listens.
func collectIn(t testing.TB, dir string, args ...string) *collecting {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The test's program is telltale, when it is called so: see TestMain.
	bin := filepath.Join(t.TempDir(), "telltale")
	if err := os.Symlink(self, bin); err != nil {
		t.Fatal(err)
	}
	c := &collecting{dir: dir, log: &output{}, ended: make(chan struct{})}
	c.cmd = exec.Command(bin, append([]string{
		"collect", "--claims", "collect-example", "--data", dir, "--listen", "127.0.0.1:0", "--flush", "200ms", "--rate-client", "0", "--min-free", "0",
	}, args...)...)
	stderr, err := c.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := make(chan string, 1)
	go func() {
		defer close(c.ended)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			_, _ = fmt.Fprintln(c.log, lines.Text())
			var line struct{ Msg, Address string }
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "collecting" {
				address <- line.Address
			}
		}
	}()
	t.Cleanup(c.kill)
	select {
	case a := <-address:
		c.url = "http://" + a
	case <-c.ended:
		t.Fatalf("the collector ended: %s", c.log)
	case <-time.After(30 * time.Second):
		t.Fatal("the collector does not listen")
	}
	return c
}

// kill ends the process at once, as kill -9 does.
func (c *collecting) kill() {
	_ = c.cmd.Process.Kill()
	<-c.ended
	_ = c.cmd.Wait()
}

// stop ends it as a service manager does.
func (c *collecting) stop(t testing.TB) {
	t.Helper()
	if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-c.ended
	if err := c.cmd.Wait(); err != nil {
		t.Fatalf("stopping: %v\n%s", err, c.log)
	}
}

// rows returns what the store has.
func (c *collecting) rows(t testing.TB) (rows []store.Row) {
	t.Helper()
	s, err := duckdb.Read(context.Background(), filepath.Join(c.dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for r, err := range s.Rows(context.Background()) {
		if err != nil {
			return nil // a file was joined with others meanwhile; the caller asks again
		}
		rows = append(rows, r)
	}
	return rows
}

// wait returns the rows when there are as many as are expected, or the time is over.
func (c *collecting) wait(t testing.TB, enough func(rows []store.Row) bool) []store.Row {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		rows := c.rows(t)
		if enough(rows) || time.Now().After(end) {
			return rows
		}
	}
}

// admin gets a page that needs the token.
func (c *collecting) admin(t testing.TB, path string) string {
	t.Helper()
	token, err := os.ReadFile(filepath.Join(c.dir, "admin.token"))
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", path, answer.Status, err)
	}
	return string(text)
}

// collectModules returns a folder with the SDKs for JavaScript and Node, the
// last ones under the Apache licence.
func collectModules(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("installing and running the SDKs takes most of a minute")
	}
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("npm is not here, and with it neither the SDKs")
	}
	dir := t.TempDir()
	install := exec.CommandContext(t.Context(), "npm", "install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts",
		"--prefer-offline", "--loglevel=error", "sa-sdk-javascript@1.26.17", "sa-sdk-node@1.2.6")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm install: %v\n%s", err, out)
	}
	return dir
}

// summaries are the rows of a project without what differs from run to run.
func summaries(rows []store.Row, project string) (list []string) {
	for _, r := range rows {
		if r.Project == project {
			who := "anonymous"
			if r.Subject != 0 {
				who = "pseudonym"
			}
			list = append(list, r.Event+" "+who+" "+r.Properties)
		}
	}
	slices.Sort(list)
	return list
}

// The official SDK for Go, unmodified, with each of its consumers.
func TestCollectGoSDK(t *testing.T) {
	c := collectIn(t, t.TempDir(), projects("go", "go_batch", "go_dry", "go_debug")...)
	single, err := sdk.InitDefaultConsumer(c.url+"/sa?project=go", 5000)
	if err != nil {
		t.Fatal(err)
	}
	batch, err := sdk.InitBatchConsumer(c.url+"/sa?project=go_batch", 2, 5000)
	if err != nil {
		t.Fatal(err)
	}
	dry, err := sdk.InitDebugConsumer(c.url+"/sa?project=go_dry", false, 5000)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := sdk.InitDebugConsumer(c.url+"/sa?project=go_debug", true, 5000)
	if err != nil {
		t.Fatal(err)
	}
	for _, consumer := range []consumers.Consumer{single, batch, dry, stored} {
		s := sdk.InitSensorsAnalytics(consumer, "", false)
		for _, err := range []error{
			s.Track("user-1", "Buy", map[string]any{"price": 12, "tags": []string{"a", "b"}, "incognito": false, "consent": []string{"statistics"}}, true),
			s.ProfileSet("user-1", map[string]any{"plan": "free", "incognito": false, "consent": []string{"statistics"}}, true),
			s.ItemSet("book", "001", map[string]any{"pages": 300}),
		} {
			if err != nil && consumer != dry && consumer != stored { // debug tells of $lib_version, which is not in the plan
				t.Error(err)
			}
		}
		s.Close()
	}
	want := []string{
		`Buy pseudonym {"$lib":"Golang","price":12,"tags":["a","b"]}`,
		`item_set anonymous {"pages":300}`,
		`profile_set pseudonym {"plan":"free"}`,
	}
	rows := c.wait(t, func(rows []store.Row) bool { return len(rows) >= 3*len(want) })
	for _, project := range []string{"go", "go_batch", "go_debug"} {
		if got := summaries(rows, project); !slices.Equal(got, want) {
			t.Errorf("%s: got %q\nwant %q", project, got, want)
		}
	}
	if got := summaries(rows, "go_dry"); len(got) != 0 {
		t.Errorf("a dry run was stored: %q", got)
	}
	c.stop(t)
}

// Without consent the official Go SDK gets an error, and nothing is stored.
func TestCollectNoConsent(t *testing.T) {
	c := collectIn(t, t.TempDir(), projects("go")...)
	consumer, err := sdk.InitDefaultConsumer(c.url+"/sa?project=go", 5000)
	if err != nil {
		t.Fatal(err)
	}
	s := sdk.InitSensorsAnalytics(consumer, "", false)
	for name, props := range map[string]map[string]any{
		"nothing said":       {"incognito": false},
		"another purpose":    {"incognito": false, "consent": []string{"other"}},
		"private, no switch": {"incognito": true, "consent": []string{"statistics"}},
		"mode unknown":       {"consent": []string{"statistics"}},
	} {
		if err := s.Track("user-1", "Buy", props, true); err == nil {
			t.Errorf("%s: the SDK was not told", name)
		}
	}
	c.stop(t)
	if rows := c.rows(t); len(rows) != 0 {
		t.Errorf("stored: %+v", rows)
	}
}

// sdkSite serves pages with the official JavaScript SDK.
func sdkSite(t *testing.T, modules string) *httptest.Server {
	t.Helper()
	m := http.NewServeMux()
	dist := filepath.Join(modules, "node_modules", "sa-sdk-javascript")
	for name, file := range map[string]string{
		"sensorsdata.min.js": "sensorsdata.min.js",
		"aes-encryption.js":  "dist/web/plugin/aes-encryption/index.js",
	} {
		m.HandleFunc("/sdk/"+name, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, filepath.Join(dist, file)) })
	}
	m.HandleFunc("/shop/", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "testdata/collect/page.html") })
	m.HandleFunc("/all", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		// Each mode is a site of its own, or they would share the SDK's cookie.
		_, port, _ := strings.Cut(r.Host, ":")
		for mode := range strings.SplitSeq(r.URL.Query().Get("modes"), ",") {
			_, _ = fmt.Fprintf(w, `<iframe src="http://%s.localhost:%s/shop/canary-path-41aa?q=canary-query-77e0&mode=%s&server=%s"></iframe>`,
				mode, port, mode, url.QueryEscape(r.URL.Query().Get("server")))
		}
	})
	s := httptest.NewServer(m)
	t.Cleanup(s.Close)
	return s
}

// browse opens a page in the real browser until the test ends.
func browse(t *testing.T, page string) {
	t.Helper()
	bin, err := chromium.Find()
	if err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, bin, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-dev-shm-usage", "--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--remote-debugging-port=0",
		"--user-data-dir="+t.TempDir(), page)
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
}

// The official JavaScript SDK in the real browser, in each way of sending, and
// the official Node SDK; all unmodified.
func TestCollectScriptSDKs(t *testing.T) {
	modules := collectModules(t)
	modes := []string{"image", "ajax", "beacon", "batch", "debug", "aes"}
	c := collectIn(t, t.TempDir(), append(projects(append(modes, "private", "node", "node_plain")...), "--static-key", "7=MDEyMzQ1Njc4OWFiY2RlZg==")...)
	browse(t, sdkSite(t, modules).URL+"/all?modes="+strings.Join(append(modes, "private"), ",")+"&server="+url.QueryEscape(c.url))

	script, err := filepath.Abs("testdata/collect/node.js")
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(t.Context(), "node", script, c.url)
	node.Dir = modules
	stdin, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}

	wantPage := []string{
		`$SignUp pseudonym {"$lib":"js"}`,
		`$pageview pseudonym {"$is_first_day":true,"$lib":"js"}`,
		`Buy pseudonym {"$is_first_day":true,"$lib":"js","gift":true,"note":"nice","price":12.5,"tags":["a","b"]}`,
		`item_set anonymous {"pages":300}`,
		`profile_set pseudonym {"plan":"free"}`,
	}
	wantNode := []string{
		`$SignUp pseudonym {"$lib":"Node"}`,
		`Buy pseudonym {"$lib":"Node","gift":true,"note":"ä你","price":12.5,"tags":["a","b"]}`,
		`profile_set pseudonym {"plan":"paid"}`,
	}
	rows := c.wait(t, func(rows []store.Row) bool { return len(rows) >= len(modes)*len(wantPage)+2*len(wantNode)+2 })
	for _, mode := range modes {
		if got := summaries(rows, mode); !slices.Equal(got, wantPage) {
			t.Errorf("%s: got %q\nwant %q", mode, got, wantPage)
		}
	}
	for _, project := range []string{"node", "node_plain"} {
		if got := summaries(rows, project); !slices.Equal(got, wantNode) {
			t.Errorf("%s: got %q\nwant %q", project, got, wantNode)
		}
	}
	// In private mode, without the switch, only what is about no visit is kept.
	if got := summaries(rows, "private"); !slices.Equal(got, []string{`item_set anonymous {"pages":300}`, `profile_set pseudonym {"plan":"free"}`}) {
		t.Errorf("private: got %q", got)
	}
	if err := stdin.Close(); err != nil {
		t.Error(err)
	}
	if err := node.Wait(); err != nil {
		t.Error(err)
	}
	c.stop(t)
}
