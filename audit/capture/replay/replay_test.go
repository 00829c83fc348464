package replay

import (
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"telltale/audit"
)

// said makes the events of a case out of "METHOD URL STATUS BODY" lines.
func said(lines ...string) iter.Seq2[audit.Event, error] {
	return func(yield func(audit.Event, error) bool) {
		for _, line := range lines {
			w := strings.Fields(line)
			r := httptest.NewRequest(w[0], w[1], nil)
			x := &audit.Exchange{
				Method: w[0], URL: w[1], Host: hostname(r), Status: 200, Answered: audit.ByOnline,
				Answer: []audit.Field{{Name: "Connection", Value: "close"}, {Name: "X-Answer", Value: w[2]}},
				Reply:  audit.Body{SHA256: w[2], Size: int64(len(w[2]))},
			}
			if w[2] == "broken" {
				x.Reply.Error = "it broke off"
			}
			if !yield(audit.Event{Exchange: x}, nil) {
				return
			}
		}
	}
}

// open gives the hash of a body for the body.
func open(b audit.Body) (io.ReadCloser, error) {
	if b.SHA256 == "lost" {
		return nil, errors.New("lost")
	}
	return io.NopCloser(strings.NewReader(b.SHA256)), nil
}

func ask(t *testing.T, r *Replay, method, url string) string {
	t.Helper()
	a, ok := r.Answer(httptest.NewRequest(method, url, nil))
	if !ok {
		return "-"
	}
	b, err := io.ReadAll(a.Stream)
	if err != nil {
		t.Fatal(err)
	}
	if a.By != audit.ByReplay || a.Status != 200 || a.Header.Get("X-Answer") != string(b) || a.Header.Get("Connection") != "" {
		t.Errorf("%+v", a)
	}
	return string(b)
}

// The nearest answer is given; equal ones in their order.
func TestAnswer(t *testing.T) {
	r, err := Load(said(
		"GET https://a.example/x one", "GET https://a.example/x two",
		"GET https://a.example/q?id=1&t=100 q1", "GET https://a.example/q?id=2&t=200 q2", "GET https://a.example/q?id=2&t=200&more=1 q3",
		"POST https://a.example/x post", "GET https://a.example/broken broken", "GET https://a.example/lost lost",
		"GET https://B.example/x other",
	), open)
	if err != nil || r.Len() != 8 {
		t.Fatal(r.Len(), err)
	}
	for _, tc := range []struct{ method, url, want string }{
		{"GET", "https://a.example/x", "one"},
		{"GET", "https://a.example/x", "two"},
		{"GET", "https://a.example/x", "two"},
		{"GET", "https://A.example:443/q?id=2&t=999", "q2"},
		{"GET", "https://a.example/q?id=1&t=100", "q1"},
		{"GET", "https://a.example/q?more=1&t=200&id=2", "q3"},
		{"POST", "https://a.example/x?new=1", "post"},
		{"PUT", "https://a.example/x", "-"},
		{"GET", "https://a.example/y", "-"},
		{"GET", "https://a.example/broken", "-"},
		{"GET", "https://a.example/lost", "-"},
		{"GET", "https://b.example/x", "other"},
	} {
		if got := ask(t, r, tc.method, tc.url); got != tc.want {
			t.Errorf("%s %s: got %s, want %s", tc.method, tc.url, got, tc.want)
		}
	}
}

// A case that breaks off answers as far as it goes.
func TestLoadError(t *testing.T) {
	cut := errors.New("cut")
	r, err := Load(func(yield func(audit.Event, error) bool) {
		for e := range said("GET https://a.example/x one") {
			yield(e, nil)
		}
		yield(audit.Event{}, cut)
	}, open)
	if !errors.Is(err, cut) || ask(t, r, "GET", "https://a.example/x") != "one" {
		t.Error(err)
	}
}

// A request that stands in the case as it is gets its own answer, whatever
// else stands there.
func TestExactWins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		queries := rapid.SliceOfNDistinct(rapid.StringMatching(`([ab]=[0-9])(&[ab]=[0-9]){0,3}`), 1, 8, rapid.ID).Draw(t, "queries")
		var lines []string
		for _, q := range queries {
			lines = append(lines, "GET https://a.example/?"+q+" "+q)
		}
		r, err := Load(said(lines...), open)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range queries {
			a, ok := r.Answer(httptest.NewRequest(http.MethodGet, "https://a.example/?"+q, nil))
			if !ok {
				t.Fatal("no answer")
			}
			b, _ := io.ReadAll(a.Stream)
			if diff := cmp.Diff(q, string(b)); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}
