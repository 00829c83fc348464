package judge

import (
	"fmt"
	"slices"

	"telltale/audit"
	"telltale/claims"
	"telltale/personal"
)

func judgeUnlinked(t *target, a claims.Assertion) audit.Verdict {
	rule := a.Rule.(claims.Unlinked) //nolint:forcetypeassert // the table pairs them
	l := t.links(rule, a.When)
	found := append(slices.Clone(l.inRecord), l.joinable...)
	slices.SortFunc(found, func(a, b observation) int { return natural(a.ID, b.ID) })
	found = slices.CompactFunc(found, func(a, b observation) bool { return a.ID == b.ID })
	if len(found) == 0 {
		return t.unrefuted(a.When, rule.Kinds)
	}
	return t.refuted(a.When, found, l.says())
}

// links are the ways in which kinds and identifiers hang together.
type links struct {
	inRecord []observation // findings of records that hold both
	joinable []observation // findings of records that share an identifier
	who      []observation // the identifiers among them
	modes    int           // identifiers that stand in records of both modes
}

// links finds the records that hold both the rule's kinds and an identifier,
// and those that an identifier joins to such records.
func (t *target) links(rule claims.Unlinked, when claims.Condition) links {
	var l links
	what := byRecord(read(solid(t.about(rule.Kinds, when), rule.Kinds)))
	who := byRecord(solid(t.about(rule.To, claims.Condition{}), rule.To))
	anyID := byRecord(solid(t.about([]personal.Kind{"id", "contact"}, claims.Condition{}), nil))
	named := make(map[string]bool) // labels that stand in a record with an identifier of the rule
	for record := range who {
		for _, o := range anyID[record] {
			named[o.Label] = true
		}
	}
	for record, facts := range what {
		if ids := who[record]; len(ids) > 0 {
			l.inRecord = append(append(l.inRecord, facts...), ids...)
			l.who = append(l.who, ids...)
			continue
		}
		for _, o := range anyID[record] {
			if o.Label != "" && named[o.Label] {
				l.joinable = append(append(l.joinable, facts...), o)
			}
		}
	}
	outside := t.outside(anyID, when)
	for record, facts := range what {
		for _, o := range anyID[record] {
			if outside[o.Label] {
				l.joinable = append(append(l.joinable, facts...), o)
			}
		}
	}
	l.modes = joiningModes(anyID, what) + len(joined(l.joinable, outside))
	return l
}

// outside returns the labels of the identifiers that stand in what was sent
// when the condition did not hold.
func (t *target) outside(anyID map[string][]observation, when claims.Condition) map[string]bool {
	labels := make(map[string]bool)
	for _, record := range anyID {
		for _, o := range record {
			if arm := t.arms[o.exhibit.Arm]; o.Label != "" && !when.Holds(arm.Mode, arm.Consent) {
				labels[o.Label] = true
			}
		}
	}
	return labels
}

// joined returns those of the labels that found has.
func joined(found []observation, labels map[string]bool) map[string]bool {
	had := make(map[string]bool)
	for _, o := range found {
		if labels[o.Label] {
			had[o.Label] = true
		}
	}
	return had
}

// joiningModes counts the identifiers that stand with the facts of both modes.
func joiningModes(anyID, what map[string][]observation) int {
	modes := make(map[string]map[claims.Mode]bool)
	for record := range what {
		for _, o := range anyID[record] {
			if o.Label == "" {
				continue
			}
			if modes[o.Label] == nil {
				modes[o.Label] = make(map[claims.Mode]bool)
			}
			for _, fact := range what[record] {
				modes[o.Label][fact.arm.Mode] = true
			}
		}
	}
	n := 0
	for _, m := range modes {
		if len(m) > 1 {
			n++
		}
	}
	return n
}

func byRecord(found []observation) map[string][]observation {
	m := make(map[string][]observation)
	for _, o := range found {
		m[o.record()] = append(m[o.record()], o)
	}
	return m
}

func (l links) says() string {
	s := "Records hold both, or share an identifier"
	if len(l.who) > 0 {
		s = "In the same records: " + shorts(l.who)
	}
	switch { // of one device each: a run has a profile of its own
	case l.modes == 1:
		s += "; 1 identifier joins normal and private mode,"
	case l.modes > 1:
		s += fmt.Sprintf("; %d identifiers join normal and private mode,", l.modes)
	}
	return s
}
