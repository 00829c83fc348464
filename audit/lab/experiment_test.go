package lab_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
	"telltale/audit/lab"
	"telltale/claims"
)

// A diary is a driver and a network that write down what happens to them.
type diary struct {
	mu      sync.Mutex
	lines   []string
	events  []audit.Event
	fail    func(a lab.Action) error
	failed  chan struct{}
	err     error
	onStart func(s lab.Start)
}

func (d *diary) write(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) Tool(context.Context) (audit.Tool, error) { return audit.Tool{Name: "diary"}, nil }

func (d *diary) Start(_ context.Context, s lab.Start) (lab.Software, error) {
	d.write("start %s via %s", s.Mode, s.Proxy)
	if d.onStart != nil {
		d.onStart(s)
	}
	return page{d}, nil
}

type page struct{ d *diary }

func (p page) Do(ctx context.Context, a lab.Action) error {
	if p.d.fail != nil {
		if err := p.d.fail(a); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (p page) Close(context.Context) error { p.d.write("close"); return nil }

type link struct {
	d     *diary
	place audit.Place
}

func (d *diary) Join(p audit.Place) (lab.Link, error) { return link{d, p}, nil }
func (d *diary) Failed() <-chan struct{}              { return d.failed }
func (d *diary) Err() error                           { return d.err }
func (l link) URL() string                            { return fmt.Sprintf("%s/%d/%d", l.place.Arm, l.place.Run, l.place.Session) }
func (l link) Close() error                           { return nil }

func (d *diary) record(e audit.Event) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, e)
	return nil
}

var (
	subject = []audit.Arm{
		{Name: "normal", Mode: claims.Normal, Software: "diary", Specimen: "leaky"},
		{Name: "private", Mode: claims.Private, Software: "diary", Specimen: "leaky"},
	}
	control = audit.Arm{Name: "control/normal", Mode: claims.Normal, Software: "diary", Control: true}
)

// short is a plan of two starts.
func short(p *lab.Planter) [][]lab.Action {
	url := "https://a.example/" + p.Plant("page", "behaviour/navigation/url", "a.example")
	return [][]lab.Action{{{Verb: lab.Visit, URL: url, Target: "a page"}, {Verb: lab.Type, Target: "the bar"}}, {{Verb: lab.Idle, Target: "1s"}}}
}

func experiment(t *testing.T, d *diary, arms []audit.Arm, runs int) *lab.Experiment {
	t.Helper()
	d.failed = make(chan struct{})
	script, _ := lab.Prepare(short, arms, runs)
	return &lab.Experiment{
		Arms: arms, Runs: runs, Script: script, Driver: d, Network: d, Record: d.record,
		Now: time.Now, Workers: 1, Scratch: t.TempDir(),
	}
}

// The arms of a target share a profile, even runs take them in reverse, and
// the control has a profile of its own.
func TestRunOrder(t *testing.T) {
	d := &diary{}
	profiles := map[string][]string{}
	d.onStart = func(s lab.Start) { profiles[s.Profile] = append(profiles[s.Profile], s.Proxy) }
	if err := experiment(t, d, append(slices.Clone(subject), control), 2).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var starts []string
	for _, l := range d.lines {
		if after, ok := strings.CutPrefix(l, "start "); ok {
			starts = append(starts, after)
		}
	}
	want := []string{
		"normal via normal/1/1", "normal via normal/1/2", "private via private/1/1", "private via private/1/2",
		"normal via control/normal/1/1", "normal via control/normal/1/2",
		"private via private/2/1", "private via private/2/2", "normal via normal/2/1", "normal via normal/2/2",
		"normal via control/normal/2/1", "normal via control/normal/2/2",
	}
	if diff := cmp.Diff(want, starts); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if len(profiles) != 4 {
		t.Errorf("%d profiles, want 4: %v", len(profiles), profiles)
	}
}

