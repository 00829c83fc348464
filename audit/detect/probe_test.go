package detect

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"telltale/audit"
)

var probeStart = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

const probePace = 2 * time.Second

// probeVisits makes the visits of an arm: every length twice in each run, in
// random order.
func probeVisits(random *rand.Rand, arm string, runs int) []audit.Visit {
	var visits []audit.Visit
	for run := 1; run <= runs; run++ {
		lengths := []int{50, 50, 500, 500, 1500, 1500, 3000, 3000}
		random.Shuffle(len(lengths), func(i, j int) { lengths[i], lengths[j] = lengths[j], lengths[i] })
		for i, n := range lengths {
			from := probeStart.Add(time.Duration(i) * probePace)
			visits = append(visits, audit.Visit{
				Place: audit.Place{Arm: arm, Run: run, Session: 3}, From: from, Until: from.Add(probePace), Length: n,
			})
		}
	}
	return visits
}

// sent makes a scene for each visit, of a body that nobody could read and
// whose size is a function of the visit's length.
func sent(visits []audit.Visit, address string, size func(length int) int) []*scene {
	host, _, _ := strings.Cut(strings.TrimPrefix(address, "https://"), "/")
	var scenes []*scene
	for i, v := range visits {
		scenes = append(scenes, &scene{
			exhibit: audit.Exhibit{
				ID: fmt.Sprintf("e%s%s%d", address, v.Arm, i), Place: v.Place, Time: v.From.Add(time.Second), URL: address, Host: host,
				Part: "request.body", Size: int64(size(v.Length)),
			},
			sealed: []audit.Value{{Opaque: true}},
		})
	}
	return scenes
}

// onlyFinding returns the one finding, or fails.
func onlyFinding(t *testing.T, found map[string][]audit.Finding) audit.Finding {
	t.Helper()
	var all []audit.Finding
	for _, fs := range found {
		all = append(all, fs...)
	}
	if len(all) != 1 {
		t.Fatalf("%d findings, want one: %v", len(all), all)
	}
	return all[0]
}

const sink = "https://in.vendor.example/v1/batch"

// Every way in which an address can stand in what nobody reads is told, and
// named; what has no length of the address in it is not.
func TestLengthFindings(t *testing.T) {
	base64 := func(n int) int { return (n + 2) / 3 * 4 }
	for _, tt := range []struct {
		name string
		size func(length int) int
		want string // in Says; "": nothing is found
		sure audit.Confidence
	}{
		{"as it is", func(n int) int { return 102 + n }, "inside, as it is", audit.Likely},
		{"blocks of a cipher", func(n int) int { return (102 + n + 16) / 16 * 16 }, "inside, as it is", audit.Likely},
		{"base64", func(n int) int { return base64(102 + n) }, "inside, in base64", audit.Likely},
		{"base32", func(n int) int { return (102 + n + 4) / 5 * 8 }, "inside, in base32", audit.Likely},
		{"hexadecimal", func(n int) int { return 2 * (102 + n) }, "in hexadecimal digits", audit.Likely},
		{"compressed", func(n int) int { return 120 + n*757/1000 }, "inside, compressed", audit.Likely},
		{"at half the rate", func(n int) int { return 102 + n/2 }, "no known encoding", audit.Hint},
		{"its length in digits", func(n int) int { return 4096 + len(fmt.Sprint(n)) }, "", ""},
		{"padded to one size", func(int) int { return 4096 }, "", ""},
		{"shorter for longer addresses", func(n int) int { return 4096 - n }, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			visits := probeVisits(rand.New(rand.NewPCG(1, 2)), "private", 3)
			found := lengthFindings(sent(visits, sink, tt.size), visits)
			if tt.want == "" {
				if len(found) > 0 {
					t.Errorf("found %v", found)
				}
				return
			}
			f := onlyFinding(t, found)
			if f.Form != audit.ByLength || f.Kind != "behaviour/navigation/url" || f.Confidence != tt.sure || !strings.Contains(f.Says, tt.want) {
				t.Errorf("%s %s %s: %s", f.Kind, f.Form, f.Confidence, f.Says)
			}
			if f.Slope.Runs != 3 || len(f.Slope.Visits) != 24 || f.Slope.P >= maxChance || f.Slope.Low <= 0 {
				t.Errorf("%+v", f.Slope)
			}
			if !strings.Contains(f.Says, "24 visits, runs: 3") || !strings.Contains(f.Says, "statistical") {
				t.Errorf("says %q", f.Says)
			}
		})
	}
}

// An address inside is found beside other traffic as large as its own; what
// other arms and other hosts sent has no part in it.
func TestLengthFindingsAmongOthers(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	noise := func(int) int { return 200 + random.IntN(3000) }
	normal, private := probeVisits(random, "normal", 3), probeVisits(random, "private", 3)
	visits := slices.Concat(normal, private)
	scenes := slices.Concat(
		sent(normal, sink, noise), sent(normal, "https://update.other.example/x", noise),
		sent(private, "https://in.vendor.example/ping", noise), sent(private, sink, func(n int) int { return 90 + n }),
	)
	f := onlyFinding(t, lengthFindings(scenes, visits))
	if !strings.HasPrefix(f.Says, "statistical") || f.Slope.Estimate != 1 {
		t.Errorf("%+v: %s", f.Slope, f.Says)
	}
	for id := range lengthFindings(scenes, visits) {
		if !strings.Contains(id, sink+"private") {
			t.Errorf("the finding stands at %s", id)
		}
	}
}

