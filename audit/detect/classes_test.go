package detect_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"telltale/audit"
	"telltale/audit/detect"
	"telltale/claims"
)

// An app is a program that we know all ids of: two devices, on each of them
// two accounts in both modes, some runs with a fresh profile each, two starts a
// run, three requests a start.
type app struct {
	arms     []audit.Arm
	exhibits []audit.Exhibit
	answers  []audit.Exhibit
	hour     time.Time
}

func runApp(devices, accounts, runs int) *app {
	a := &app{hour: time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)}
	for d := range devices {
		for n := range accounts {
			for _, mode := range []claims.Mode{claims.Normal, claims.Private} {
				device, account := fmt.Sprint("phone ", d), fmt.Sprint("user ", n)
				a.arms = append(a.arms, audit.Arm{Name: fmt.Sprint(device, " ", account, " ", mode), Mode: mode, Device: device, Account: account})
			}
		}
	}
	for run := range runs {
		for _, arm := range a.arms {
			for session := range 2 {
				a.start(arm, run, session)
			}
		}
	}
	return a
}

// start sends the requests of one start of the program.
func (a *app) start(arm audit.Arm, run, session int) {
	place := audit.Place{Arm: arm.Name, Run: run + 1, Session: session + 1}
	given := id("given", arm.Device, run)
	for request := range 3 {
		a.hour = a.hour.Add(time.Second)
		n := len(a.exhibits)
		fields := map[string]string{
			"constant": id("constant"),                        // of the build
			"random":   id("random", n),                       // made for each request
			"clock":    fmt.Sprint(a.hour.UnixMilli()),        // the time
			"session":  id("session", arm.Name, run, session), // made at each start
			"install":  id("install", arm.Device, run),        // kept in the profile
			"mode":     id("mode", arm.Device, run, arm.Mode), // kept in the profile, one for each mode
			"device":   id("device", arm.Device),              // taken from the device
			"account":  id("account", arm.Account),            // of who is signed in
			"given":    given,                                 // by the server, kept in the profile
		}
		if request == 0 {
			delete(fields, "given") // not known yet at the first start
		}
		var pairs []string
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			pairs = append(pairs, fmt.Sprintf("%q:%q", name, fields[name]))
		}
		ex := body(n+1, place, "sink.example", "{"+strings.Join(pairs, ",")+"}")
		ex.Time, ex.Event = a.hour, n+1
		a.exhibits = append(a.exhibits, ex)
		if request == 0 {
			answer := ex
			answer.ID, answer.Part = fmt.Sprintf("a%d", n+1), "answer.cookie"
			answer.Data = audit.NewSecret([]byte(given))
			a.answers = append(a.answers, answer)
		}
	}
}

// classes lists what each field of the app was told to be, and by which form.
func (a *app) classes(t *testing.T, workers int) map[string]string {
	t.Helper()
	x := detect.Experiment{Arms: a.arms, Answers: caught(a.answers)}
	r, err := detect.Detect(caught(a.exhibits), x, peel, workers)
	if err != nil {
		t.Fatal(err)
	}
	told := make(map[string]map[string]bool)
	for _, f := range r.Findings {
		name := strings.TrimPrefix(f.Trail[len(f.Trail)-1], "json:/")
		if told[name] == nil {
			told[name] = make(map[string]bool)
		}
		told[name][fmt.Sprint(f.Kind, " ", f.Form)] = true
	}
	classes := make(map[string]string)
	for name, forms := range told {
		classes[name] = strings.Join(slices.Sorted(maps.Keys(forms)), ", ")
	}
	return classes
}

// Nine lifetimes, three runs, two devices: each gets its class, and what is no
// identifier gets none.
func TestLifetimes(t *testing.T) {
	want := map[string]string{
		"session": "id/session persistent",
		"install": "id/install persistent",
		"mode":    "id/install persistent",
		"device":  "id/device persistent",
		"account": "id/account persistent",
		"given":   "id/install assigned",
	}
	for _, workers := range []int{1, 4} {
		if diff := cmp.Diff(want, runApp(2, 2, 3).classes(t, workers)); diff != "" {
			t.Errorf("%d workers: -want +got\n%s", workers, diff)
		}
	}
}

// One device cannot tell its id from a constant, one account neither.
func TestOneDevice(t *testing.T) {
	got := runApp(1, 1, 3).classes(t, 2)
	for _, name := range []string{"device", "account", "constant", "random", "clock"} {
		if got[name] != "" {
			t.Errorf("%s is %s", name, got[name])
		}
	}
	if got["install"] != "id/install persistent" {
		t.Errorf("install is %q", got["install"])
	}
}

// Where each device has an account of its own, nobody knows which of the two
// an id follows.
func TestConfounded(t *testing.T) {
	a := runApp(2, 2, 3)
	ours := func(arm string) bool {
		return strings.HasPrefix(arm, "phone 0 user 0") || strings.HasPrefix(arm, "phone 1 user 1")
	}
	a.exhibits = slices.DeleteFunc(a.exhibits, func(ex audit.Exhibit) bool { return !ours(ex.Arm) })
	got := a.classes(t, 2)
	if got["device"] != "" || got["account"] != "" {
		t.Errorf("device is %q, account is %q", got["device"], got["account"])
	}
}

// A field that has an id before somebody signs in and the account's name
// afterwards has both.
func TestSignIn(t *testing.T) {
	a := runApp(1, 2, 3)
	for run := range 3 {
		a.arms = append(a.arms, audit.Arm{Name: "nobody", Mode: claims.Normal, Device: "phone 0"})
		for session := range 2 {
			n := len(a.exhibits)
			place := audit.Place{Arm: "nobody", Run: run + 1, Session: session + 1}
			ex := body(n+1, place, "sink.example", fmt.Sprintf(`{"account":%q}`, id("before", run)))
			a.exhibits = append(a.exhibits, ex)
		}
	}
	if got := a.classes(t, 2)["account"]; got != "id/account persistent, id/install persistent" {
		t.Errorf("account is %q", got)
	}
}

// A value that a request had first is not the server's, even if the answer to
// that very request repeats it.
func TestEcho(t *testing.T) {
	a := runApp(1, 1, 2)
	a.answers = nil
	for _, ex := range a.exhibits {
		ex.ID, ex.Part = "a"+ex.ID[1:], "answer.body"
		a.answers = append(a.answers, ex)
	}
	if got := a.classes(t, 2)["install"]; got != "id/install persistent" {
		t.Errorf("install is %q", got)
	}
}

// The order in which an experiment's starts were captured does not change what
// is told of them.
func TestClassesInAnyOrder(t *testing.T) {
	want := runApp(2, 2, 2).classes(t, 1)
	rapid.Check(t, func(rt *rapid.T) {
		a := runApp(2, 2, 2)
		a.exhibits = rapid.Permutation(a.exhibits).Draw(rt, "order")
		if diff := cmp.Diff(want, a.classes(t, 2)); diff != "" {
			rt.Fatalf("-want +got\n%s", diff)
		}
	})
}
