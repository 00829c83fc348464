package detect

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"telltale/audit"
)

// Seeds looks for all seeds at once. It is safe for concurrent use.
type Seeds struct {
	seeds  []audit.Seed
	text   *matcher  // spellings, in lower case
	words  []wording // of each pattern of text
	sums   *matcher  // the first bytes of digests
	images []image   // of each pattern of sums
}

// A wording is a seed in one spelling.
type wording struct {
	seed     int
	spelling *spelling
}

// An image is a digest of a wording.
type image struct {
	wording
	digest *digest
}

// NewSeeds prepares the search. Names must be unique, and values have at least
// eight bytes: shorter ones stand in any traffic by chance.
func NewSeeds(seeds []audit.Seed) (*Seeds, error) {
	s := &Seeds{seeds: seeds}
	names := make(map[string]bool, len(seeds))
	var text, sums [][]byte
	for i, seed := range seeds {
		switch {
		case len(seed.Value) < gram:
			return nil, fmt.Errorf("seed %q has %d bytes; give it %d or more, shorter values are met by chance", seed.Name, len(seed.Value), gram)
		case names[seed.Name]:
			return nil, fmt.Errorf("two seeds are named %q; give each a name of its own", seed.Name)
		}
		names[seed.Name] = true
		read, hashed := make(map[string]bool), make(map[string]bool)
		for j := range spellings {
			w := wording{i, &spellings[j]}
			written := w.spelling.write(seed.Value)
			if lower := folded(written); len(written) >= gram && w.spelling.use.readable() && !read[string(lower)] {
				read[string(lower)] = true
				text, s.words = append(text, lower), append(s.words, w)
			}
			if len(written) >= gram && w.spelling.use.hashed() && !hashed[written] {
				hashed[written] = true
				for k := range digests {
					sums = append(sums, digests[k].sum([]byte(written))[:gram])
					s.images = append(s.images, image{w, &digests[k]})
				}
			}
		}
	}
	s.text, s.sums = newMatcher(text, &lower), newMatcher(sums, nil)
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
	Seed       int // index
	Form       string
	Span       audit.Span
	Confidence audit.Confidence
	rank       int // of readable forms, 1 says most; 0: a digest
}

// Find returns the matches in one value, by place. A match inside another one
// of the same seed says nothing more and is left out.
func (s *Seeds) Find(v audit.Value) []Match {
	var found []Match
	data := v.Data.Reveal()
	s.text.find(data, func(i, start int) {
		found = append(found, s.readable(i, data, start))
	})
	s.sums.find(data, func(i, start int) {
		found = append(found, s.hashed(i, data, start))
	})
	slices.SortStableFunc(found, func(a, b Match) int {
		return cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(a.Seed, b.Seed), cmp.Compare(b.Span.End, a.Span.End))
	})
	return outermost(found)
}

// readable returns the match of a spelling.
func (s *Seeds) readable(i int, data []byte, start int) Match {
	w := s.words[i]
	span := audit.Span{Start: start, End: start + len(s.text.patterns[i])}
	m := Match{w.seed, w.spelling.name, span, w.spelling.confidence, 3}
	if m.Form == "" {
		m.Form, m.rank = Folded, 2
		if string(data[span.Start:span.End]) == s.seeds[w.seed].Value {
			m.Form, m.rank = Plain, 1
		}
	}
	return m
}

// hashed returns the match of a digest, of which at least the first eight bytes
// stand there.
func (s *Seeds) hashed(i int, data []byte, start int) Match {
	img := s.images[i]
	sum := img.digest.sum([]byte(img.spelling.write(s.seeds[img.seed].Value)))
	n := 0
	for n < len(sum) && start+n < len(data) && data[start+n] == sum[n] {
		n++
	}
	m := Match{Seed: img.seed, Form: img.digest.of(img.spelling.name), Confidence: audit.Certain}
	switch {
	case n == len(sum):
	case n >= 2*gram:
		n, m.Form = 2*gram, m.Form+"[:16]"
	default:
		n, m.Form = gram, m.Form+"[:8]"
	}
	if n < 2*gram {
		m.Confidence = audit.Likely
	}
	m.Span = audit.Span{Start: start, End: start + n}
	return m
}

// outermost leaves out the matches inside another one of the same seed.
func outermost(found []Match) []Match {
	ends := make(map[int]int) // of each seed, so far
	return slices.DeleteFunc(found, func(m Match) bool {
		inside := m.Span.End <= ends[m.Seed]
		ends[m.Seed] = max(ends[m.Seed], m.Span.End)
		return inside
	})
}

// A meeting is a match with the value that it stands in.
type meeting struct {
	Match
	value audit.Value
}

// meetings are the meetings of one exhibit. A seed is met once on one way
// down: in the layer that says most.
type meetings struct {
	list []meeting
	at   map[spot]int // index in list
}

// A spot is where a seed was met, readable or in one form of digest.
type spot struct {
	seed  int
	form  string
	trail string
}

// spot is where m would have been met after the first n steps of its trail.
func (m meeting) spot(n int) spot {
	s := spot{m.Seed, m.Form, m.value.Trail[:n].String()}
	if m.rank > 0 {
		s.form = "readable"
	}
	return s
}

// add takes a meeting in, instead of the one in a layer above it if it says
// more. Layers come from the top.
func (ms *meetings) add(m meeting) {
	if ms.at == nil {
		ms.at = make(map[spot]int)
	}
	depth := len(m.value.Trail)
	for n := depth; n > 0; n-- {
		i, ok := ms.at[m.spot(n)]
		if !ok {
			continue
		}
		above, below := ms.list[i], m.value.Trail[n:]
		switch {
		case m.rank > above.rank && !isApart(below): // less of the seed, but in a field of its own
			ms.append(m)
		case m.rank < above.rank, m.rank == above.rank && n < depth && !refines(below, above.value.Trail):
			delete(ms.at, m.spot(n))
			ms.at[m.spot(depth)], ms.list[i] = i, m
		}
		return
	}
	ms.append(m)
}

func (ms *meetings) append(m meeting) {
	ms.at[m.spot(len(m.value.Trail))] = len(ms.list)
	ms.list = append(ms.list, m)
}

// refines reports whether steps only take an address apart that stands in a
// field of its own: there the whole address says more than its part.
func refines(steps, above audit.Trail) bool { return len(above) > 1 && isApart(steps) }

// isApart reports whether steps only take an address apart.
func isApart(steps audit.Trail) bool {
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

func (s *Seeds) findings(met meetings) []audit.Finding {
	findings := make([]audit.Finding, 0, len(met.list))
	for _, m := range met.list {
		seed := s.seeds[m.Seed]
		f := audit.Finding{
			Kind: seed.Kind, Seed: seed.Name, Form: m.Form, Trail: m.value.Trail, Spans: m.value.Spans,
			Span: m.Span, Confidence: m.Confidence, Value: shown(m.value.Data, m.Span),
		}
		if seed.Kind.Under("id") || seed.Kind.Under("contact") {
			f.Label = seed.Name
		}
		findings = append(findings, f)
	}
	return findings
}

// maxShown is the size up to which a finding shows the whole value. It shows a
// copy, so that the exhibit's bytes may go.
const maxShown = 2 << 10

func shown(data audit.Secret, span audit.Span) audit.Secret {
	b := data.Reveal()
	if len(b) > maxShown {
		b = b[span.Start:span.End]
	}
	return audit.NewSecret(bytes.Clone(b))
}
