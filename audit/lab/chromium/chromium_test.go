package chromium_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"telltale/audit/lab"
	"telltale/audit/lab/chromium"
	"telltale/audit/lab/stage"
	"telltale/claims"
)

// A sink is an HTTP proxy that answers for the stage and writes down what else
// was asked for. Private windows prefer HTTPS, which it has not, so the tests
// that visit pages use normal ones; cmd/telltale tests both for real.
type sink struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func newSink(t *testing.T) *sink {
	s := &sink{}
	sites := stage.New()
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.Method+" "+r.Host+r.URL.Path)
		s.mu.Unlock()
		switch {
		case r.Method == http.MethodConnect:
			w.WriteHeader(http.StatusBadGateway)
		case sites.Answers(r):
			sites.ServeHTTP(w, r)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *sink) saw(prefix string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.asked, func(a string) bool { return strings.HasPrefix(a, prefix) })
}

func plain(url string) string { return strings.Replace(url, "https://", "http://", 1) }

func driver(t *testing.T) *chromium.Driver {
	path, err := chromium.Find()
	if err != nil {
		t.Fatal(err)
	}
	return &chromium.Driver{Path: path, SPKI: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}
}

// Every action reaches the site that it is meant for; the profile is kept; what
// a browser cannot do it says.
func TestActions(t *testing.T) {
	s := newSink(t)
	profile := filepath.Join(t.TempDir(), "profile")
	browser, err := driver(t).Start(t.Context(), lab.Start{Profile: profile, Mode: claims.Normal, Proxy: s.URL, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		action lab.Action
		want   string
	}{
		{lab.Action{Verb: lab.Visit, URL: plain(stage.Article("s1", "s2"))}, "GET " + stage.NewsHost + "/article/s1"},
		{lab.Action{Verb: lab.Read, URL: plain(stage.Reading("s3", "s4")), For: 40 * time.Millisecond}, "GET " + stage.NewsHost + "/long-read/s3"},
		{lab.Action{Verb: lab.SignIn, URL: plain(stage.Login("s5", "s6")), Text: "a@post.example"}, "POST " + stage.AccountHost},
		{lab.Action{Verb: lab.Download, URL: plain(stage.Download("s7", "s8"))}, "GET " + stage.DownloadHost + "/minutes/s7.pdf"},
	} {
		if err := browser.Do(t.Context(), step.action); err != nil {
			t.Errorf("%s: %v", step.action.Verb, err)
		}
		if !s.saw(step.want) {
			t.Errorf("%s: nobody asked for %s", step.action.Verb, step.want)
		}
	}
	var unable lab.Unable
	if err := browser.Do(t.Context(), lab.Action{Verb: lab.Type, Text: "x"}); !errors.As(err, &unable) {
		t.Errorf("type: got %v, want %T", err, unable)
	}
	if err := browser.Do(t.Context(), lab.Action{Verb: lab.Visit, URL: "http://www.harrowmere-courier.com:1/"}); err != nil && !strings.Contains(err.Error(), "net::") {
		t.Errorf("a page that cannot be loaded: %v", err)
	}
	if err := browser.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if kept, _ := filepath.Glob(filepath.Join(profile, "user-data", "*", "History")); len(kept) != 1 {
		t.Errorf("the profile was not kept: %v", kept)
	}
}

// A cancelled action returns at once, and the browser can still be closed.
func TestCancelledAction(t *testing.T) {
	s := newSink(t)
	browser, err := driver(t).Start(t.Context(), lab.Start{Profile: t.TempDir(), Mode: claims.Private, Proxy: s.URL, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := browser.Do(ctx, lab.Action{Verb: lab.Idle, For: time.Hour}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if err := browser.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// A program that is no browser is an error that names it.
func TestNoBrowser(t *testing.T) {
	d := &chromium.Driver{Path: "/bin/false"}
	if _, err := d.Tool(t.Context()); err == nil || !strings.Contains(err.Error(), "/bin/false") {
		t.Errorf("Tool: %v", err)
	}
	if _, err := d.Start(t.Context(), lab.Start{Profile: t.TempDir(), Proxy: "http://127.0.0.1:1"}); err == nil || !strings.Contains(err.Error(), "/bin/false did not start") {
		t.Errorf("Start: %v", err)
	}
}
