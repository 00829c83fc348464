package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"telltale/claims"
	"telltale/personal"
)

// A Case is the plan of an experiment: what was asked, before the first packet.
// It is case.json of the case folder and does not change afterwards.
type Case struct {
	Format  string         `json:"telltale"` // CaseFormat
	ID      string         `json:"id"`
	Started time.Time      `json:"started"`
	Subject claims.Subject `json:"subject"`
	Arms    []Arm          `json:"arms"`
	Runs    int            `json:"runs"`
	Steps   []string       `json:"steps"` // what each run does, in words
	Seeds   []Seed         `json:"seeds"` // values are commitments, see Seed
	Tools   []Tool         `json:"tools"`
	Machine string         `json:"machine"`         // system and architecture
	Online  bool           `json:"online"`          // requests went to the real servers
	Claims  string         `json:"claims"`          // SHA-256 of the claims file
	Rules   string         `json:"rules,omitempty"` // edition of the judging rules
	Probe   []Probe        `json:"probe,omitempty"`
}

// A Probe is the plan of the visits of one place whose addresses differ in
// nothing but their length: the lengths in bytes, in the order of the visits.
type Probe struct {
	Place
	Lengths []int `json:"lengths"`
}

// CaseFormat is the value of Case.Format.
const CaseFormat = "case/v1"

// A Tool is a program that took part.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Detail  string `json:"detail,omitempty"`
}

// An Arm is one condition of an experiment.
type Arm struct {
	Name     string         `json:"name"`
	Mode     claims.Mode    `json:"mode"`
	Consent  claims.Consent `json:"consent"`
	Software string         `json:"software"`           // driver's name, such as chromium
	Specimen string         `json:"specimen,omitempty"` // positive control that is loaded into it
	Control  bool           `json:"control,omitempty"`  // the same software without the specimen
	Device   string         `json:"device,omitempty"`   // which device it ran on; empty: all arms ran on one
	Account  string         `json:"account,omitempty"`  // which account the user was signed in with; empty: none
}

// Target names what the arm tests: the software, and the specimen in it.
func (a Arm) Target() string {
	if a.Specimen == "" || a.Specimen == a.Software {
		return a.Software
	}
	return a.Software + " + " + a.Specimen
}

// A Seed is a value planted on purpose: random, at least 64 bits, unique for
// its arm and run. In case.json it carries a commitment only, SHA-256 of salt
// and value; seeds.json beside it opens the commitments.
type Seed struct {
	Name       string        `json:"name"`
	Kind       personal.Kind `json:"kind"`
	Arm        string        `json:"arm,omitempty"` // empty: the same in all arms
	Run        int           `json:"run,omitempty"` // 0: the same in all runs
	Home       []string      `json:"home,omitempty"`
	Commitment string        `json:"commitment,omitempty"` // hex
	Salt       string        `json:"salt,omitempty"`       // hex
	Value      string        `json:"value,omitempty"`      // in seeds.json only
}

// Commit returns hex(SHA-256(salt ‖ value)), the commitment to the seed.
func (s Seed) Commit() string {
	sum := sha256.Sum256([]byte(s.Salt + s.Value))
	return hex.EncodeToString(sum[:])
}

// AtHome reports whether a host is one that the seed is meant for: the site
// that the user typed it into learns it without any leak.
func (s Seed) AtHome(host string) bool {
	return slices.Contains(s.Home, host)
}
