package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	devlog "github.com/chromedp/cdproto/log"
	devnet "github.com/chromedp/cdproto/network"
	jsruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"telltale/audit/lab/chromium"
)

// These tests open the report of a real case in the real browser.

// unpacked unpacks a real case and returns its folder.
func unpacked(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unpack(filepath.Join("testdata", "cases", name+".tar.gz"), dir); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// scratch is a folder that the browser sees, or the test is skipped.
func scratch(t *testing.T) (browser, dir string) {
	t.Helper()
	browser, err := chromium.Find()
	if err != nil {
		t.Skip(err)
	}
	if dir = chromium.Scratch(browser); dir == "" {
		return browser, t.TempDir()
	}
	if dir, err = os.MkdirTemp(dir, "telltale-test-"); err != nil { //nolint:usetesting // a browser from a snap sees no other folder
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return browser, dir
}

// A sight is what a browser says while it shows a page.
type sight struct {
	mu       sync.Mutex
	requests []string
	said     []string
}

func (s *sight) take(event any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := event.(type) {
	case *devnet.EventRequestWillBeSent:
		s.requests = append(s.requests, e.Request.URL)
	case *devlog.EventEntryAdded:
		s.said = append(s.said, fmt.Sprintf("%s: %s", e.Entry.Level, e.Entry.Text))
	case *jsruntime.EventExceptionThrown:
		s.said = append(s.said, "exception: "+e.ExceptionDetails.Text)
	case *jsruntime.EventConsoleAPICalled:
		s.said = append(s.said, "console: "+string(e.Type))
	}
}

// tab opens a window of the browser.
func tab(t *testing.T) context.Context {
	t.Helper()
	browser, dir := scratch(t)
	opts := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(browser), chromedp.UserDataDir(filepath.Join(dir, "profile")), chromedp.Flag("headless", "new"),
		chromedp.Flag("no-first-run", true), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"), chromedp.Flag("password-store", "basic"),
	}
	if runtime.GOOS == "linux" && os.Geteuid() == 0 {
		opts = append(opts, chromedp.NoSandbox)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	ctx, free := chromedp.NewExecAllocator(context.WithoutCancel(ctx), opts...)
	t.Cleanup(free)
	ctx, closeTab := chromedp.NewContext(ctx, chromedp.WithErrorf(ignoreEvent), chromedp.WithLogf(ignoreEvent))
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// chromedp reports events that it does not know.
func ignoreEvent(string, ...any) {}

// look sets the size of the window and the colours that the user prefers.
func look(width int64, scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(chromedp.EmulateViewport(width, 900), chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		if err != nil {
			return err
		}
		_, err = cdp.Call(ctx, tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return err
	}))
}

// written is the page of a case in a language, in a file that the browser sees.
func writtenPage(t *testing.T, dir, lang string) string {
	t.Helper()
	_, folder := scratch(t)
	file := filepath.Join(folder, "report-"+lang+".html")
	if code, _, stderr := telltale(t.Context(), "report", dir, "--format", "html", "--lang", lang, "-o", file); code != exitFinding {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	return file
}

// The report opens without a word on the console and without a request, fits a
// phone, and its headings and names are in order.
func TestReportInChromium(t *testing.T) {
	dir, ctx := unpacked(t, "mint-2020"), tab(t)
	for _, lang := range []string{"en", "zh"} {
		file := "file://" + filepath.ToSlash(writtenPage(t, dir, lang))
		for _, width := range []int64{1000, 390} {
			t.Run(fmt.Sprintf("%s at %d", lang, width), func(t *testing.T) {
				var seen sight
				listening, stop := context.WithCancel(ctx)
				defer stop()
				if err := chromedp.Listen(listening, seen.take); err != nil {
					t.Fatal(err)
				}
				if err := chromedp.Do(ctx, look(width, "light"), chromedp.Navigate(file)); err != nil {
					t.Fatal(err)
				}
				wrong, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](pageChecks))
				if err != nil {
					t.Fatal(err)
				}
				for _, w := range wrong {
					t.Error(w)
				}
				seen.mu.Lock()
				defer seen.mu.Unlock()
				if !slices.Equal(seen.requests, []string{file}) {
					t.Errorf("requests %q, want the page alone", seen.requests)
				}
				if len(seen.said) > 0 {
					t.Errorf("on the console: %q", seen.said)
				}
			})
		}
	}
}

// pageChecks lists what is wrong with a page: what is wider than the window,
// headings that leave out a level, and what can be reached by the keyboard and
// has no name, or none that is its own.
const pageChecks = `(() => {
	const wrong = [];
	if (document.documentElement.scrollWidth > innerWidth) {
		const wide = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, pre, svg") && e.className !== "hidden");
		wrong.push("the page is " + document.documentElement.scrollWidth + " wide in a window of " + innerWidth + ": " + wide.slice(0, 5).map(e => e.outerHTML.slice(0, 120)).join("; "));
	}
	let last = 0;
	for (const h of document.querySelectorAll("h1,h2,h3,h4,h5,h6")) {
		const level = +h.tagName[1];
		if (level > last + 1) wrong.push("a heading of level " + level + " follows one of level " + last + ": " + h.textContent);
		last = level;
	}
	const regions = new Set();
	for (const e of document.querySelectorAll("[tabindex], a[href]")) {
		const name = (e.getAttribute("aria-label") || e.textContent).trim();
		if (!name) wrong.push("no name: " + e.outerHTML.slice(0, 80));
		if (e.tabIndex > 0) wrong.push("out of order: " + e.outerHTML.slice(0, 80));
	}
	for (const s of document.querySelectorAll("svg")) {
		if (!s.closest("figure")) wrong.push("a picture outside of a figure: " + s.outerHTML.slice(0, 80));
	}
	const first = document.querySelector("a");
	first.focus();
	if (first.className !== "skip" || first.getBoundingClientRect().left < 0) wrong.push("the first link does not skip to the verdicts, or is not seen when it has the focus");
	first.click();
	if (location.hash !== "#verdicts") wrong.push("the skip link leads to " + location.hash);
	return wrong;
})()`

// axe-core finds nothing against the rules of WCAG 2.1 AA, in light and dark.
func TestReportAxe(t *testing.T) {
	if testing.Short() {
		t.Skip("installing axe-core takes time")
	}
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("npm is not here, and with it neither axe-core")
	}
	modules := t.TempDir()
	install := exec.CommandContext(t.Context(), "npm", "install", "--prefix", modules, "--no-audit", "--no-fund", "--ignore-scripts",
		"--prefer-offline", "--loglevel=error", "axe-core@4.14.1")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm install: %v\n%s", err, out)
	}
	axe, err := os.ReadFile(filepath.Join(modules, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	dir, ctx := unpacked(t, "mint-2020"), tab(t)
	for _, tt := range []struct {
		lang, scheme string
		width        int64
	}{{"en", "light", 1000}, {"zh", "dark", 1000}, {"en", "dark", 390}} {
		t.Run(fmt.Sprintf("%s %s %d", tt.lang, tt.scheme, tt.width), func(t *testing.T) {
			file := "file://" + filepath.ToSlash(writtenPage(t, dir, tt.lang))
			if err := chromedp.Do(ctx, look(tt.width, tt.scheme), chromedp.Navigate(file)); err != nil {
				t.Fatal(err)
			}
			if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](string(axe)+";true")); err != nil {
				t.Fatal(err)
			}
			out, err := chromedp.Run(ctx, chromedp.Evaluate[string](axeRun, chromedp.EvalAwaitPromise))
			if err != nil {
				t.Fatal(err)
			}
			var found struct {
				Passes     int
				Violations []struct{ ID, Help, Where string }
			}
			if err := json.Unmarshal([]byte(out), &found); err != nil {
				t.Fatal(err)
			}
			if found.Passes < 20 {
				t.Errorf("only %d rules of axe passed: did it run?", found.Passes)
			}
			for _, v := range found.Violations {
				t.Errorf("%s: %s: %s", v.ID, v.Help, v.Where)
			}
		})
	}
}

