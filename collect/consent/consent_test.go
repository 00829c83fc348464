package consent_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"telltale/claims"
	"telltale/collect"
	"telltale/collect/consent"
)

var key = bytes.Repeat([]byte{7}, 32)

var at = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, path string) *consent.Registry {
	t.Helper()
	r, err := consent.OpenRegistry(path, key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// All that can be said of consent, and what follows.
func TestPermit(t *testing.T) {
	given := consent.Record{Purposes: []string{"statistics"}}
	both := consent.Record{Purposes: []string{"statistics", "private"}}
	gone := consent.Record{Withdrawn: true}
	for _, tt := range []struct {
		name     string
		said     map[string]consent.Record
		standard claims.Consent
		private  string
		change   func(*collect.Event)
		want     consent.Reason
		state    claims.Consent
	}{
		{"nothing said", nil, claims.None, "private", nil, consent.NoConsent, ""},
		{"nothing said, which is enough", nil, claims.Given, "private", nil, "", claims.None},
		{"given", map[string]consent.Record{"u": given}, claims.None, "private", nil, "", claims.Given},
		{"given by another", map[string]consent.Record{"v": given}, claims.None, "private", nil, consent.NoConsent, ""},
		{"given for another purpose", map[string]consent.Record{"u": {Purposes: []string{"private"}}}, claims.Given, "private", nil, consent.NoConsent, ""},
		{"given under another id", map[string]consent.Record{"alias": given}, claims.None, "private", func(e *collect.Event) { e.Aliases = []string{"alias"} }, "", claims.Given},
		{"withdrawn", map[string]consent.Record{"u": gone}, claims.Given, "private", func(e *collect.Event) { e.Carries, e.Agreed = true, []string{"statistics"} }, consent.Withdrawn, ""},
		{"withdrawn under another id", map[string]consent.Record{"u": given, "alias": gone}, claims.Given, "private", func(e *collect.Event) { e.Aliases = []string{"alias"} }, consent.Withdrawn, ""},
		{"carried", nil, claims.None, "private", func(e *collect.Event) { e.Carries, e.Agreed = true, []string{"statistics"} }, "", claims.Given},
		{"carried: to nothing", nil, claims.Given, "private", func(e *collect.Event) { e.Carries = true }, consent.NoConsent, ""},
		{"a signal against the default", nil, claims.Given, "private", func(e *collect.Event) { e.Client.OptOut = true }, consent.OptedOut, ""},
		{"a signal against what is carried", nil, claims.None, "private", func(e *collect.Event) { e.Carries, e.Agreed, e.Client.OptOut = true, []string{"statistics"}, true }, consent.OptedOut, ""},
		{"a signal against what was said", map[string]consent.Record{"u": given}, claims.None, "private", func(e *collect.Event) { e.Client.OptOut = true }, "", claims.Given},
		{"private, without the switch", map[string]consent.Record{"u": given}, claims.Given, "private", private, consent.PrivateMode, ""},
		{"private, with the switch", map[string]consent.Record{"u": both}, claims.None, "private", private, "", claims.Given},
		{"private, there is no default for it", nil, claims.Given, "private", private, consent.PrivateMode, ""},
		{"private, and there is no such purpose", map[string]consent.Record{"u": both}, claims.Given, "", private, consent.PrivateMode, ""},
		{"unknown mode", map[string]consent.Record{"u": given}, claims.Given, "", func(e *collect.Event) { e.Mode = "" }, consent.PrivateMode, ""},
		{"nobody", nil, claims.Given, "private", func(e *collect.Event) { e.Subject = "" }, consent.NoSubject, ""},
		{"an item", nil, claims.None, "private", func(e *collect.Event) { e.Subject, e.Type = "", "item_set" }, "", claims.Given},
		{"the zero event", nil, claims.Given, "private", func(e *collect.Event) { *e = collect.Event{} }, consent.NoConsent, ""},
	} {
		r := open(t, filepath.Join(t.TempDir(), "consent.jsonl"))
		for id, rec := range tt.said {
			if _, err := r.Put("p", id, rec); err != nil {
				t.Fatal(err)
			}
		}
		g := consent.Gate{Registry: r, Plan: collect.NewPlan(claims.Schema{
			Private: claims.PrivateMode{Property: "m", Purpose: tt.private}, Consent: claims.ConsentRule{Default: tt.standard},
		})}
		e := collect.Event{Project: "p", Type: "track", Name: "Buy", Purpose: "statistics", Subject: "u", Mode: claims.Normal}
		if tt.change != nil {
			tt.change(&e)
		}
		got, reason := g.Permit(e)
		if reason != tt.want || got.Consent() != tt.state || (got.Event().Name == e.Name) != (reason == "") && e.Name != "" {
			t.Errorf("%s: got %q, %q, %q", tt.name, reason, got.Consent(), got.Event().Name)
		}
	}
}

func private(e *collect.Event) { e.Mode = claims.Private }

// What was said is there after a restart, by a hash, and a last line that broke
// off is not.
func TestRegistry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "consent.jsonl")
	r := open(t, path)
	for i, rec := range []consent.Record{
		{Purposes: []string{"statistics"}, At: at, How: "api", Claims: "x"}, {Withdrawn: true, At: at.Add(time.Hour), How: "api"},
	} {
		if _, err := r.Put("p", "canary-id", rec); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Put("p", fmt.Sprint("other ", i), rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil || bytes.Contains(data, []byte("canary")) {
		t.Errorf("the file has the id, or %v", err)
	}
	for cut := range len(data) {
		if err := os.WriteFile(path, data[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		r := open(t, path)
		if want := bytes.Count(data[:cut], []byte("\n")); r.Len() > want+1 || r.Len() < min(want, 1) {
			t.Errorf("cut at %d: %d of %d", cut, r.Len(), want)
		}
		if _, err := r.Put("p", "after", consent.Record{At: at}); err != nil {
			t.Error(err)
		}
		if _, ok := open(t, path).Get("p", "after"); !ok {
			t.Errorf("cut at %d: what was said after it is gone", cut)
		}
	}
	if err := os.WriteFile(path, append([]byte("{broken\n"), data...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := consent.OpenRegistry(path, key); err == nil {
		t.Error("a damaged line in the middle was skipped")
	}
}

func TestServer(t *testing.T) {
	erased, broken := []string{}, error(nil)
	r := open(t, filepath.Join(t.TempDir(), "consent.jsonl"))
	s := &consent.Server{
		Registry: r, Purposes: []string{"statistics"}, Claims: "c1", Now: func() time.Time { return at },
		Erase: func(_ context.Context, project, id string) (time.Time, error) {
			erased = append(erased, project+"/"+id)
			return at.Add(time.Hour), broken
		},
	}
	call := func(method, query, body string) (int, consent.Answer, string) {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, "/consent"+query, strings.NewReader(body)))
		var a consent.Answer
		_ = json.Unmarshal(w.Body.Bytes(), &a)
		return w.Code, a, w.Body.String()
	}
	const get = "?project=p&distinct_id=u"
	if code, a, _ := call("GET", get, ""); code != 200 || a.Said {
		t.Errorf("nothing said: %d, %+v", code, a)
	}
	if code, a, _ := call("PUT", "", `{"project":"p","distinct_id":"u","purposes":["statistics"],"how":"dialog"}`); code != 200 || a.Claims != "c1" || !a.At.Equal(at) || a.How != "dialog" {
		t.Errorf("PUT: %d, %+v", code, a)
	}
	if code, a, _ := call("GET", get, ""); code != 200 || !a.Said || len(a.Purposes) != 1 || a.Withdrawn {
		t.Errorf("GET: %d, %+v", code, a)
	}
	if code, a, _ := call("DELETE", "", `{"project":"p","distinct_id":"u"}`); code != 200 || !a.Withdrawn || !a.GoneBy.Equal(at.Add(time.Hour)) || len(erased) != 1 || erased[0] != "p/u" {
		t.Errorf("DELETE: %d, %+v, %v", code, a, erased)
	}
	broken = errors.New("disk secret")
	if code, _, text := call("DELETE", "", `{"project":"p","distinct_id":"u"}`); code != 503 || strings.Contains(text, "secret") {
		t.Errorf("a failed erasure: %d, %s", code, text)
	}
	for _, bad := range []struct{ method, query, body string }{
		{"PUT", "", ""},
		{"PUT", "", "{"},
		{"PUT", "", `{"purposes":[]}`},
		{"PUT", "", `{"distinct_id":"u","purposes":["other"]}`},
		{"PUT", "", `{"distinct_id":"` + strings.Repeat("x", 20_000) + `"}`},
		{"GET", "", ""},
		{"POST", "", "{}"},
		{"PUT", "", `{"distinct_id":"u","project":"` + strings.Repeat("x", 101) + `"}`},
	} {
		if code, _, _ := call(bad.method, bad.query, bad.body); code != http.StatusBadRequest {
			t.Errorf("%v: %d", bad, code)
		}
	}
	if code, _, _ := call("OPTIONS", "", ""); code != 200 {
		t.Errorf("OPTIONS: %d", code)
	}
}

// Whatever the file holds: no panic, and what was read is read again.
func FuzzRegistry(f *testing.F) {
	f.Add([]byte(`{"who":"ab","purposes":["statistics"],"claims":"x","at":"2026-11-20T12:00:00Z","how":"api"}` + "\n"))
	f.Add([]byte("{}\n{\"who\":"))
	f.Add([]byte("null\n\n[]"))
	f.Fuzz(func(t *testing.T, in []byte) {
		path := filepath.Join(t.TempDir(), "consent.jsonl")
		if err := os.WriteFile(path, in, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := consent.OpenRegistry(path, key)
		if err != nil {
			return
		}
		defer r.Close()
		again, err := consent.OpenRegistry(path, key)
		if err != nil || again.Len() != r.Len() {
			t.Fatalf("%d, then %v", r.Len(), err)
		}
		_ = again.Close()
	})
}
