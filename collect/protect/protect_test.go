package protect_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"telltale/collect"
	"telltale/collect/gatetest"
	"telltale/collect/noise"
	"telltale/collect/protect"
	"telltale/personal"
)

func kind(s string) personal.Kind { return personal.Kind(s) }

// Texts and numbers that look like personal data are taken out of a record.
func TestPersonal(t *testing.T) {
	for _, tt := range []struct {
		value string
		kept  bool
	}{
		{"hello", true},
		{"a blue one, size 42", true},
		{"你好 and more", true},
		{"2026-11-20", true},
		{"", true},
		{"mail me: someone@shop.example", false},
		{"see https://shop.example/x", false},
		{"www.shop.example", false},
		{"call 138 1234 5678 or +4915112345678", false},
		{"353918058234567", false},
		{"from 192.0.2.7", false},
		{"at 192.0.2.7:443", false},
		{"2001:db8::7", false},
		{"call me: +49 151 12345678", false},
		{"call (0151) 123-456-78", false},
		{"seats 12, 13 and 14 at 9 o'clock", true},
		{"card 4111111111111111", false},
		{"123456789", false},
		{"6ba7b810-9dad-11d1-80b4-00c04fd430c8", false},
		{"d41d8cd98f00b204e9800998ecf8427e", false},
		{"1a1fbdd4d33553-09014821266ae5-3a563c7c-56778799-1a1fbdd4d3c793", false},
		{strings.Repeat("a ", 200), false},
		{"\xff", false},
		{"1401bca38deb6bc9d1", false},
		{"sent by Someone Else", false}, // the user's own id
		{"covid-19 vaccines", true},
	} {
		g := gatetest.Open(t, t.TempDir(), gatetest.Basic)
		got := try(t, g, gatetest.Event("Buy", "someone else", 1, gatetest.Start, gatetest.Text("note", tt.value)))
		if kept := got.props != "{}"; kept != tt.kept {
			t.Errorf("%q: kept %t, want %t (%v)", tt.value, kept, tt.kept, got.reasons)
		}
	}
	for number, kept := range map[string]bool{"12": true, "-3.5": true, "1e3": true, "13812345678": false, "353918058234567": false, "0.30000000000000004": false} {
		g := gatetest.Open(t, t.TempDir(), gatetest.Basic)
		if got := try(t, g, gatetest.Event("Buy", "u", 1, gatetest.Start, gatetest.Number("price", number))); (got.props != "{}") != kept {
			t.Errorf("%s: got %q", number, got.props)
		}
	}
}

// A value is kept from the k-th user on that has it, and no user counts twice.
func TestShared(t *testing.T) {
	g := gatetest.Open(t, t.TempDir(), gatetest.Basic)
	for i := range 3 * protect.DefaultK {
		user := fmt.Sprint("user-", i/2)
		got := try(t, g, gatetest.Event("Buy", user, int64(i), gatetest.Start, gatetest.Text("model", "Phone 7")))
		if kept := got.props != "{}"; kept != (i/2 >= protect.DefaultK-1) {
			t.Errorf("user %d: %q", i/2, got.props)
		}
	}
	// The next period begins anew.
	if got := try(t, g, gatetest.Event("Buy", "x", 99, gatetest.Start.AddDate(0, 0, 2), gatetest.Text("model", "Phone 7"))); got.props != "{}" {
		t.Errorf("next period: %q", got.props)
	}
}

// A pseudonym is the same within a period and another in the next, in another
// project and for another user.
func TestRotation(t *testing.T) {
	g := gatetest.Open(t, t.TempDir(), gatetest.Basic)
	of := func(project, user string, at time.Time) protect.Subject {
		e := gatetest.Event("Buy", user, 1, at)
		e.Project = project
		return g.Pass(t, e)[0].Subject()
	}
	day := gatetest.Start.Truncate(24 * time.Hour)
	base := of("p", "u", day)
	if again := of("p", "u", day.Add(24*time.Hour-time.Second)); again != base {
		t.Error("another pseudonym in the same period")
	}
	others := []protect.Subject{base, of("p", "u", day.Add(24*time.Hour)), of("p", "u", day.AddDate(0, 1, 0)), of("q", "u", day), of("p", "v", day)}
	slices.Sort(others)
	if n := len(slices.Compact(others)); n != 5 {
		t.Errorf("%d different ones of 5", n)
	}
}

