package lab

import (
	"math/rand/v2"
	"slices"
	"time"

	"telltale/audit"
	"telltale/audit/lab/stage"
)

// The visits of the length probe in one arm and run: every length of address,
// in bytes, several times. The shortest address still has some random bytes,
// the longest is one that every browser and server takes.
var probeLengths = []int{50, 500, 1500, 3000}

const probeRepeats = 2

// Probed adds the length probe to a plan, as a start of the software of its
// own: visits of one page by random addresses whose lengths are known and come
// in random order. After each visit the software is left alone for settle, so
// that what it sends about the visit is sent before the next.
//
// The lengths are balanced within each run, so that a run in which more is sent
// than in another does not tilt the line through all of them.
func Probed(plan Plan, settle time.Duration, random *rand.Rand) Plan {
	return func(p *Planter) [][]Action {
		return append(plan(p), probe(settle, random))
	}
}

func probe(settle time.Duration, random *rand.Rand) []Action {
	lengths := slices.Repeat(probeLengths, probeRepeats)
	random.Shuffle(len(lengths), func(i, j int) { lengths[i], lengths[j] = lengths[j], lengths[i] })
	actions := []Action{idle(settle)}
	for _, n := range lengths {
		actions = append(actions, Action{
			Verb: Probe, URL: probeAddress(n, random), For: settle, Target: "a page by an address of known length",
		})
	}
	return actions
}

// unreserved are 64 of the characters that RFC 3986, section 2.3, lets stand
// in an address as they are: who escapes an address does not change its length.
const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// probeAddress makes an address of n bytes. Its characters have six random
// bits each, the most that fit, so that a compressor takes off a quarter and
// no more.
func probeAddress(n int, random *rand.Rand) string {
	path := make([]byte, n-len(stage.Leaf("")))
	for i := range path {
		path[i] = unreserved[random.IntN(len(unreserved))]
	}
	return stage.Leaf(string(path))
}

// Probes returns the lengths of the addresses that the script will visit, for
// the case: places in the order of arms, runs and starts.
func (s Script) Probes(arms []audit.Arm, runs int) []audit.Probe {
	var probes []audit.Probe
	for _, arm := range arms {
		for run := 1; run <= runs; run++ {
			for session := range s.Sessions(arm.Name, run) {
				p := audit.Probe{Place: audit.Place{Arm: arm.Name, Run: run, Session: session + 1}}
				for _, a := range s[p.Place] {
					if a.Verb == Probe {
						p.Lengths = append(p.Lengths, len(a.URL))
					}
				}
				if len(p.Lengths) > 0 {
					probes = append(probes, p)
				}
			}
		}
	}
	return probes
}
