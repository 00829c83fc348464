package capture_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"telltale/audit"
	"telltale/audit/capture"
)

var (
	noon  = time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)
	place = audit.Place{Arm: "private", Run: 1, Session: 2}
)

// A shelf holds bodies by hash.
type shelf map[string]string

func (s shelf) put(text string) audit.Body {
	sum := hash(text)
	s[sum] = text
	return audit.Body{SHA256: sum, Size: int64(len(text))}
}

func (s shelf) open(b audit.Body) (io.ReadCloser, error) {
	text, ok := s[b.SHA256]
	if !ok {
		return nil, errors.New("no such body")
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

func hash(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

func placed(e audit.Event) audit.Event {
	e.Time, e.Place = noon, place
	return e
}

// Every part of every event is an exhibit, numbered through, with its line.
func TestExhibits(t *testing.T) {
	bodies := make(shelf)
	header := []audit.Field{{Name: "Content-Type", Value: "application/x-www-form-urlencoded; charset=utf-8"}, {Name: "Host", Value: "a.example"}}
	block := "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\nHost: a.example\r\nGrpc-Id: 1\r\n"
	const url = "https://a.example/sa?x=1"
	events := log(
		placed(audit.Event{Step: &audit.Step{Action: "visit"}}),
		placed(audit.Event{Exchange: &audit.Exchange{
			Method: "POST", URL: url, Host: "a.example", Header: header, Body: bodies.put("data_list=eyJh"),
			Trailer: []audit.Field{{Name: "Grpc-Id", Value: "1"}}, Answered: audit.ByStage, Status: 200,
		}}),
		placed(audit.Event{Exchange: &audit.Exchange{Method: "GET", URL: "http://b.example/", Host: "b.example", Answered: audit.ByOnline, Server: "192.0.2.1", Status: 204}}),
		placed(audit.Event{Message: &audit.Message{URL: "wss://c.example/", Host: "c.example", Out: true, Body: bodies.put("hello")}}),
		placed(audit.Event{Message: &audit.Message{URL: "wss://c.example/", Host: "c.example", Body: bodies.put("from the server")}}),
		placed(audit.Event{Tunnel: &audit.Tunnel{Host: "::1", Port: "22", Out: bodies.put("SSH-2.0-x")}}),
		placed(audit.Event{Tunnel: &audit.Tunnel{Host: "d.example", Port: "22"}}),
		placed(audit.Event{Refused: &audit.Refused{Host: "e.example"}}),
		placed(audit.Event{End: &audit.End{Reason: audit.Complete}}),
	)
	post := audit.Exhibit{URL: url, Method: "POST", Host: "a.example", Stage: true, Status: 200, Event: 2}
	get := audit.Exhibit{URL: "http://b.example/", Method: "GET", Host: "b.example", Server: "192.0.2.1", Status: 204, Event: 3}
	var want []audit.Exhibit
	for i, w := range []struct {
		e                audit.Exhibit
		part, data, kind string
		size             int64
	}{
		{post, "request.url", url, "", 24},
		{post, "request.header", block, "", int64(len(block))},
		{post, "request.body", "data_list=", "application/x-www-form-urlencoded", 14},
		{get, "request.url", "http://b.example/", "", 17},
		{audit.Exhibit{URL: "wss://c.example/", Host: "c.example", Event: 4}, "message.out", "hello", "", 5},
		{audit.Exhibit{URL: "tcp://[::1]:22", Host: "::1", Event: 6}, "tunnel.out", "SSH-2.0-x", "", 9},
	} {
		e := w.e
		e.ID, e.Case, e.Place, e.Time = fmt.Sprintf("e%d", i+1), "case", place, noon
		e.Part, e.Type, e.Size, e.Data = w.part, w.kind, w.size, audit.NewSecret([]byte(w.data))
		e.SHA256, e.Cut = hash(w.data), int64(len(w.data)) < w.size
		if e.Cut {
			e.SHA256 = hash("data_list=eyJh")
		}
		want = append(want, e)
	}
	var got []audit.Exhibit
	for e, err := range capture.Exhibits("case", events, bodies.open, 10) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What cannot be read is said, with the number of the exhibit, and the rest
// goes on.
func TestExhibitsErrors(t *testing.T) {
	bodies := make(shelf)
	short := bodies.put("short")
	short.Size++
	message := func(b audit.Body) audit.Event {
		return placed(audit.Event{Message: &audit.Message{URL: "ws://a.example/", Host: "a.example", Out: true, Body: b}})
	}
	broken := errors.New("line 1 is no event")
	events := func(yield func(audit.Event, error) bool) {
		if yield(audit.Event{}, broken) {
			log(message(audit.Body{SHA256: "gone", Size: 1}), message(short), message(bodies.put("whole")))(yield)
		}
	}
	var got []string
	for e, err := range capture.Exhibits("case", events, bodies.open, 100) {
		got = append(got, fmt.Sprintf("%s %s %v", e.ID, e.Data.Reveal(), err))
	}
	want := []string{
		"  line 1 is no event",
		"e1  exhibit e1, message.out of event 2: no such body",
		"e2  exhibit e2, message.out of event 3: the body has 5 bytes, the log says 6",
		"e3 whole <nil>",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The same log gives the same exhibits; data is never longer than the limit
// and always the beginning of the body; a reader may stop anywhere.
func TestExhibitsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bodies := make(shelf)
		limit := rapid.Int64Range(0, 20).Draw(t, "limit")
		var events []audit.Event
		for _, text := range rapid.SliceOf(rapid.StringN(0, 40, 40)).Draw(t, "bodies") {
			events = append(events, placed(audit.Event{Exchange: &audit.Exchange{URL: "http://a.example/", Body: bodies.put(text)}}))
		}
		list := func(most int) (ids []string) {
			for e, err := range capture.Exhibits("case", log(events...), bodies.open, limit) {
				if err != nil {
					t.Fatal(err)
				}
				if e.Part == "request.body" {
					whole := []byte(bodies[e.SHA256])
					if data := e.Data.Reveal(); !bytes.HasPrefix(whole, data) || e.Cut != (len(data) < len(whole)) || e.Cut && int64(len(data)) != limit {
						t.Fatalf("%q of %q", data, whole)
					}
				}
				if ids = append(ids, e.ID+e.Part+e.SHA256); len(ids) == most {
					break
				}
			}
			return ids
		}
		all := list(-1)
		if diff := cmp.Diff(all, list(-1)); diff != "" {
			t.Fatal(diff)
		}
		if n := rapid.IntRange(0, len(all)).Draw(t, "most"); n > 0 {
			if diff := cmp.Diff(all[:n], list(n)); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

// What servers sent is told apart from what they got.
func TestAnswers(t *testing.T) {
	bodies := make(shelf)
	events := log(
		placed(audit.Event{Exchange: &audit.Exchange{
			Method: "GET", URL: "https://a.example/", Host: "a.example", Body: bodies.put("asked"), Status: 200,
			Answer: []audit.Field{{Name: "Set-Cookie", Value: "sid = k7f3q9w2; Secure"}, {Name: "X-Id", Value: "7"}}, Reply: bodies.put("answered"),
		}}),
		placed(audit.Event{Message: &audit.Message{Host: "b.example", Out: true, Body: bodies.put("out")}}),
		placed(audit.Event{Message: &audit.Message{Host: "b.example", Body: bodies.put("in")}}),
		placed(audit.Event{Tunnel: &audit.Tunnel{Host: "c.example", Port: "5222", Out: bodies.put("to"), In: bodies.put("from")}}),
	)
	var got []string
	for ex, err := range capture.Answers("c", events, bodies.open, 1<<20) {
		if err != nil {
			t.Error(err)
		}
		if ex.Place != place || !ex.Time.Equal(noon) {
			t.Errorf("%s is of %v, %v", ex.ID, ex.Place, ex.Time)
		}
		got = append(got, fmt.Sprintf("%s %d %s %s %s", ex.ID, ex.Event, ex.Host, ex.Part, ex.Data.Reveal()))
	}
	want := []string{
		"a1 1 a.example answer.cookie k7f3q9w2", "a2 1 a.example answer.header 7", "a3 1 a.example answer.body answered",
		"a4 3 b.example message.in in", "a5 4 c.example tunnel.in from",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// Pictures are exhibits without bytes, and none of the others: no value is
// sought in them, and they do not count as unread.
func TestPictures(t *testing.T) {
	bodies := make(shelf)
	body := bodies.put("png")
	events := log(
		placed(audit.Event{Step: &audit.Step{Action: "visit"}}),
		placed(audit.Event{Picture: &audit.Picture{Type: "image/png", Body: body}}),
		placed(audit.Event{Picture: &audit.Picture{Type: "image/png", Body: audit.Body{Error: "no window"}}}),
		placed(audit.Event{Picture: &audit.Picture{Type: "image/png", Body: body}}),
	)
	want := []audit.Exhibit{
		{ID: "s1", Case: "c", Place: place, Time: noon, Part: "screen", Type: "image/png", Size: 3, SHA256: body.SHA256, Event: 2},
		{ID: "s2", Case: "c", Place: place, Time: noon, Part: "screen", Type: "image/png", Size: 3, SHA256: body.SHA256, Event: 4},
	}
	if diff := cmp.Diff(want, capture.Pictures("c", events), cmp.Comparer(audit.Secret.Equal)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for ex := range capture.Exhibits("c", events, bodies.open, 100) {
		t.Errorf("%s is an exhibit that is searched", ex.Part)
	}
}
