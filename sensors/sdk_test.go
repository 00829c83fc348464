package sensors_test

import (
	orElse "cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/sensorsdata/sa-sdk-go"

	"telltale/sensors"
)

// A delivery is a record as it came.
type delivery struct {
	payload sensors.Payload
	record  sensors.Record
	agent   string
	dryRun  bool
	signals []sensors.Signal
}

// A collector is a server that reads with this package and does nothing else.
type collector struct {
	keys sensors.Keys

	mu       sync.Mutex
	got      map[string][]delivery // by project, each record once
	seen     map[string]map[sensors.Key]bool
	opaque   map[string][]sensors.Payload // what there is no key for
	problems []string
	changed  chan struct{}
}

func newCollector(t *testing.T) (*collector, string) {
	c := &collector{
		keys: sensors.Keys{
			Private: []sensors.PrivateKey{{Version: 3, Key: keys().rsa}},
			Static:  []sensors.StaticKey{{Version: 7, Key: []byte(staticKey)}},
		},
		got: make(map[string][]delivery), seen: make(map[string]map[sensors.Key]bool), opaque: make(map[string][]sensors.Payload), changed: make(chan struct{}, 1),
	}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return c, server.URL
}

// ServeHTTP answers as the vendor's server does. A preflight repeats what the
// request after it says.
func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", orElse.Or(r.Header.Get("Origin"), "*"))
	w.Header().Set("Access-Control-Allow-Credentials", "true")
	w.Header().Set("Access-Control-Allow-Headers", "Dry-Run")
	if r.Method == http.MethodOptions {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(sensors.DefaultLimits.Body)))
	if err == nil {
		err = c.take(r, body)
	}
	if err != nil {
		c.note(err.Error())
	}
	if r.URL.Path == "/debug" {
		_, _ = io.WriteString(w, "{}")
	}
}

func (c *collector) take(r *http.Request, body []byte) error {
	req, err := sensors.Read(r.URL.RawQuery, body, sensors.DefaultLimits)
	if err != nil {
		return err
	}
	signals := sensors.Recognise(sensors.Message{URL: r.URL.String(), UserAgent: r.UserAgent(), Body: body}, sensors.DefaultLimits)
	for _, p := range req.Payloads {
		records, err := p.Open(c.keys, sensors.DefaultLimits)
		if errors.Is(err, sensors.ErrNoKey) {
			c.mu.Lock()
			c.opaque[req.Project] = append(c.opaque[req.Project], p)
			c.mu.Unlock()
			continue
		}
		if err != nil {
			return err
		}
		for _, v := range records {
			record, problems := sensors.NewRecord(v)
			for _, problem := range append(problems, record.Check()...) {
				c.note(problem.Error())
			}
			c.add(req.Project, delivery{p, record, r.UserAgent(), sensors.IsDryRun(r.Header.Get("Dry-Run")), signals})
		}
	}
	select {
	case c.changed <- struct{}{}:
	default:
	}
	return nil
}

// add keeps a record, unless it came before: SDKs repeat themselves when an
// answer takes long.
func (c *collector) add(project string, d delivery) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen[project] == nil {
		c.seen[project] = make(map[sensors.Key]bool)
	}
	if key, ok := d.record.Key(); !ok || !c.seen[project][key] {
		c.seen[project][key] = true
		c.got[project] = append(c.got[project], d)
	}
}

func (c *collector) note(problem string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.problems = append(c.problems, problem)
}

// wait returns what came, once there is as much in every project.
func (c *collector) wait(ctx context.Context, t *testing.T, projects []string, records int) map[string][]delivery {
	for {
		select {
		case <-c.changed:
		case <-ctx.Done():
			t.Errorf("not all came: %v", ctx.Err())
			return c.all(t)
		}
		got := c.all(t)
		if !slices.ContainsFunc(projects, func(p string) bool { return len(got[p]) < records }) {
			return got
		}
	}
}

func (c *collector) all(t *testing.T) map[string][]delivery {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.problems {
		t.Error(p)
	}
	c.problems = nil
	all := make(map[string][]delivery)
	for project, got := range c.got {
		all[project] = slices.Clone(got)
	}
	return all
}

