package detect

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"telltale/audit"
)

// Seeds looks for all seeds at once. It is safe for concurrent use.
type Seeds struct {
	seeds   []audit.Seed
	text    *matcher    // spellings, in lower case
	words   [][]wording // of each pattern of text
	longest int         // pattern of text
	images  *images
	salted  []hashed       // what is hashed with a salt
	mailbox map[string]int // the seed of a canonical e-mail address, -1 if several have it
}

// A wording is a text that a seed has in one spelling.
type wording struct {
	seed     int
	spelling *spelling
	text     string
	// cut says that the pattern is the least part from the start of text
	// that may be told; more of it must stand where a value ends.
	cut bool
	// alone says that no letter or digit may stand beside the text.
	alone bool
}

// NewSeeds prepares the search. Names must be unique, and values have at least
// eight bytes: shorter ones stand in any traffic by chance.
func NewSeeds(seeds []audit.Seed) (*Seeds, error) {
	names := make(map[string]bool, len(seeds))
	for _, seed := range seeds {
		switch {
		case len(seed.Value) < gram:
			return nil, fmt.Errorf("seed %q has %d bytes; give it %d or more, shorter values are met by chance", seed.Name, len(seed.Value), gram)
		case names[seed.Name]:
			return nil, fmt.Errorf("two seeds are named %q; give each a name of its own", seed.Name)
		}
		names[seed.Name] = true
	}
	s := &Seeds{seeds: seeds}
	w := writer{text: make(map[string]int), sums: make(map[string]int)}
	for i, seed := range seeds {
		w.write(i, seed)
	}
	w.fileStarts(seeds)
	s.mailbox = mailboxes(seeds)
	var patterns [][]byte
	for i, owners := range w.words {
		if owners = unshared(seeds, owners); len(owners) > 0 {
			patterns, s.words = append(patterns, w.patterns[i]), append(s.words, owners)
			s.longest = max(s.longest, len(w.patterns[i]))
		}
	}
	s.text, s.images = newMatcher(patterns, &lower), newImages(w.unsharedSums(seeds))
	for _, t := range s.images.texts {
		if t.all {
			s.salted = append(s.salted, t)
		}
	}
	return s, nil
}

// A writer writes all seeds in all spellings. What several of them write alike
// is one pattern.
type writer struct {
	text     map[string]int // index in patterns and words
	starts   []start
	patterns [][]byte // in lower case
	words    [][]wording
	sums     map[string]int // index in hashed
	hashed   [][]hashed
}

func (w *writer) write(i int, seed audit.Seed) {
	p := takeApart(seed.Value)
	for j := range spellings {
		sp := &spellings[j]
		for _, text := range sp.write(p) {
			if len(text) < gram || !sp.tells(text) {
				continue
			}
			if sp.use.has(inText | inPieces) {
				w.addText(wording{seed: i, spelling: sp, text: text, alone: sp.use.has(ofPart) && randomBits(text) <= enoughBits})
			}
			if sp.use.has(inUsual | inSums) {
				w.addSum(hashed{i, sp, text, sp.use.has(inSums)})
			}
		}
	}
	w.addStarts(i, p)
}

func (w *writer) addText(word wording) {
	w.addPattern(folded(word.text), word)
}

// addPattern files a wording under a pattern. A seed that is there already
// stays under its first spelling.
func (w *writer) addPattern(pattern []byte, word wording) {
	i, ok := w.text[string(pattern)]
	if !ok {
		i = len(w.words)
		w.text[string(pattern)] = i
		w.patterns, w.words = append(w.patterns, pattern), append(w.words, nil)
	}
	for k := len(w.words[i]) - 1; k >= 0 && w.words[i][k].seed == word.seed; k-- { // seeds come one after the other
		if w.words[i][k].spelling.use.has(inText) || !word.spelling.use.has(inText) {
			return
		}
	}
	w.words[i] = append(w.words[i], word)
}

func (w *writer) addSum(h hashed) {
	i, ok := w.sums[h.text]
	if !ok {
		i = len(w.hashed)
		w.sums[h.text] = i
		w.hashed = append(w.hashed, nil)
	}
	for k := range w.hashed[i] {
		if other := &w.hashed[i][k]; other.seed == h.seed {
			other.all = other.all || h.all
			return
		}
	}
	w.hashed[i] = append(w.hashed[i], h)
}

// unshared leaves out the wordings that are a part of a seed, or its start, if
// another seed has the same: they tell neither.
func unshared(seeds []audit.Seed, owners []wording) []wording {
	for _, o := range owners[1:] {
		if seeds[o.seed].Value != seeds[owners[0].seed].Value {
			return slices.DeleteFunc(owners, func(o wording) bool { return o.cut || o.spelling.use.has(ofPart) })
		}
	}
	return owners
}