// What a driver cannot do is skipped and written down with the reason.
func TestUnableIsSkipped(t *testing.T) {
	d := &diary{fail: func(a lab.Action) error {
		if a.Verb == lab.Type {
			return lab.Unable{Why: "no keyboard"}
		}
		return nil
	}}
	if err := experiment(t, d, subject[:1], 1).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range d.events {
		got = append(got, strings.TrimSpace(e.Step.Action+" "+e.Step.Target+" "+strings.Join(e.Step.Seeds, ",")+" "+e.Step.Skipped))
	}
	want := []string{"visit a page normal/1/page", "type the bar  no keyboard", "close", "idle 1s", "close", "done"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// An error of the software ends the experiment and says where it happened; the
// software is closed all the same.
func TestErrorSaysWhere(t *testing.T) {
	d := &diary{fail: func(lab.Action) error { return errors.New("no such page") }}
	err := experiment(t, d, subject, 2).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "arm normal, run 1: visit a page: no such page") {
		t.Errorf("got %v", err)
	}
	if !slices.Contains(d.lines, "close") {
		t.Error("the software was not closed")
	}
}

// A network that can capture no more stops the experiment with its reason.
func TestNetworkFailureStops(t *testing.T) {
	d := &diary{}
	x := experiment(t, d, subject, 3)
	d.fail = func(lab.Action) error {
		if d.err == nil {
			d.err = errors.New("disk full")
			close(d.failed)
		}
		return nil
	}
	if err := x.Run(t.Context()); !errors.Is(err, d.err) {
		t.Errorf("got %v, want %v", err, d.err)
	}
	if n := len(d.lines); n >= 2*2*2*3 {
		t.Errorf("%d lines: the experiment went on to its end", n)
	}
}

// A cancelled experiment says that it was cancelled, and leaves no profile behind.
func TestCancel(t *testing.T) {
	d := &diary{}
	x := experiment(t, d, subject, 3)
	ctx, cancel := context.WithCancel(t.Context())
	d.fail = func(lab.Action) error { cancel(); return nil }
	if err := x.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	left, err := os.ReadDir(x.Scratch)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A specimen is unpacked once for each profile, and only where the arm has one.
func TestUnpack(t *testing.T) {
	d := &diary{}
	x := experiment(t, d, append(slices.Clone(subject), control), 1)
	var got []string
	d.onStart = func(s lab.Start) { got = append(got, s.Proxy+" "+filepath.Base(s.Specimen)) }
	x.Unpack = func(arm audit.Arm, dir string) (string, error) {
		if arm.Specimen == "" {
			return "", nil
		}
		return dir, os.MkdirAll(dir, 0o700)
	}
	if err := x.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"normal/1/1 specimen", "normal/1/2 specimen", "private/1/1 specimen", "private/1/2 specimen",
		"control/normal/1/1 .", "control/normal/1/2 .",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// Seeds are unique, have 64 random bits or more, and are committed to.
func TestSeeds(t *testing.T) {
	_, seeds := lab.Prepare(lab.BrowserPlan(time.Second), subject, 3)
	values := map[string]bool{}
	for _, s := range seeds {
		if values[s.Value] || values[s.Name] {
			t.Errorf("%s: not unique", s.Name)
		}
		values[s.Value], values[s.Name] = true, true
		if s.Commitment != s.Commit() {
			t.Errorf("%s: commitment does not open", s.Name)
		}
		if len(s.Value) < 16 || !s.Kind.Known() || len(s.Home) == 0 {
			t.Errorf("%s: value of %d characters, kind %q, home %q", s.Name, len(s.Value), s.Kind, s.Home)
		}
	}
	for _, s := range lab.Sealed(seeds) {
		if s.Value != "" || s.Salt != "" || s.Commitment == "" {
			t.Errorf("%s is not sealed", s.Name)
		}
	}
}

// Every page that the browser plan opens carries a seed in the path and one in
// the query, or the searched words.
func TestPlanSeedsEveryAddress(t *testing.T) {
	script, seeds := lab.Prepare(lab.BrowserPlan(time.Second), subject, 2)
	if want := len(subject) * 2 * 2; len(script) != want {
		t.Errorf("%d places, want %d", len(script), want)
	}
	for place, actions := range script {
		for _, a := range actions {
			n := 0
			for _, s := range seeds {
				if strings.Contains(a.URL, s.Value) {
					n++
				}
			}
			want := 2
			switch a.Verb {
			case lab.Idle, lab.Type:
				want = 0
			case lab.Search:
				want = 1
			}
			if n != want {
				t.Errorf("%v: %s %s has %d seeds in its address, want %d", place, a.Verb, a.URL, n, want)
			}
		}
	}
}

// A camera is software whose window can be seen, and a place for the pictures.
type camera struct {
	*diary
	png []byte
	err error
}

func (c camera) Start(context.Context, lab.Start) (lab.Software, error) {
	return window{page{c.diary}, c}, nil
}

type window struct {
	page
	camera
}

func (w window) Do(ctx context.Context, a lab.Action) error { return w.page.Do(ctx, a) }
func (w window) Close(ctx context.Context) error            { return w.page.Close(ctx) }
func (w window) Picture(context.Context) ([]byte, error)    { return w.png, w.err }

type film struct{ d *diary }

func (f film) Write(p []byte) (int, error) {
	f.d.write("picture %s", p)
	return len(p), nil
}

func (f film) Close(cause error) (audit.Body, error) {
	if cause != nil {
		return audit.Body{Error: cause.Error()}, nil
	}
	return audit.Body{SHA256: "x", Size: 3}, nil
}

// At the end of each start there is a picture, with the time at which it was
// taken; one that cannot be taken is written down and stops nothing.
func TestPictures(t *testing.T) {
	for _, c := range []struct {
		png  []byte
		err  error
		want audit.Body
	}{{[]byte("png"), nil, audit.Body{SHA256: "x", Size: 3}}, {nil, errors.New("no window"), audit.Body{Error: "no window"}}} {
		d := &diary{}
		x := experiment(t, d, subject[:1], 1)
		x.Driver = camera{d, c.png, c.err}
		x.Body = func() (audit.BodyWriter, error) { return film{d}, nil }
		if err := x.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got []audit.Event
		for i, e := range d.events {
			if e.Picture == nil {
				continue
			}
			if next := d.events[i+1]; e.Time.IsZero() || next.Step == nil || next.Step.Action != audit.Closing {
				t.Errorf("the picture at %v is followed by %+v", e.Time, next)
			}
			e.Time = time.Time{}
			got = append(got, e)
		}
		var want []audit.Event
		for session := range 2 {
			want = append(want, audit.Event{Place: audit.Place{Arm: "normal", Run: 1, Session: session + 1}, Picture: &audit.Picture{Type: "image/png", Body: c.want}})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
}
