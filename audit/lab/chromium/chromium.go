// Package chromium drives Chromium and its relatives through the DevTools
// protocol, over a pipe: no debugging port is open to others.
//
// Background networking stays on, because what the browser sends home is what
// is measured. Private mode is the browser's own: it is started with
// --incognito on the same profile, and the steps happen in that window.
//
// Trust in the case's certificate authority is an argument of the process
// (--ignore-certificate-errors-spki-list), so that nothing else on the machine
// trusts it and nothing has to be removed afterwards.
package chromium

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"telltale/audit"
	"telltale/audit/lab"
	"telltale/claims"
)

// A Driver starts Chromium.
type Driver struct {
	Path string // of the program; Find looks for it
	SPKI string // base64 SHA-256 of the case's authority key
	// ContextMode opens private mode as an off-the-record browser context of a
	// normal window instead of an --incognito window; for comparison.
	ContextMode bool
}

// candidates are the names of Chromium in the order of preference.
var candidates = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// ErrMissing means that no Chromium was found.
var ErrMissing = errors.New("Chromium is not installed: run `make setup`, or install it (Debian, Ubuntu: apt-get install chromium; macOS: brew install --cask chromium)") //nolint:staticcheck // a product's name is written so

// Find returns the path of the installed Chromium, or [ErrMissing].
func Find() (string, error) {
	for _, name := range candidates {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	for _, path := range []string{
		"/Applications/Chromium.app/Contents/MacOS/Chromium",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	} {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", ErrMissing
}

// Tool asks the program for its version.
func (d *Driver) Tool(ctx context.Context) (audit.Tool, error) {
	out, err := exec.CommandContext(ctx, d.Path, "--version").Output() //nolint:gosec // the browser that was found or named
	if err != nil {
		return audit.Tool{}, fmt.Errorf("asking %s for its version: %w", d.Path, err)
	}
	version := strings.TrimSpace(string(out))
	return audit.Tool{Name: "chromium", Version: version, Detail: "headless, DevTools over a pipe, private mode by --incognito"}, nil
}

// startTimeout is how long a browser may take to answer. A loaded machine
// needs several seconds.
const startTimeout = 60 * time.Second

// Start starts the browser with s.Profile and opens its first window.
func (d *Driver) Start(ctx context.Context, s lab.Start) (lab.Software, error) {
	home := filepath.Join(s.Profile, "home")
	for _, dir := range []string{home, downloads(s)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	// The browser outlives a cancelled ctx until Close, so that it can save its profile.
	alloc, freeAlloc := chromedp.NewExecAllocator(context.WithoutCancel(ctx), d.options(s, home)...)
	tab, freeTab := chromedp.NewContext(alloc, chromedp.WithErrorf(ignore), chromedp.WithLogf(ignore))
	b := &browser{first: tab, tab: tab, free: func() { freeTab(); freeAlloc() }}
	if err := b.open(ctx, d, s); err != nil {
		b.free()
		return nil, err
	}
	return b, nil
}

func downloads(s lab.Start) string { return filepath.Join(s.Profile, "downloads") }

// chromedp reports events that it does not know; they are none of ours.
func ignore(string, ...any) {}

func (d *Driver) options(s lab.Start, home string) []chromedp.ExecAllocatorOption {
	opts := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(d.Path),
		chromedp.ModifyCmdFunc(ownGroup),
		chromedp.Env("HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home),
		chromedp.UserDataDir(filepath.Join(s.Profile, "user-data")),
		chromedp.ProxyServer(s.Proxy),
		chromedp.WindowSize(1280, 900),
		chromedp.Flag("headless", "new"),
		chromedp.Flag("no-first-run", true), // the welcome page would take the first tab
		chromedp.Flag("proxy-bypass-list", "<-loopback>"),
		chromedp.Flag("ignore-certificate-errors-spki-list", d.SPKI),
		chromedp.Flag("enable-unsafe-extension-debugging", true), // for Extensions.loadUnpacked
		chromedp.Flag("password-store", "basic"),                 // do not ask the desktop's keyring
		chromedp.Flag("lang", "en-US"),
		chromedp.Flag("mute-audio", true),
	}
	if s.Offline {
		opts = append(opts, chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	}
	if s.Mode == claims.Private && !d.ContextMode {
		opts = append(opts, chromedp.Flag("incognito", true))
	}
	if runtime.GOOS == "linux" && os.Geteuid() == 0 {
		opts = append(opts, chromedp.NoSandbox)
	}
	return opts
}
