package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
	"telltale/audit/evidence"
)

// The live view counts by host, the newest on top, and tells a seed where it
// is found; while it is paused it draws nothing, and counts on.
func TestBoard(t *testing.T) {
	plan, err := capturing{mode: "normal", consent: "none", claims: "browser-baseline", given: analysis{seeds: []string{"me=k7f3q9w2@post.example"}}}.plan(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "case")
	w, err := evidence.Create(dir, plan)
	if err != nil {
		t.Fatal(err)
	}
	r, err := evidence.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	b := newBoard(w, true)
	body, err := w.Body()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(body, "mail=k7f3q9w2%40post.example")
	sent, err := body.Close(nil)
	if err != nil {
		t.Fatal(err)
	}
	place := capturePlace(1)
	events := []audit.Event{
		{Place: place, Exchange: &audit.Exchange{Host: "quiet.example", URL: "https://quiet.example/", Reply: audit.Body{Size: 20 << 20}}},
		{Place: place, Exchange: &audit.Exchange{
			Host: "tracker.example", URL: "https://tracker.example/", Method: "POST", Body: sent,
			Header: []audit.Field{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}},
		}},
		{Place: place, Refused: &audit.Refused{Host: "pinned.example"}},
	}
	for _, e := range events {
		if err := b.Record(e); err != nil {
			t.Fatal(err)
		}
	}
	b.look(r, []audit.Event{<-b.queue, <-b.queue})
	got, ok := b.text(80)
	want := strings.Join([]string{
		"requests  refused       sent   received  host (p pauses)",
		"       0        1        0 B        0 B  pinned.example",
		"       1        0       28 B        0 B  tracker.example",
		"       1        0        0 B     20 MiB  quiet.example",
		"       2        1       28 B     20 MiB  3 hosts",
		"seeds found: 1",
		"  me to tracker.example: contact/email, plain",
	}, "\n") + "\n"
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Error(diff)
	}
	b.paused = true
	b.see(events[0])
	if text, ok := b.text(80); ok {
		t.Errorf("drawn while paused: %s", text)
	}
	b.paused = false
	if text, _ := b.text(80); !strings.Contains(text, "3        1") {
		t.Errorf("not counted while paused:\n%s", text)
	}
}

// The view's memory is bounded, and what is beyond the bound is counted.
func TestBoardBound(t *testing.T) {
	b := newBoard(nil, false)
	for i := range mostHosts + 10 {
		b.see(audit.Event{Exchange: &audit.Exchange{Host: fmt.Sprint("h", i, ".example")}})
	}
	text, _ := b.text(80)
	if !strings.Contains(text, "      10        0        0 B        0 B  others") || !strings.Contains(text, fmt.Sprint(mostHosts+10)) {
		t.Error(text)
	}
}
