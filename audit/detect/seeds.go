package detect

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"telltale/audit"
)

// Seeds looks for all seeds at once.
type Seeds struct {
	seeds   []audit.Seed
	text    *matcher // lower-case values, one for each seed
	digests *matcher
	images  []image // of each pattern of digests
}

// An image is a digest of a seed.
type image struct {
	seed int
	form string
}

// NewSeeds prepares the search. Names must be unique, and values have at least
// eight bytes: shorter ones stand in any traffic by chance.
func NewSeeds(seeds []audit.Seed) (*Seeds, error) {
	s := &Seeds{seeds: seeds}
	names := make(map[string]bool, len(seeds))
	var text, digests [][]byte
	for i, seed := range seeds {
		switch {
		case len(seed.Value) < gram:
			return nil, fmt.Errorf("seed %q has %d bytes; give it %d or more, shorter values are met by chance", seed.Name, len(seed.Value), gram)
		case names[seed.Name]:
			return nil, fmt.Errorf("two seeds are named %q; give each a name of its own", seed.Name)
		}
		names[seed.Name] = true
		text = append(text, folded(seed.Value))
		own := make(map[string]bool)
		for _, f := range forms {
			if sum := f.image(seed.Value); !own[string(sum)] {
				own[string(sum)] = true
				digests = append(digests, sum)
				s.images = append(s.images, image{i, f.name})
			}
		}
	}
	s.text, s.digests = newMatcher(text, &lower), newMatcher(digests, nil)
	return s, nil
}

func folded(s string) []byte {
	b := []byte(s)
	for i := range b {
		b[i] = lower[b[i]]
	}
	return b
}

// A Match is a place in a value at which a seed stands.
type Match struct {
	Seed int // index
	Form string
	Span audit.Span
}

// Find returns the matches in one value, by place.
func (s *Seeds) Find(v audit.Value) []Match {
	var found []Match
	data := v.Data.Reveal()
	s.text.find(data, func(i, start int) {
		span := audit.Span{Start: start, End: start + len(s.seeds[i].Value)}
		form := Folded
		if string(data[span.Start:span.End]) == s.seeds[i].Value {
			form = Plain
		}
		found = append(found, Match{i, form, span})
	})
	s.digests.find(data, func(i, start int) {
		found = append(found, Match{s.images[i].seed, s.images[i].form, audit.Span{Start: start, End: start + len(s.digests.patterns[i])}})
	})
	slices.SortStableFunc(found, func(a, b Match) int {
		return cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(a.Seed, b.Seed))
	})
	return found
}

// A meeting is a match with the value that it stands in.
type meeting struct {
	Match
	value audit.Value
}

// keep adds the matches of a value to those of the layers above it. A seed is
// met once on one way down: in the layer that says most. A host that the seed
// is meant for learns it without any leak.
func (s *Seeds) keep(met []meeting, matches []Match, v audit.Value, host string) []meeting {
	for _, m := range matches {
		if s.seeds[m.Seed].AtHome(host) {
			continue
		}
		met = add(met, meeting{m, v})
	}
	return met
}

func add(met []meeting, m meeting) []meeting {
	for i, above := range met {
		if above.Seed != m.Seed || above.Form != m.Form || !within(m.value.Trail, above.value.Trail) {
			continue
		}
		if len(m.value.Trail) > len(above.value.Trail) && !refines(m.value.Trail[len(above.value.Trail):], above.value.Trail) {
			met[i] = m
		}
		return met
	}
	return append(met, m)
}

// within reports whether trail goes through above.
func within(trail, above audit.Trail) bool {
	return len(trail) >= len(above) && slices.Equal(trail[:len(above)], above)
}

// refines reports whether steps only take an address apart that stands in a
// field of its own: there the whole address says more than its part.
func refines(steps, above audit.Trail) bool {
	if len(above) == 1 {
		return false
	}
	for _, step := range steps {
		name, _, _ := strings.Cut(step, ":")
		switch name {
		case "path", "query", "fragment", "host", "percent", "userinfo":
		default:
			return false
		}
	}
	return true
}

func (s *Seeds) findings(met []meeting) []audit.Finding {
	findings := make([]audit.Finding, 0, len(met))
	for _, m := range met {
		seed := s.seeds[m.Seed]
		f := audit.Finding{
			Kind: seed.Kind, Seed: seed.Name, Form: m.Form, Trail: m.value.Trail, Spans: m.value.Spans,
			Span: m.Span, Confidence: audit.Certain, Value: shown(m.value.Data, m.Span),
		}
		if seed.Kind.Under("id") || seed.Kind.Under("contact") {
			f.Label = seed.Name
		}
		findings = append(findings, f)
	}
	return findings
}

// maxShown is the size up to which a finding shows the whole value.
const maxShown = 2 << 10

func shown(data audit.Secret, span audit.Span) audit.Secret {
	if data.Len() <= maxShown {
		return data
	}
	return audit.NewSecret(bytes.Clone(data.Reveal()[span.Start:span.End]))
}