// A message that is too short to be known as encrypted counts where others
// could not be read; what is read, what a visited site got and what was sent
// outside all visits does not.
func TestWhatCounts(t *testing.T) {
	visits := probeVisits(rand.New(rand.NewPCG(5, 6)), "normal", 2)
	grows := func(n int) int { return n }
	short := sent(visits, sink, grows)
	for i := range short {
		if short[i].exhibit.Size < 100 {
			short[i].sealed = nil
		}
	}
	if f := onlyFinding(t, lengthFindings(short, visits)); f.Slope.Estimate != 1 || f.Slope.Base != 0 {
		t.Errorf("short messages: %+v", f.Slope)
	}
	for name, change := range map[string]func(s *scene){
		"read":        func(s *scene) { s.sealed = nil },
		"stage":       func(s *scene) { s.exhibit.Stage = true },
		"too early":   func(s *scene) { s.exhibit.Time = probeStart.Add(-time.Second) },
		"other start": func(s *scene) { s.exhibit.Session = 1 },
		"no exhibit":  func(s *scene) { s.exhibit.ID = "" },
	} {
		scenes := sent(visits, sink, grows)
		for i := range scenes {
			change(scenes[i])
		}
		if found := lengthFindings(scenes, visits); len(found) > 0 {
			t.Errorf("%s: found %v", name, found)
		}
	}
	tunnels := sent(visits, "tcp://in.vendor.example:5222", grows)
	for i := range tunnels {
		tunnels[i].exhibit.Part, tunnels[i].sealed = "tunnel.out", nil
	}
	if f := onlyFinding(t, lengthFindings(tunnels, visits)); f.Trail[0] != "tunnel.out" {
		t.Errorf("tunnels: %v", f.Trail)
	}
}

// A path that is new with every message does not hide what the host gets.
func TestLengthOfWholeHost(t *testing.T) {
	visits := probeVisits(rand.New(rand.NewPCG(8, 9)), "normal", 2)
	scenes := sent(visits, sink, func(n int) int { return n })
	for i := range scenes {
		scenes[i].exhibit.URL = "https://in.vendor.example/" + strings.Repeat(string(rune('a'+i)), 5)
	}
	if f := onlyFinding(t, lengthFindings(scenes, visits)); f.Slope.Estimate != 1 {
		t.Errorf("%+v", f.Slope)
	}
}

// The order of exhibits and visits changes nothing.
func TestLengthFindingsInAnyOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(10, 11))
	visits := slices.Concat(probeVisits(random, "normal", 3), probeVisits(random, "private", 3))
	scenes := sent(visits, sink, func(n int) int { return n + random.IntN(400) })
	want := lengthFindings(scenes, visits)
	for range 5 {
		random.Shuffle(len(scenes), func(i, j int) { scenes[i], scenes[j] = scenes[j], scenes[i] })
		random.Shuffle(len(visits), func(i, j int) { visits[i], visits[j] = visits[j], visits[i] })
		got := lengthFindings(scenes, visits)
		if diff := cmp.Diff(slopes(want), slopes(got)); diff != "" || len(got) != 2 {
			t.Errorf("%d exhibits, -want +got\n%s", len(got), diff)
		}
	}
}

// slopes lists what was told, without the exhibits: of two visits of the same
// length the first in the log is shown.
func slopes(found map[string][]audit.Finding) []string {
	var all []string
	for _, fs := range found {
		for _, f := range fs {
			all = append(all, f.Says)
		}
	}
	slices.Sort(all)
	return all
}

// Bytes that have nothing to do with the addresses are taken for an address in
// fewer trials than the level allows: at most 1 in 100, and four standard
// deviations for the number of trials. The noise is heavy-tailed in half of the
// trials, and three hosts are tried at once.
func TestLengthFalsePositives(t *testing.T) {
	random := rand.New(rand.NewPCG(12, 13))
	const trials = 2000
	wrong := 0
	for trial := range trials {
		visits := probeVisits(random, "normal", 2)
		noise := func(int) int {
			z := random.NormFloat64()
			if trial%2 == 0 {
				return 2000 + int(300*z)
			}
			return 200 + int(300*math.Exp(z)) // a few large ones
		}
		var scenes []*scene
		for i := range 3 {
			scenes = append(scenes, sent(visits, fmt.Sprintf("https://host%d.example/x", i), noise)...)
		}
		if len(lengthFindings(scenes, visits)) > 0 {
			wrong++
		}
	}
	t.Logf("%d of %d trials", wrong, trials)
	if limit := trials*maxChance + 4*math.Sqrt(trials*maxChance); float64(wrong) > limit {
		t.Errorf("%d of %d trials found an address that is not there, more than %.0f", wrong, trials, limit)
	}
}

// An address inside is found and the line's slope is right, whatever else is
// sent within a sixth of the spread of the lengths.
func TestLengthPower(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slope := rapid.SampledFrom([]float64{1, 4.0 / 3}).Draw(t, "slope")
		base := rapid.IntRange(0, 2000).Draw(t, "base")
		spread := rapid.IntRange(1, 500).Draw(t, "spread")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		visits := probeVisits(random, "normal", 3)
		scenes := sent(visits, sink, func(n int) int { return base + int(slope*float64(n)) + random.IntN(spread) })
		found := lengthFindings(scenes, visits)
		if len(found) != 1 {
			t.Fatalf("%d findings", len(found))
		}
		for _, fs := range found {
			if s := fs[0].Slope; fs[0].Confidence != audit.Likely || math.Abs(s.Estimate-slope) > 0.15 {
				t.Fatalf("%+v: %s", s, fs[0].Says)
			}
		}
	})
}
