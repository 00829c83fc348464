package detect

import (
	"slices"

	"telltale/audit"
	"telltale/claims"
	"telltale/personal"
)

// A class is a kind of identifier with the evidence for it. A run is one fresh
// profile, which its arms share: what dies when the data is cleared dies with
// the run. A session is one start of the program.
type class struct {
	kind     personal.Kind
	evidence string
	fits     func(seen []sighting) bool
}

// classes is the table of classes, the one that ties most together first. What
// stands at one place of the traffic belongs to the first class that fits; what
// fits none is a constant, a time, a nonce or content.
var classes = []class{
	{"id/account", "one value for each account and arm, another for another account on the same device and in the same mode, the same in two runs or more", isAccount},
	{"id/device", "one value for each device and arm, another on another device with the same account and in the same mode, the same in two runs or more, which have a fresh profile each", isDevice},
	{"id/install", "one value in each run and arm, over two starts or more, another in every run", isInstall},
	{"id/session", "one value in each start, in two requests or more, another in every start", isSession},
}

// stronger returns the kind of the earlier class. Either may be empty.
func stronger(a, b personal.Kind) personal.Kind {
	for _, c := range classes {
		if c.kind == a || c.kind == b {
			return c.kind
		}
	}
	return ""
}

// told are sightings of which the class is known.
type told struct {
	kind personal.Kind
	seen []sighting
}

// tell returns the classes at a key. A field may hold the account's name when
// somebody is signed in, and another id before: both are told.
func (k *key) tell() []told {
	var list []told
	rest := k.seen
	signedIn := func(s sighting) bool { return s.arm.Account != "" }
	if in := keep(k.seen, signedIn); isAccount(in) {
		list = append(list, told{"id/account", in})
		rest = slices.DeleteFunc(slices.Clone(k.seen), signedIn)
	}
	for _, c := range classes {
		if c.fits(rest) {
			return append(list, told{c.kind, rest})
		}
	}
	return list
}

func keep(seen []sighting, f func(sighting) bool) []sighting {
	var kept []sighting
	for _, s := range seen {
		if f(s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// A profile is one fresh set of the program's data.
type profile struct {
	device string
	run    int
}

// A condition is what two arms share that may be compared.
type condition struct {
	mode    claims.Mode
	consent claims.Consent
	other   string // account where devices are compared, device where accounts are
}

// The groups in which sightings are compared.
func byProfile(s sighting) profile   { return profile{s.arm.Device, s.exhibit.Run} }
func byArm(s sighting) string        { return s.exhibit.Arm }
func byDevice(s sighting) string     { return s.arm.Device }
func byAccount(s sighting) string    { return s.arm.Account }
func byStart(s sighting) audit.Place { return s.exhibit.Place }
func byToken(s sighting) string      { return s.token }
func byExhibit(s sighting) string    { return s.exhibit.ID }

func byArmAndRun(s sighting) audit.Place {
	return audit.Place{Arm: s.exhibit.Arm, Run: s.exhibit.Run}
}

func withoutDevice(s sighting) condition {
	return condition{s.arm.Mode, s.arm.Consent, s.arm.Account}
}

func withoutAccount(s sighting) condition {
	return condition{s.arm.Mode, s.arm.Consent, s.arm.Device}
}

// isAccount: arms must differ in the account and in nothing else, or the cause
// is not known.
func isAccount(seen []sighting) bool {
	if slices.ContainsFunc(seen, func(s sighting) bool { return s.arm.Account == "" }) {
		return false
	}
	return group(seen, byArm, byToken).single() && group(seen, byAccount, byToken).disjoint() &&
		group(seen, withoutAccount, byAccount).most() >= 2 && group(seen, byAccount, byProfile).most() >= 2
}

// isDevice: one device alone cannot tell its id from a constant of the program.
func isDevice(seen []sighting) bool {
	return group(seen, byArm, byToken).single() && group(seen, byDevice, byToken).disjoint() &&
		group(seen, withoutDevice, byDevice).most() >= 2 && group(seen, byDevice, byProfile).most() >= 2
}

func isInstall(seen []sighting) bool {
	profiles := group(seen, byProfile, byToken)
	return len(profiles) >= 2 && profiles.disjoint() && group(seen, byArmAndRun, byToken).single() &&
		group(seen, byArmAndRun, byStart).most() >= 2
}

func isSession(seen []sighting) bool {
	starts := group(seen, byStart, byToken)
	return len(starts) >= 2 && starts.single() && starts.disjoint() && group(seen, byStart, byExhibit).most() >= 2
}

// groups are the different members that each group has.
type groups[K, V comparable] map[K]map[V]bool

// group sorts sightings by what of names and takes down what member names.
func group[K, V comparable](seen []sighting, of func(sighting) K, member func(sighting) V) groups[K, V] {
	g := make(groups[K, V])
	for _, s := range seen {
		k := of(s)
		if g[k] == nil {
			g[k] = make(map[V]bool)
		}
		g[k][member(s)] = true
	}
	return g
}

// single reports whether each group has one member only.
func (g groups[K, V]) single() bool { return g.most() <= 1 }

// most returns how many members the largest group has.
func (g groups[K, V]) most() int {
	n := 0
	for _, members := range g {
		n = max(n, len(members))
	}
	return n
}

// disjoint reports whether no two groups share a member.
func (g groups[K, V]) disjoint() bool {
	seen := make(map[V]bool)
	for _, members := range g {
		for m := range members {
			if seen[m] {
				return false
			}
			seen[m] = true
		}
	}
	return true
}
