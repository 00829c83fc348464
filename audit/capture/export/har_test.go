package export_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"telltale/audit/capture/export"
)

// A rule says what a value of an archive must be (HAR 1.2, as its published
// JSON schema has it).
type rule func(path string, v any) []string

func is[T any](path string, v any) []string {
	if _, ok := v.(T); !ok {
		return []string{fmt.Sprintf("%s is %T, %v", path, v, v)}
	}
	return nil
}

// object has members by their rules, of which some must be there.
func object(members map[string]rule, required ...string) rule {
	return func(path string, v any) []string {
		o, ok := v.(map[string]any)
		if !ok {
			return is[map[string]any](path, v)
		}
		var wrong []string
		for _, name := range required {
			if _, ok := o[name]; !ok {
				wrong = append(wrong, path+"."+name+" is missing")
			}
		}
		for name, value := range o {
			switch check := members[name]; {
			case check != nil:
				wrong = append(wrong, check(path+"."+name, value)...)
			case name[0] != '_': // of the writer's own
				wrong = append(wrong, path+"."+name+" is not in the format")
			}
		}
		return wrong
	}
}

func list(of rule) rule {
	return func(path string, v any) []string {
		l, ok := v.([]any)
		if !ok {
			return is[[]any](path, v)
		}
		var wrong []string
		for i, e := range l {
			wrong = append(wrong, of(fmt.Sprintf("%s[%d]", path, i), e)...)
		}
		return wrong
	}
}

// parsed is text that a function takes.
func parsed(parse func(string) error) rule {
	return func(path string, v any) []string {
		s, ok := v.(string)
		if !ok {
			return is[string](path, v)
		}
		if err := parse(s); err != nil {
			return []string{path + ": " + err.Error()}
		}
		return nil
	}
}

// least is a whole number that is not less than one.
func least(n float64) rule {
	return func(path string, v any) []string {
		if f, ok := v.(float64); !ok || f < n || f != float64(int64(f)) {
			return []string{fmt.Sprintf("%s is %v", path, v)}
		}
		return nil
	}
}

var (
	text    = rule(is[string])
	instant = parsed(func(s string) error { _, err := time.Parse("2006-01-02T15:04:05.999999999Z07:00", s); return err })
	address = parsed(func(s string) error { _, err := netip.ParseAddr(s); return err })
	uri     = parsed(func(s string) error {
		u, err := url.Parse(s)
		if err == nil && u.Scheme == "" {
			err = fmt.Errorf("%q has no scheme", s)
		}
		return err
	})
	named   = object(map[string]rule{"name": text, "value": text, "comment": text}, "name", "value")
	content = object(map[string]rule{"size": least(0), "mimeType": text, "text": text, "encoding": text, "comment": text, "compression": least(0)}, "size", "mimeType")
	posted  = object(map[string]rule{"mimeType": text, "text": text, "params": list(named), "comment": text}, "mimeType")
	asked   = object(map[string]rule{
		"method": text, "url": uri, "httpVersion": text, "cookies": list(named), "headers": list(named), "queryString": list(named), "headersSize": least(-1), "bodySize": least(-1),
		"postData": posted, "comment": text,
	}, "method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize")
	answered = object(map[string]rule{
		"status": least(0), "statusText": text, "httpVersion": text, "cookies": list(named), "headers": list(named), "content": content, "redirectURL": text,
		"headersSize": least(-1), "bodySize": least(-1), "comment": text,
	}, "status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize", "bodySize")
	timings = object(map[string]rule{"send": least(-1), "wait": least(-1), "receive": least(-1)}, "send", "wait", "receive")
	entry   = object(map[string]rule{
		"startedDateTime": instant, "time": least(0), "request": asked, "response": answered, "cache": object(nil), "timings": timings, "serverIPAddress": address,
		"connection": text, "comment": text,
	}, "startedDateTime", "time", "request", "response", "cache", "timings")
	tool    = object(map[string]rule{"name": text, "version": text, "comment": text}, "name", "version")
	archive = object(map[string]rule{"log": object(map[string]rule{
		"version": text, "creator": tool, "browser": tool, "pages": list(object(nil)), "entries": list(entry), "comment": text,
	}, "version", "creator", "entries")}, "log")
)

// An archive is what the format wants, down to the last member.
func TestHARIsValid(t *testing.T) {
	file, _ := talk().write(t, export.HAR)
	var v any
	if err := json.Unmarshal(file, &v); err != nil {
		t.Fatal(err)
	}
	if wrong := archive("", v); len(wrong) > 0 {
		t.Error(wrong)
	}
	// The rules are rules: an archive without something is wrong.
	delete(v.(map[string]any)["log"].(map[string]any), "creator")
	if wrong := archive("", v); len(wrong) != 1 {
		t.Errorf("an archive without a creator: %v", wrong)
	}
}

// Chromium's network panel opens an archive: its own importer makes a request
// out of each entry.
func TestHARInChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
			break
		}
	}
	if browser == "" {
		t.Skip("there is no Chromium; setup.sh installs it")
	}
	file, _ := talk().write(t, export.HAR)
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	defer stop()
	ctx, cancel := chromedp.NewContext(alloc)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	defer cancel()
	script := `(async () => {
	const HAR = await import('devtools://devtools/bundled/models/har/har.js')
	const root = new HAR.HARFormat.HARRoot(` + string(file) + `)
	return HAR.Importer.Importer.requestsFromHARLog(root.log).map(r => r.requestMethod + ' ' + r.url() + ' ' + r.statusCode + ' ' + r.frames().length)
})()`
	if _, err := chromedp.Run(ctx, chromedp.Navigate("devtools://devtools/bundled/inspector.html")); err != nil {
		t.Fatal(err)
	}
	got, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](script, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"POST http://a.example/p?q=one%20two&x 200 0", "PUT http://a.example/large 200 0", "HEAD http://a.example/head 200 0", "GET http://a.example/empty 204 0",
		"POST https://b.example:8443/one 200 0", "POST https://b.example:8443/two?x=y 200 0", "GET wss://c.example/ws 101 3", "CONNECT d.example:443 403 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