// summary says of each record its type, its event, and the properties that are
// not the SDK's own, in an order that does not hang on the network.
func summary(got []delivery) []string {
	var lines []string
	for _, d := range got {
		var own []sensors.Member
		for name, value := range d.record.Properties.Members() {
			if !strings.HasPrefix(name, "$") {
				own = append(own, sensors.Member{Name: name, Value: value})
			}
		}
		r := d.record
		lines = append(lines, fmt.Sprintf("%s %s %s%s %s", r.Type, r.Event, r.DistinctID, r.Item, sensors.NewObject(own...).Append(nil)))
	}
	slices.Sort(lines)
	return lines
}

// start runs a script in node until the test ends.
func start(ctx context.Context, t *testing.T, dir, script string, args ...string) {
	path, err := filepath.Abs(filepath.Join("testdata", script))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, "node", append([]string{path}, args...)...)
	cmd.Dir = dir
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Errorf("node: %v\n%s", err, said.String())
		}
	})
}

// modules returns a folder with the SDKs, the last ones under the Apache licence.
func modules(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("installing and running the SDKs takes most of a minute")
	}
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("npm is not here, and with it neither the SDKs")
	}
	dir := t.TempDir()
	install := exec.CommandContext(t.Context(), "npm", "install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts",
		"--prefer-offline", "--loglevel=error", "sa-sdk-javascript@1.26.17", "sa-sdk-node@1.2.6", "jsdom@22.1.0")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm install: %v\n%s", err, out)
	}
	return dir
}

// The official SDKs for JavaScript and Node, unmodified, in each of their modes.
func TestScriptSDKs(t *testing.T) {
	c, server := newCollector(t)
	dir := modules(t)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 50*time.Second) // the scripts end by themselves, in cleanups
	t.Cleanup(cancel)
	public, err := sensors.PublicKey(&keys().rsa.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	start(ctx, t, dir, "browser.js", server, public)
	start(ctx, t, dir, "server.js", server)

	const node = 3
	nodes := []string{"node", "node-plain", "node-debug"}
	got := c.wait(ctx, t, nodes, node)
	wantNode := []string{
		`profile_set  user-1{ } {"city":"X"}`,
		`track ViewProduct user-1{ } {"price":12.5,"tags":["a","b"],"note":"ä你😀+ %&=","gift":true}`,
		`track_signup $SignUp user-1{ } {}`,
	}
	for _, project := range nodes {
		if diff := cmp.Diff(wantNode, summary(got[project])); diff != "" {
			t.Errorf("%s: %s", project, diff)
		}
		for _, d := range got[project] {
			if d.record.Lib.Name != "Node" || d.payload.Field != "data_list" || (d.payload.Gzip == 1) != (project != "node-plain") || d.dryRun != (project == "node-debug") || !d.record.Tracked {
				t.Errorf("%s: got %+v", project, d)
			}
		}
	}

	modes := []string{"ajax", "batch", "debug", "image", "static", "general"}
	const perPage = 7
	got = c.wait(ctx, t, modes, perPage)
	for len(c.sealed("sm")) < perPage && ctx.Err() == nil {
		select {
		case <-c.changed:
		case <-ctx.Done():
		}
	}
	for _, mode := range modes {
		checkPage(t, mode, got[mode])
	}
	c.checkOpaque(t, perPage)
}

func (c *collector) sealed(project string) []sensors.Payload {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.opaque[project])
}

// checkOpaque looks at what the page with SM2 and SM4 sent: nothing can be read
// but what stands outside.
func (c *collector) checkOpaque(t *testing.T, records int) {
	got := c.sealed("sm")
	if len(got) != records {
		t.Errorf("sm: %d payloads, want %d", len(got), records)
	}
	for _, p := range got {
		box := p.Sealed[0]
		if box.Variant != sensors.Native || box.KeyVersion != 9 || box.FlushTime == 0 || box.Wrapping() != "SM2" || len(p.Sealed) != 1 || len(box.Payloads) != 1 {
			t.Errorf("sm: got %s, flushed at %d", box, box.FlushTime)
		}
		if p.Gzip != 9 || !p.CRC.Right {
			t.Errorf("sm: gzip=%d, crc %+v", p.Gzip, p.CRC)
		}
	}
}