const axeRun = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}).then(r => JSON.stringify({
	passes: r.passes.length,
	violations: r.violations.map(v => ({id: v.id, help: v.help, where: v.nodes.length + " times: " + v.nodes.slice(0, 3).map(n => n.target.join(" ") + " " + (n.any[0] || n.all[0] || n.none[0] || {message: ""}).message).join("; ")})),
}))`

// The report prints to a PDF that has its text, its headings and its language.
func TestReportPDF(t *testing.T) {
	_, folder := scratch(t)
	dir := unpacked(t, "mint-2020")
	for _, lang := range []string{"en", "zh"} {
		file := filepath.Join(folder, lang+".pdf")
		if code, _, stderr := telltale(t.Context(), "report", dir, "--format", "pdf", "--lang", lang, "-o", file); code != exitFinding {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		pdf, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(pdf), "%PDF-") || !strings.Contains(string(pdf[len(pdf)-32:]), "%%EOF") {
			t.Errorf("%s: no whole PDF: %.20q … %q", lang, pdf, pdf[len(pdf)-32:])
		}
		for _, want := range []string{`/Type /Page\b`, `/Lang \(` + lang, `/Type /Outlines`, `/StructTreeRoot`} {
			if !regexp.MustCompile(want).Match(pdf) {
				t.Errorf("%s: no %s", lang, want)
			}
		}
	}
}
