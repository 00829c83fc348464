package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"telltale/audit/lab/chromium"
)

// printTimeout is how long a browser may take to print a page. A report of
// thousands of requests has hundreds of sheets.
const printTimeout = 5 * time.Minute

// printPage prints a page of HTML with the installed Chromium. The browser has
// a profile of its own that is gone afterwards, runs no script of the page (its
// policy allows none), and finds no host: it is told that there is no network.
func printPage(ctx context.Context, page []byte) (pdf []byte, err error) {
	path, err := chromium.Find()
	if err != nil {
		return nil, fmt.Errorf("a PDF is printed by a browser: %w", err)
	}
	dir, err := os.MkdirTemp(chromium.Scratch(path), "telltale-print-")
	if err != nil {
		return nil, fmt.Errorf("making a folder to print in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	in, out := filepath.Join(dir, "report.html"), filepath.Join(dir, "report.pdf")
	if err := os.WriteFile(in, page, 0o600); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, printTimeout)
	defer cancel()
	args := []string{
		"--headless=new", "--user-data-dir=" + filepath.Join(dir, "profile"), "--no-first-run", "--disable-extensions", "--password-store=basic",
		"--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking", "--disable-component-update",
		"--no-pdf-header-footer", "--generate-pdf-document-outline", "--print-to-pdf=" + out,
	}
	if runtime.GOOS == "linux" && os.Geteuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	cmd := exec.CommandContext(ctx, path, append(args, "file://"+filepath.ToSlash(in))...) //nolint:gosec // the browser that was found
	if said, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("printing with %s: %w: %s", path, err, clip(string(said), 300))
	}
	pdf, err = os.ReadFile(out) //nolint:gosec // our own folder
	if err != nil {
		return nil, fmt.Errorf("%s printed nothing: %w", path, err)
	}
	return pdf, nil
}