// A user's pseudonyms are found by the id, also after a restart, until the keys
// are destroyed; then there are none, and the user's next one is new. Nothing of
// the id is on disk.
func TestSubjects(t *testing.T) {
	dir := t.TempDir()
	const id = "canary-user-7f3a9c"
	g := gatetest.Open(t, dir, gatetest.Basic)
	first := g.Pass(t, gatetest.Event("Buy", id, 1, gatetest.Start))[0]
	second := g.Pass(t, gatetest.Event("Buy", id, 2, gatetest.Start.AddDate(0, 0, 3)))[0]
	other := g.Pass(t, gatetest.Event("Buy", "someone else", 3, gatetest.Start))[0]
	if err := g.Subjects.Sync(); err != nil {
		t.Fatal(err)
	}
	s, err := protect.OpenSubjects(dir, noise.NewStream(2))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	until := gatetest.Start.AddDate(0, 0, 5)
	found := s.Find("default", id, until, protect.DefaultRotation)
	if !slices.Contains(found, first.Subject()) || !slices.Contains(found, second.Subject()) || slices.Contains(found, other.Subject()) {
		t.Errorf("found %v, want %v and %v", found, first.Subject(), second.Subject())
	}
	if n, err := s.Forget("default", id); n != 1 || err != nil {
		t.Errorf("destroyed %d keys, %v", n, err)
	}
	again, err := protect.OpenSubjects(dir, noise.NewStream(3))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for name, s := range map[string]*protect.Subjects{"now": s, "after a restart": again} {
		if found := s.Find("default", id, until, protect.DefaultRotation); len(found) != 0 {
			t.Errorf("%s: found %v", name, found)
		}
		if found := s.Find("default", "someone else", until, protect.DefaultRotation); !slices.Contains(found, other.Subject()) {
			t.Errorf("%s: the other user is gone, too", name)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if data, err := os.ReadFile(f); err != nil || bytes.Contains(data, []byte("canary")) {
			t.Errorf("%s holds the id, or %v", f, err)
		}
	}
	if err := again.Expire(gatetest.Start.AddDate(0, 2, 0)); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "month-*")); len(left) != 0 || err != nil {
		t.Errorf("expired, and there are %v, %v", left, err)
	}
}

// Copies have one stamp, also when they come in the next window, and others have
// others.
func TestStamps(t *testing.T) {
	dir := t.TempDir()
	g := gatetest.Open(t, dir, gatetest.Basic)
	stamp := func(change func(*collect.Event)) uint64 {
		e := gatetest.Event("Buy", "u", -5, gatetest.Start)
		change(&e)
		return g.Pass(t, e)[0].Stamp()
	}
	base := stamp(func(*collect.Event) {})
	all := []uint64{
		base,
		stamp(func(e *collect.Event) { e.TrackID = 5 }),
		stamp(func(e *collect.Event) { e.Sent++ }),
		stamp(func(e *collect.Event) { e.Subject = "v" }),
		stamp(func(e *collect.Event) { e.Name = "Look" }),
		stamp(func(e *collect.Event) { e.Project = "q" }),
	}
	slices.Sort(all)
	if n := len(slices.Compact(all)); n != 6 {
		t.Errorf("%d different ones of 6", n)
	}
	if err := g.Protect.Stamps.Turn(gatetest.Start.AddDate(0, 0, 7)); err != nil {
		t.Fatal(err)
	}
	if again := stamp(func(e *collect.Event) { e.Received = e.Received.AddDate(0, 0, 7) }); again != base {
		t.Error("a copy in the next window has another stamp")
	}
	if err := g.Protect.Stamps.Turn(gatetest.Start.AddDate(0, 0, 14)); err != nil {
		t.Fatal(err)
	}
	if keys, err := filepath.Glob(filepath.Join(dir, "stamps-*.key")); len(keys) != 2 || err != nil {
		t.Errorf("keys: %v, %v", keys, err)
	}
	if again := stamp(func(*collect.Event) {}); again == base {
		t.Error("the key of a window before the last is still there")
	}
}

// The browser's family and major version are all that is kept of a User-Agent.
func TestAgent(t *testing.T) {
	for header, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.6778.85 Safari/537.36":                                  "Chrome 131",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.51":          "Edge 131",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:133.0) Gecko/20100101 Firefox/133.0":                                                       "Firefox 133",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1":    "Safari 18",
		"Mozilla/5.0 (Linux; U; Android 10; Redmi Note 8) AppleWebKit/537.36 Version/4.0 Chrome/71.0 Mobile Safari/537.36 XiaoMi/MiuiBrowser/12.1.4": "Mi Browser 12",
		"Go-http-client/1.1":     " 0",
		"Chrome/99999999.canary": "Chrome 0",
		"":                       " 0",
	} {
		g := gatetest.Open(t, t.TempDir(), gatetest.Basic)
		e := gatetest.Event("Buy", "u", 1, gatetest.Start)
		e.Client.UserAgent = header
		family, version := g.Pass(t, e)[0].Browser()
		if got := fmt.Sprint(family, " ", version); got != want {
			t.Errorf("%s: got %q want %q", header, got, want)
		}
	}
}

// What is sealed is opened again, and nothing that was changed is.
func TestSeal(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := gatetest.Open(t, t.TempDir(), gatetest.Basic)
		var in []collect.Event
		for range rapid.IntRange(1, 5).Draw(rt, "n") {
			e := gatetest.Event(rapid.String().Draw(rt, "name")+"x", rapid.String().Draw(rt, "who")+"x", rapid.Int64().Draw(rt, "track"),
				time.Unix(rapid.Int64Range(0, 4e9).Draw(rt, "time"), 0), gatetest.Text("note", "ab"))
			in = append(in, e)
		}
		want := g.Pass(t, in...)
		j := protect.NewJournal(make([]byte, 32))
		seal, err := j.Segment(3)
		if err != nil {
			rt.Fatal(err)
		}
		piece := seal.Seal(want).Bytes()
		open, err := j.Segment(3)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := open.Open(piece)
		if err != nil || !slices.Equal(got, want) {
			rt.Fatalf("got %v, %v", got, err)
		}
		piece[rapid.IntRange(0, len(piece)-1).Draw(rt, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		fresh, err := j.Segment(3)
		if err != nil {
			rt.Fatal(err)
		}
		if got, err := fresh.Open(piece); err == nil {
			rt.Fatalf("a changed piece was opened: %v", got)
		}
	})
}
