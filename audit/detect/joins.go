package detect

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"telltale/audit"
	"telltale/claims"
	"telltale/personal"
)

// isIdentifier reports whether what has a kind stands for one person or device.
func isIdentifier(kind personal.Kind) bool { return kind.Under("id") || kind.Under("contact") }

// label gives the identifiers that have none the label of their value, the same
// one wherever the same value stands.
func label(found []audit.Finding, identities []*identity) {
	labels := make(map[string]string)
	for _, who := range identities {
		labels[strings.ToLower(who.token)] = who.label
	}
	n := len(identities)
	for i := range found {
		f := &found[i]
		if f.Label != "" || f.Seed != "" || !isIdentifier(f.Kind) {
			continue
		}
		value := strings.ToLower(string(f.Value.Reveal()))
		if labels[value] == "" {
			n++
			labels[value] = fmt.Sprintf("i%d", n)
		}
		f.Label = labels[value]
	}
}

// joined says what an identifier ties together: what stands in one record with
// it is one person's.
type joined struct {
	exhibits map[string]audit.Exhibit
	arms     map[string]audit.Arm
	seeds    []audit.Seed
}

// A record is what was sent in one piece, the exhibits of one event.
type record struct {
	log     string
	event   int
	exhibit string // where there are no events
}

func (j joined) record(f audit.Finding) record {
	ex := j.exhibits[f.Exhibit]
	if ex.Event > 0 {
		return record{log: ex.Case, event: ex.Event}
	}
	return record{exhibit: f.Exhibit}
}

// say adds to each identifier the kinds that it is linked with, and in which
// modes. Hints count for neither side, as they do not for a verdict; nor does
// what the length of many records told, which is not about one of them.
func (j joined) say(found []audit.Finding) {
	armOf := make(map[string]string, len(j.seeds))
	for _, s := range j.seeds {
		armOf[s.Name] = s.Arm
	}
	facts := make(map[record][]fact)
	for _, f := range found {
		if f.Confidence != audit.Hint && f.Slope == nil && !isIdentifier(f.Kind) {
			at := j.record(f)
			if what := (fact{f.Kind, j.mode(f, armOf)}); !slices.Contains(facts[at], what) {
				facts[at] = append(facts[at], what)
			}
		}
	}
	linked := make(map[string]map[fact]bool) // by label
	for _, f := range found {
		if f.Label == "" || f.Confidence == audit.Hint {
			continue
		}
		if linked[f.Label] == nil {
			linked[f.Label] = make(map[fact]bool)
		}
		for _, what := range facts[j.record(f)] {
			linked[f.Label][what] = true
		}
	}
	for i := range found {
		if f := &found[i]; f.Label != "" && f.Confidence != audit.Hint && len(linked[f.Label]) > 0 {
			f.Says = strings.TrimPrefix(f.Says+"; one person's: "+words(linked[f.Label]), "; ")
		}
	}
}

// mode is the mode that a finding tells of: the one that its seed was planted
// in, else the one that it was sent in.
func (j joined) mode(f audit.Finding, armOf map[string]string) claims.Mode {
	if arm, ok := j.arms[armOf[f.Seed]]; ok && f.Seed != "" {
		return arm.Mode
	}
	return j.arms[j.exhibits[f.Exhibit].Arm].Mode
}

// A fact is something that was told, and in which mode.
type fact struct {
	kind personal.Kind
	mode claims.Mode
}

// words lists facts: each kind once, with its modes.
func words(facts map[fact]bool) string {
	modes := make(map[personal.Kind][]string)
	for f := range facts {
		modes[f.kind] = append(modes[f.kind], string(f.mode))
	}
	var list []string
	for _, kind := range slices.Sorted(maps.Keys(modes)) {
		s := kind.Short()
		slices.Sort(modes[kind])
		if in := strings.Join(modes[kind], " and "); in != "" {
			s += " in " + in + " mode"
		}
		list = append(list, s)
	}
	return strings.Join(list, ", ")
}
