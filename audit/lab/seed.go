package lab

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"strings"

	"telltale/audit"
	"telltale/personal"
)

// A Planter makes the seeds of one place of an experiment.
type Planter struct {
	arm   string
	run   int
	seeds []audit.Seed
}

// Plant makes a seed of 80 random bits, sixteen lower-case letters and digits.
// The name gets the place in front. Home are the hosts that the seed is meant
// for: they learn it without any leak.
func (p *Planter) Plant(name string, kind personal.Kind, home ...string) string {
	return p.PlantAs(name, kind, "%s", home...)
}

// PlantAs is [Planter.Plant] with a format around the random part, such as
// "%s@mail.example".
func (p *Planter) PlantAs(name string, kind personal.Kind, format string, home ...string) string {
	return p.keep(name, kind, fmt.Sprintf(format, Token()), home)
}

// PlantHex makes a seed of 64 random bits, sixteen hexadecimal digits, as an
// ANDROID_ID has.
func (p *Planter) PlantHex(name string, kind personal.Kind, home ...string) string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, since Go 1.24
	return p.keep(name, kind, hex.EncodeToString(b[:]), home)
}

func (p *Planter) keep(name string, kind personal.Kind, value string, home []string) string {
	p.seeds = append(p.seeds, commit(audit.Seed{
		Name: p.place() + name, Kind: kind, Arm: p.arm, Run: p.run, Home: home, Value: value,
	}))
	return value
}

// Seeds returns what was planted, in order.
func (p *Planter) Seeds() []audit.Seed { return p.seeds }

func (p *Planter) place() string {
	if p.arm == "" {
		return ""
	}
	return fmt.Sprintf("%s/%d/", p.arm, p.run)
}

var alphabet = base32.NewEncoding("abcdefghijkmnopqrstuvwxyz2345678").WithPadding(base32.NoPadding)

// Token returns 80 random bits as sixteen lower-case letters and digits.
func Token() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails, since Go 1.24
	return alphabet.EncodeToString(b[:])
}

// commit adds a salt and the commitment to the seed's value.
func commit(s audit.Seed) audit.Seed {
	var salt [16]byte
	_, _ = rand.Read(salt[:])
	s.Salt = hex.EncodeToString(salt[:])
	s.Commitment = s.Commit()
	return s
}

// Sealed returns the seeds without their values and salts.
func Sealed(seeds []audit.Seed) []audit.Seed {
	sealed := make([]audit.Seed, len(seeds))
	for i, s := range seeds {
		s.Value, s.Salt = "", ""
		sealed[i] = s
	}
	return sealed
}

// names returns the names of the seeds whose values stand in text.
func names(seeds []audit.Seed, text string) []string {
	var found []string
	for _, s := range seeds {
		if strings.Contains(text, s.Value) {
			found = append(found, s.Name)
		}
	}
	return found
}
