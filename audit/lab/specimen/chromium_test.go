package specimen_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// A chromium is a browser that is told what to do over a pipe.
type chromium struct {
	to     io.WriteCloser
	from   *bufio.Reader
	close  func() // asks it to end and waits until it has
	lastID int
}

// testLimit ends a browser that does not answer, and with it the test.
const testLimit = 3 * time.Minute

// newChromium starts the browser without a screen; it must be installed, since
// nothing else shows that a specimen does what it says.
func newChromium(t *testing.T, profile string, args ...string) *chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("the specimens are tested in the real browser: install Chromium, so that %q is found", "chromium")
	}
	ourIn, theirOut := pipe(t)
	theirIn, ourOut := pipe(t)
	args = append(args, "--headless=new", "--remote-debugging-pipe", "--user-data-dir="+profile,
		"--enable-unsafe-extension-debugging", "--no-first-run", "--disable-gpu",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // the sandbox needs a user
	}
	cmd := exec.Command(path, append(args, "about:blank")...)
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	b := &chromium{to: ourOut, from: bufio.NewReader(ourIn)}
	stuck := time.AfterFunc(testLimit, func() { cmd.Process.Kill() })
	b.close = sync.OnceFunc(func() {
		defer stuck.Stop()
		fmt.Fprint(b.to, `{"id":0,"method":"Browser.close"}`+"\x00")
		io.Copy(io.Discard, b.from)
		cmd.Wait()
	})
	t.Cleanup(b.close) // before the folder of the profile is deleted: that is older
	return b
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Close()
		w.Close()
	})
	return r, w
}

// call calls a method of the DevTools protocol in a session, "" for the
// browser's own, and fills result.
func (b *chromium) call(t *testing.T, session, method string, params map[string]any, result any) {
	t.Helper()
	b.lastID++
	message := map[string]any{"id": b.lastID, "method": method, "params": params}
	if session != "" {
		message["sessionId"] = session
	}
	line, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.to.Write(append(line, 0)); err != nil {
		t.Fatalf("%s: the browser is gone: %v", method, err)
	}
	for {
		line, err := b.from.ReadBytes(0)
		if err != nil {
			t.Fatalf("%s: the browser is gone: %v", method, err)
		}
		var answer struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if err := json.Unmarshal(line[:len(line)-1], &answer); err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		if answer.ID != b.lastID {
			continue // an event
		}
		if answer.Error != nil {
			t.Fatalf("%s: %s", method, answer.Error.Message)
		}
		if err := json.Unmarshal(answer.Result, result); err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		return
	}
}

// open opens a page in the first tab and returns a session with it.
func (b *chromium) open(t *testing.T, address string) (session string) {
	t.Helper()
	tab := b.firstTab(t)
	b.visit(t, tab, address)
	return tab
}

// firstTab returns a session with the tab that the browser starts with.
func (b *chromium) firstTab(t *testing.T) (session string) {
	t.Helper()
	var targets struct {
		TargetInfos []struct{ TargetID, Type string }
	}
	b.call(t, "", "Target.getTargets", nil, &targets)
	for _, target := range targets.TargetInfos {
		if target.Type == "page" {
			var attached struct{ SessionID string }
			b.call(t, "", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
			return attached.SessionID
		}
	}
	t.Fatal("the browser has no tab")
	return ""
}

// visit loads a page in a tab; it returns when the page begins to appear.
func (b *chromium) visit(t *testing.T, session, address string) {
	t.Helper()
	b.call(t, session, "Page.navigate", map[string]any{"url": address}, &struct{}{})
}

// eval runs an async JavaScript function's body in a page and fills result
// with what it returns.
func (b *chromium) eval(t *testing.T, session, body string, result any) {
	t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Exception struct{ Description string }
		}
	}
	b.call(t, session, "Runtime.evaluate", map[string]any{
		"expression": "(async () => {" + body + "})()", "awaitPromise": true, "returnByValue": true,
	}, &answer)
	if answer.ExceptionDetails != nil {
		t.Fatal(answer.ExceptionDetails.Exception.Description)
	}
	if err := json.Unmarshal(answer.Result.Value, result); err != nil {
		t.Fatalf("%v in %s", err, answer.Result.Value)
	}
}

// newModules serves the extension's modules and opens a page that can import
// them.
func newModules(t *testing.T) (b *chromium, session string) {
	t.Helper()
	files := http.FileServer(http.Dir("mint"))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if filepath.Ext(r.URL.Path) == ".js" {
			files.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	b = newChromium(t, t.TempDir())
	return b, b.open(t, server.URL)
}
