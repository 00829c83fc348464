package detect_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
)

// id makes a value that is the same for the same parts.
func id(parts ...any) string {
	sum := sha256.Sum256(fmt.Append(nil, parts...))
	return fmt.Sprintf("%x-%x", sum[:4], sum[4:10])
}

// traffic writes what a program with eight kinds of values sends in an
// experiment of two arms, runs and two starts each, three requests a start.
func traffic(runs int) []audit.Exhibit {
	var exhibits []audit.Exhibit
	for run := range runs {
		for _, arm := range arms {
			for session := range 2 {
				for request := range 3 {
					place := audit.Place{Arm: arm.Name, Run: run + 1, Session: session + 1}
					fields := map[string]string{
						"constant": id("constant"),                                // of the build, or of the device: one device cannot tell
						"install":  id("install", run),                            // kept in the profile
						"private":  id("mode", run, arm.Name),                     // kept in the profile, one for each mode
						"session":  id("session", run, arm.Name, session),         // made at each start
						"nonce":    id("nonce", run, arm.Name, session, request),  // made for each request
						"clock":    fmt.Sprint(1795228589000 + len(exhibits)*337), // the time
						"zeros":    "00000000-0000-0000-0000-000000000000",        // a deleted id
						"word":     "hello-world-again",                           // no digit
					}
					var pairs []string
					for name, value := range fields {
						pairs = append(pairs, fmt.Sprintf("%q:%q", name, value))
					}
					exhibits = append(exhibits, body(len(exhibits)+1, place, "sink.example", "{"+strings.Join(pairs, ",")+"}"))
				}
			}
		}
	}
	return exhibits
}

// Each lifetime gets its class, in every run.
func TestIdentifierLifetimes(t *testing.T) {
	const runs = 3
	r := found(t, nil, traffic(runs)...)
	got := map[string]map[string]bool{}
	for _, f := range r.Findings {
		key := fmt.Sprint(f.Trail[len(f.Trail)-1], " ", f.Kind)
		if got[key] == nil {
			got[key] = map[string]bool{}
		}
		got[key][f.Label] = true
	}
	count := map[string]int{}
	for key, labels := range got {
		count[key] = len(labels)
	}
	want := map[string]int{
		"json:/install id/install": runs,
		"json:/private id/install": runs * 2,
		"json:/session id/session": runs * 2 * 2,
	}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Errorf("labels of each key and kind: -want +got\n%s", diff)
	}
}

// Only what stands in both modes is said to join them.
func TestIdentifierJoinsModes(t *testing.T) {
	for _, f := range found(t, nil, traffic(3)...).Findings {
		joins := strings.Contains(f.Says, "it joins normal and private mode")
		if want := f.Trail[len(f.Trail)-1] == "json:/install"; joins != want {
			t.Errorf("%s %s: %s", f.Trail, f.Kind, f.Says)
		}
	}
}

// One run has one profile: what is the same in it may be the same everywhere.
func TestIdentifierNeedsTwoRuns(t *testing.T) {
	for _, f := range found(t, nil, traffic(1)...).Findings {
		if f.Kind == "id/install" {
			t.Errorf("%s is an id of the installation after one run", f.Trail)
		}
	}
}

// The same value at another host is the same identifier.
func TestIdentifierAcrossHosts(t *testing.T) {
	exhibits := traffic(2)
	n := len(exhibits)
	exhibits = append(exhibits, body(n+1, audit.Place{Arm: "private", Run: 2, Session: 2}, "other.example", "uid="+id("install", 1)))
	labels := map[string]bool{}
	at := false
	for _, f := range found(t, nil, exhibits...).Findings {
		if string(f.Value.Reveal()) == id("install", 1) {
			labels[f.Label] = true
			at = at || f.Exhibit == fmt.Sprintf("e%d", n+1)
		}
	}
	if len(labels) != 1 || !at {
		t.Errorf("labels %v, found at the other host: %v", labels, at)
	}
}

// What is a seed in other digits is no identifier, however often it is sent.
func TestEncodedSeedIsNoIdentifier(t *testing.T) {
	var exhibits []audit.Exhibit
	var seeds []audit.Seed
	for run := 1; run <= 2; run++ {
		value := fmt.Sprintf("%s%d", token, run)
		seeds = append(seeds, audit.Seed{Name: fmt.Sprint("page", run), Kind: "behaviour/navigation/url", Value: value, Arm: "private", Run: run})
		for session := 1; session <= 2; session++ {
			place := audit.Place{Arm: "private", Run: run, Session: session}
			exhibits = append(exhibits, body(len(exhibits)+1, place, "sink.example", fmt.Sprintf(`{"u":"%x"}`, value)))
		}
	}
	for _, f := range found(t, seeds, exhibits...).Findings {
		if f.Seed == "" {
			t.Errorf("%s of kind %s", f.Trail, f.Kind)
		}
	}
}

// Two endpoints of a host that name a field alike do not hide each other's ids.
func TestIdentifierByEndpoint(t *testing.T) {
	exhibits := traffic(2)
	n := len(exhibits)
	for i, ex := range exhibits {
		other := body(n+i+1, ex.Place, ex.Host, fmt.Sprintf(`{"install":"%s"}`, id("other", i)))
		other.URL = "https://sink.example/v2/other"
		exhibits = append(exhibits, other)
	}
	for _, f := range found(t, nil, exhibits...).Findings {
		if f.Kind == "id/install" && f.Trail[len(f.Trail)-1] == "json:/install" {
			return
		}
	}
	t.Error("the id of the installation was not found")
}