// checkPage looks at what one page of testdata/browser.js sent.
func checkPage(t *testing.T, mode string, got []delivery) {
	visitor := ""
	for _, d := range got {
		if d.record.AnonymousID != "" {
			visitor = d.record.AnonymousID
		}
	}
	want := []string{
		`item_set  {book 001} {"pages":300}`,
		`profile_set  user-1{ } {"city":"X"}`,
		`profile_set_once  ` + visitor + `{ } {}`,
		`track $pageview ` + visitor + `{ } {}`,
		`track Buy ` + visitor + `{ } {"price":12.5,"tags":["a","b"],"note":"ä你😀+ %&=","gift":true}`,
		`track_id_bind $BindID user-1{ } {}`,
		`track_signup $SignUp user-1{ } {}`,
	}
	if diff := cmp.Diff(want, summary(got)); diff != "" {
		t.Errorf("%s: %s", mode, diff)
	}
	id, ok := sensors.ParseCookieID(visitor)
	if !ok || id.Area != 1920*1080 || !id.Screen() {
		t.Errorf("%s: the visitor's id is read as %+v, %t", mode, id, ok)
	}
	for _, d := range got {
		if agent := d.agent; agent != "" && sensors.UserAgentCheck(agent) != id.UserAgent {
			t.Errorf("%s: the User-Agent has not the check value of the id", mode)
		}
		if d.record.Lib.Name != "js" || d.record.Lib.Version != "1.26.17" || !d.record.Tracked || d.record.Time == 0 {
			t.Errorf("%s: got %+v", mode, d.record)
		}
		if !sensors.Recognised(d.signals) {
			t.Errorf("%s: got the signals %v", mode, d.signals)
		}
		if single := mode != "batch" && mode != "general"; d.payload.CRC.Sent != single || d.payload.CRC.Right != single {
			t.Errorf("%s: got %+v", mode, d.payload.CRC)
		}
		if part := d.payload.Part; (part == "query") != (mode == "image" || mode == "debug") {
			t.Errorf("%s: sent in the %s", mode, part)
		}
		if d.record.Event == "$pageview" {
			address, _ := d.record.Properties.Get("$url")
			if address.Text() != "http://shop.example.com/page?utm_source=x&q=secret#frag" {
				t.Errorf("%s: the page is %q", mode, address.Text())
			}
		}
	}
}

// The official SDK for Go, unmodified, with each of its consumers.
func TestGoSDK(t *testing.T) {
	c, server := newCollector(t)
	address := func(project string) string { return server + "/sa?project=" + project }
	single, err := sdk.InitDefaultConsumer(address("go"), 5000)
	if err != nil {
		t.Fatal(err)
	}
	batch, err := sdk.InitBatchConsumer(address("go-batch"), 2, 5000)
	if err != nil {
		t.Fatal(err)
	}
	debug, err := sdk.InitDebugConsumer(address("go-debug"), false, 5000)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []sdk.SensorsAnalytics{
		sdk.InitSensorsAnalytics(single, "", false), sdk.InitSensorsAnalytics(batch, "", false), sdk.InitSensorsAnalytics(debug, "", false),
	} {
		for _, err := range []error{
			s.Track("user-1", "ViewProduct", map[string]any{"price": 12, "tags": []string{"a", "b"}}, true),
			s.TrackSignup("user-1", "anon-1"),
			s.ProfileSet("user-1", map[string]any{"city": "X"}, true),
			s.ProfileIncrement("user-1", map[string]any{"visits": 1}, true),
			s.ItemSet("book", "001", map[string]any{"pages": 300}),
		} {
			if err != nil {
				t.Error(err)
			}
		}
		s.Close()
	}
	want := []string{
		`item_set  {book 001} {"pages":300}`,
		`profile_increment  user-1{ } {"visits":1}`,
		`profile_set  user-1{ } {"city":"X"}`,
		`track ViewProduct user-1{ } {"price":12,"tags":["a","b"]}`,
		`track_signup $SignUp user-1{ } {}`,
	}
	got := c.all(t)
	for project, field := range map[string]string{"go": "data", "go-batch": "data_list", "go-debug": "data"} {
		if diff := cmp.Diff(want, summary(got[project])); diff != "" {
			t.Errorf("%s: %s", project, diff)
		}
		for _, d := range got[project] {
			if d.payload.Field != field || d.payload.Gzip != 1 || d.record.Lib.Name != "Golang" || !d.record.Tracked || d.dryRun != (project == "go-debug") {
				t.Errorf("%s: got %+v", project, d)
			}
		}
	}
}
