package main

import (
	"bytes"
	"context"
	"image/png"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
	"telltale/audit/evidence"
	"telltale/audit/lab/chromium"
	"telltale/audit/report"
	"telltale/claims"
)

// These tests run the real command with the real browser.

// An output is a writer that several goroutines write to.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// telltale runs a command line in process.
func telltale(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, errs output
	e := &env{strings.NewReader(""), &out, &errs, time.Now, bare}
	code = run(ctx, e, args)
	return code, out.String(), errs.String()
}

// audited runs an audit into a new case and returns what was derived.
func audited(t *testing.T, wantCode int, args ...string) (dir string, c *report.Case) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "case")
	code, stdout, stderr := telltale(t.Context(), append([]string{"audit", "--case", dir, "--settle", "1s"}, args...)...)
	if code != wantCode {
		t.Fatalf("exit code %d, want %d\n%s%s", code, wantCode, stdout, stderr)
	}
	if !strings.Contains(stdout, "Report: "+filepath.Join(dir, evidence.ReportFile)) {
		t.Errorf("the output does not name the report:\n%s", stdout)
	}
	return dir, derived(t, dir)
}

func derived(t *testing.T, dir string) *report.Case {
	t.Helper()
	r, err := evidence.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	c, err := derive(r)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// results maps the assertions of a target to their results.
func results(c *report.Case, target string) map[string]audit.Result {
	m := make(map[string]audit.Result)
	for _, v := range c.Verdicts {
		if v.Target == target {
			m[v.Assertion] = v.Result
		}
	}
	return m
}

// verdict returns the verdict on an assertion of a target.
func verdict(t *testing.T, c *report.Case, target, assertion string) audit.Verdict {
	t.Helper()
	for _, v := range c.Verdicts {
		if v.Target == target && v.Assertion == assertion {
			return v
		}
	}
	t.Fatalf("no verdict on %s of %s", assertion, target)
	return audit.Verdict{}
}

// exhibits maps the ids of exhibits to them.
func exhibits(c *report.Case) map[string]audit.Exhibit {
	m := make(map[string]audit.Exhibit)
	for _, e := range c.Exhibits {
		m[e.ID] = e
	}
	return m
}

// The main job: the specimen is convicted, the browser without it is not, and
// the vendor's later switch changes the verdicts on private mode and no other.
func TestMint2020(t *testing.T) {
	dir, c := audited(t, exitFinding, "--specimen", "mint-2020", "--runs", "2")
	const subject, control = "chromium + mint-2020", "chromium"
	t.Run("convicted", func(t *testing.T) { convicted(t, c, subject) })
	t.Run("control", func(t *testing.T) { unharmed(t, c, control) })
	t.Run("again", func(t *testing.T) { sameAgain(t, dir) })
	t.Run("pictures", func(t *testing.T) { pictured(t, dir, c) })
	t.Run("sealed", func(t *testing.T) { holds(t, dir) })
	t.Run("fixed", func(t *testing.T) {
		_, fixed := audited(t, exitFinding, "--specimen", "mint-2020-fixed", "--runs", "2", "--no-control")
		onlyPrivateDiffers(t, c, results(c, subject), results(fixed, "chromium + mint-2020-fixed"))
	})
}

// pictured checks that each start of each arm and run has a picture of the
// window, taken between the start's other events.
func pictured(t *testing.T, dir string, c *report.Case) {
	r, err := evidence.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	begun := map[audit.Place]time.Time{}
	for e, err := range r.Events() {
		if err != nil {
			t.Fatal(err)
		}
		if e.Step != nil && begun[e.Place].IsZero() {
			begun[e.Place] = e.Time
		}
	}
	seen := map[audit.Place]bool{}
	for _, p := range c.Pictures {
		f, err := r.Body(audit.Body{SHA256: p.SHA256, Size: p.Size})
		if err != nil {
			t.Fatal(err)
		}
		shot, err := png.Decode(f)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		if size := shot.Bounds().Size(); size.X < 800 || size.Y < 600 || p.Time.Before(begun[p.Place]) {
			t.Errorf("%s: %v at %v, begun at %v", p.ID, size, p.Time, begun[p.Place])
		}
		seen[p.Place] = true
	}
	if len(seen) != len(begun) || len(seen) < 16 { // 4 arms, 2 runs, 2 starts
		t.Errorf("%d of %d starts have a picture", len(seen), len(begun))
	}
}

// holds checks that the audit sealed its case.
func holds(t *testing.T, dir string) {
	code, stdout, stderr := telltale(t.Context(), "verify", dir)
	if code != exitOK || !strings.Contains(stdout, "derived again from the capture, and the same byte for byte") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}

func convicted(t *testing.T, c *report.Case, target string) {
	at := exhibits(c)
	carried := map[string]bool{}
	for _, f := range c.Findings {
		if e := at[f.Exhibit]; strings.HasPrefix(f.Seed, "private/") && e.Arm == "private" {
			carried[string(f.Kind)+" to "+e.Host] = true
		}
	}
	for _, want := range []string{
		"behaviour/navigation/url to sa.api.intl.miui.com", "behaviour/search/query to sa.api.intl.miui.com",
		"behaviour/navigation/url to data.mistat.intl.xiaomi.com", "behaviour/download to sa.api.intl.miui.com",
	} {
		if !carried[want] {
			t.Errorf("not found in private mode: %s; found %v", want, slices.Sorted(maps.Keys(carried)))
		}
	}
	for _, assertion := range []string{"incognito/1", "anonymous/1", "aggregated/1", "encrypted/1", "consented/1"} {
		v := verdict(t, c, target, assertion)
		if v.Result != audit.Refuted || len(v.Findings) == 0 || v.Hits != 2 {
			t.Errorf("%s: %s with %d findings in %d of %d runs: %s", assertion, v.Result, len(v.Findings), v.Hits, v.Runs, v.Says)
		}
	}
	if v := verdict(t, c, target, "anonymous/1"); !strings.Contains(v.Says, "join normal and private mode") {
		t.Errorf("the verdict does not say that an id joins the modes: %s", v.Says)
	}
	i := slices.IndexFunc(c.Parties, func(p audit.Party) bool { return p.Host == "sa.api.intl.miui.com" })
	if i < 0 || c.Parties[i].Organisation != "Xiaomi" {
		t.Errorf("recipients: %v", c.Parties)
	}
}

// unharmed checks the browser without the specimen: requests of its own, none
// with a seed, no claim refuted, and a bound with what is supported.
func unharmed(t *testing.T, c *report.Case, target string) {
	at, native := exhibits(c), 0
	for _, e := range c.Exhibits {
		if strings.HasPrefix(e.Arm, "control/") && !e.Stage {
			native++
		}
	}
	if native == 0 {
		t.Error("the browser made no request of its own: was anything captured?")
	}
	for _, f := range c.Findings {
		if e := at[f.Exhibit]; strings.HasPrefix(e.Arm, "control/") && f.Seed != "" {
			t.Errorf("seed %s at %s: %s", f.Seed, e.Host, f.Trail)
		}
	}
	supported := 0
	for _, v := range c.Verdicts {
		if v.Target != target {
			continue
		}
		if v.Result == audit.Refuted {
			t.Errorf("%s is refuted for the clean browser: %s", v.Assertion, v.Says)
		}
		if v.Result == audit.Supported {
			supported++
			if v.Runs != 2 || v.Bound < 0.77 || v.Bound > 0.78 { // 1 - 0.05^(1/2)
				t.Errorf("%s: %d runs, bound %f", v.Assertion, v.Runs, v.Bound)
			}
		}
	}
	if supported == 0 {
		t.Error("no claim is supported for the clean browser")
	}
}

// sameAgain checks that report derives the same facts and the same report,
// byte for byte.
func sameAgain(t *testing.T, dir string) {
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	facts, html := read(evidence.FactsFile), read(evidence.ReportFile)
	if err := os.Remove(filepath.Join(dir, evidence.FactsFile)); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := telltale(t.Context(), "report", dir); code != exitFinding {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if facts != read(evidence.FactsFile) {
		t.Error("facts.jsonl is not the same")
	}
	if html != read(evidence.ReportFile) {
		t.Error("report.html is not the same")
	}
	r, err := evidence.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Seeds {
		if strings.Contains(facts, s.Value) || strings.Contains(facts, url.QueryEscape(s.Value)) {
			t.Errorf("the value of %s stands in facts.jsonl", s.Name)
		}
	}
}

// onlyPrivateDiffers checks that two sets of results differ in every assertion
// about private mode that was refuted, and in no other: those are refuted no
// more, and all others are refuted as before, or not.
func onlyPrivateDiffers(t *testing.T, c *report.Case, before, after map[string]audit.Result) {
	want, got := make(map[string]bool), make(map[string]bool)
	private := 0
	for _, s := range c.Claims.Statements {
		for _, a := range s.Asserts {
			got[a.ID] = after[a.ID] == audit.Refuted
			want[a.ID] = before[a.ID] == audit.Refuted
			if a.When.Mode == claims.Private && want[a.ID] {
				want[a.ID] = false
				private++
			}
		}
	}
	if private == 0 {
		t.Error("no assertion about private mode was refuted before")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("refuted: -want +got\n%s", diff)
	}
}

// The phone's own telemetry is convicted, too.
func TestMIUI2020(t *testing.T) {
	_, c := audited(t, exitFinding, "--specimen", "miui-2020", "--runs", "2")
	kinds := map[string]bool{}
	for _, f := range c.Findings {
		kinds[string(f.Kind)] = true
	}
	for _, want := range []string{
		"behaviour/folder/open", "behaviour/app/open", "behaviour/gesture/swipe", "behaviour/statusbar",
		"behaviour/settings", "behaviour/dwell", "id/device/android-id",
	} {
		if !kinds[want] {
			t.Errorf("%s was not found", want)
		}
	}
}

// A browser that encrypts what it sends with a key that is nowhere gives no
// seed away, and its lengths do: in both modes, and without it nothing does.
func TestSealed(t *testing.T) {
	const sink = "in.sealed-browser.example"
	dir, c := audited(t, exitFinding, "--specimen", "sealed", "--probe", "--runs", "1")
	at, told := exhibits(c), map[string]bool{}
	for _, f := range c.Findings {
		e := at[f.Exhibit]
		if e.Host == sink && f.Slope == nil && f.Confidence != audit.Hint {
			t.Errorf("%s was read in what is encrypted: %s %s", f.Kind, f.Form, f.Trail)
		}
		if f.Slope == nil {
			continue
		}
		told[e.Arm+" to "+e.Host+", "+string(f.Confidence)] = true
		if s := f.Slope; s.Low < 0.95 || s.High > 1.05 || len(s.Visits) != 8 || s.P >= 0.01 {
			t.Errorf("%s: %+v", e.Arm, s)
		}
	}
	want := map[string]bool{"normal to " + sink + ", likely": true, "private to " + sink + ", likely": true}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told by length: -want +got\n%s", diff)
	}
	if len(c.Case.Probe) != len(c.Case.Arms) {
		t.Errorf("%d places with probes in the plan, want %d", len(c.Case.Probe), len(c.Case.Arms))
	}
	for assertion, want := range map[string]audit.Result{"private-browsing/1": audit.Refuted, "confidential/1": audit.CannotTell} {
		if v := verdict(t, c, "chromium + sealed", assertion); v.Result != want || strings.Contains(v.Says, "(statistical: ") != (want == audit.Refuted) {
			t.Errorf("%s: %s, want %s: %s", assertion, v.Result, want, v.Says)
		}
		if v := verdict(t, c, "chromium", assertion); v.Result == audit.Refuted {
			t.Errorf("control: %s is refuted: %s", assertion, v.Says)
		}
	}
	sameAgain(t, dir)
}

// Ctrl-C in the middle: one line that says what to do, and a case that is
// readable and says that it is partial.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	dir := filepath.Join(t.TempDir(), "case")
	var out, errs output
	e := &env{strings.NewReader(""), &out, &errs, time.Now, bare}
	stop := time.AfterFunc(10*time.Minute, cancel)
	defer stop.Stop()
	go func() { // after the first steps were recorded
		for ctx.Err() == nil {
			if log, err := os.ReadFile(filepath.Join(dir, evidence.CaptureFile)); err == nil && bytes.Count(log, []byte(`"step"`)) > 5 {
				cancel()
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	code := run(ctx, e, []string{"audit", "--specimen", "mint-2020", "--case", dir, "--settle", "200ms"})
	lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
	last := lines[len(lines)-1]
	if code != exitFailed || !strings.HasPrefix(last, "telltale: interrupted. The case in "+dir+" is partial; what was captured is kept: telltale report ") {
		t.Errorf("exit code %d: %s", code, last)
	}
	if c := derived(t, dir); c.Partial == "" || len(c.Exhibits) == 0 {
		t.Errorf("partial %q with %d exhibits", c.Partial, len(c.Exhibits))
	}
	_, stdout, _ := telltale(t.Context(), "report", dir)
	if !strings.Contains(stdout, "NOT COMPLETE: interrupted") {
		t.Errorf("the report does not say that the case is partial:\n%s", stdout)
	}
}

// Private mode is the browser's own: an off-the-record context of a normal
// window and an --incognito window give the same findings.
func TestPrivateWindowAndContext(t *testing.T) {
	sent := func(context bool) []string {
		var out, errs output
		e := &env{strings.NewReader(""), &out, &errs, time.Now, bare}
		dir := filepath.Join(t.TempDir(), "case")
		trial, err := prepare(t.Context(), e, auditOptions{
			browser: "chromium", specimen: "mint-2020", dir: dir, listen: "127.0.0.1:0", arms: []string{"private"},
			runs: 1, workers: 1, settle: time.Second, noControl: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		trial.software.driver.(*chromium.Driver).ContextMode = context
		w, err := evidence.Create(dir, trial.plan)
		if err != nil {
			t.Fatal(err)
		}
		if err := trial.run(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(end(time.Now(), nil)); err != nil {
			t.Fatal(err)
		}
		c := derived(t, dir)
		at := exhibits(c)
		set := make(map[string]bool)
		for _, f := range c.Findings {
			if f.Seed != "" {
				set[f.Seed+" at "+at[f.Exhibit].Host] = true
			}
		}
		return slices.Sorted(maps.Keys(set))
	}
	window := sent(false)
	if len(window) == 0 {
		t.Error("nothing was found in a private window")
	}
	if diff := cmp.Diff(window, sent(true)); diff != "" {
		t.Errorf("-window +context\n%s", diff)
	}
}