// unsharedSums is [unshared] for what is hashed.
func (w *writer) unsharedSums(seeds []audit.Seed) []hashed {
	var texts []hashed
	for _, owners := range w.hashed {
		shared := slices.ContainsFunc(owners, func(h hashed) bool { return seeds[h.seed].Value != seeds[owners[0].seed].Value })
		for _, h := range owners {
			if !shared || !h.spelling.use.has(ofPart) {
				texts = append(texts, h)
			}
		}
	}
	return texts
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
	rank       rank
	cut        bool // of a text, only the start is there
}

// A rank orders the forms of one seed by what they say, the most first.
type rank int

const (
	digested rank = iota // not readable, and apart from the others
	asPlain
	asFolded
	asWhole // in another spelling
	asPart
)

// Find returns the matches in one value, by place. A match inside another one
// of the same seed says nothing more and is left out.
func (s *Seeds) Find(v audit.Value) []Match {
	var found []Match
	data := v.Data.Reveal()
	s.text.find(data, func(i, start int) {
		for _, w := range s.words[i] {
			if m, ok := s.readable(w, data, start); ok {
				found = append(found, m)
			}
		}
	})
	s.images.find(data, func(i, start int) {
		found = append(found, s.digest(i, data, start))
	})
	found = append(found, s.tokens(v)...)
	found = append(found, s.mail(data)...)
	if len(found) < 2 {
		return found
	}
	slices.SortStableFunc(found, func(a, b Match) int {
		return cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(a.Seed, b.Seed), cmp.Compare(b.Span.End, a.Span.End), compareBools(a.cut, b.cut))
	})
	return outermost(found)
}

// compareBools orders false before true.
func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// readable returns the match of a wording whose pattern stands at start.
func (s *Seeds) readable(w wording, data []byte, start int) (Match, bool) {
	n := len(w.text)
	if !w.spelling.use.has(inText) || w.alone && !isAlone(data, start, start+n) {
		return Match{}, false
	}
	if w.cut {
		n = 0
		for n < len(w.text) && start+n < len(data) && lower[data[start+n]] == lower[w.text[n]] {
			n++
		}
		if n == len(w.text) || !isEnd(data[start+n:]) {
			return Match{}, false
		}
	}
	m := Match{w.seed, w.spelling.name, audit.Span{Start: start, End: start + n}, w.spelling.confidence(), asWhole, w.cut}
	same := string(data[start:start+n]) == w.text[:n]
	switch {
	case m.Form == "" && same:
		m.Form, m.rank = Plain, asPlain
	case m.Form == "", m.Form == Folded:
		m.Form, m.rank = Folded, asFolded
	}
	if w.spelling.use.has(ofPart) {
		m.rank = asPart
	}
	if w.cut {
		m.Form, m.Confidence, m.rank = fmt.Sprintf("%s[:%d]", m.Form, n), audit.Likely, asPart
	}
	return m, true
}

// isAlone reports whether no letter or digit stands beside a range.
func isAlone(data []byte, start, end int) bool {
	return (start == 0 || charClassOf(data[start-1]) == noClass) && (end == len(data) || charClassOf(data[end]) == noClass)
}

// isEnd reports whether a value that was cut short ends here.
func isEnd(rest []byte) bool {
	return len(rest) == 0 || string(rest) == "..." || string(rest) == "…"
}

// digest returns the match of an image, of which at least the first eight
// bytes stand at start.
func (s *Seeds) digest(number int, data []byte, start int) Match {
	text, d := s.images.image(number)
	sum := d.sum([]byte(text.text))
	n := 0
	for n < len(sum) && start+n < len(data) && data[start+n] == sum[n] {
		n++
	}
	m := Match{Seed: text.seed, Form: d.of(text.spelling.name), Confidence: text.spelling.confidence()}
	if n < len(sum) {
		switch { // what agrees beyond a usual length may do so by chance
		case start+n == len(data):
		case n >= 2*gram:
			n = 2 * gram
		default:
			n = gram
		}
		m.Form = fmt.Sprintf("%s[:%d]", m.Form, n)
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

func (s *Seeds) findings(met []meeting) []audit.Finding {
	findings := make([]audit.Finding, 0, len(met))
	for _, m := range met {
		seed := s.seeds[m.Seed]
		f := audit.Finding{
			Kind: seed.Kind, Seed: seed.Name, Form: m.Form, Trail: m.value.Trail, Spans: m.value.Spans,
			Span: m.Span, Confidence: m.Confidence, Value: shown(m.value.Data, m.Span), Says: m.says,
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
