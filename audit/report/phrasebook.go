package report

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"telltale/audit"
)

// A phrasebook says in another language what other stages say in English. Those
// sentences stand in facts, and facts do not depend on who reads them.
type phrasebook struct {
	exact    map[string]string
	patterns []pattern
	// What stands between the words of a list, and between clauses.
	comma, semicolon string
}

// A pattern is a sentence with holes.
type pattern struct {
	english *regexp.Regexp
	other   string // with {1}, {2} … for the holes
}

// readPhrases reads one of our own files.
func readPhrases(name, comma, semicolon string) *phrasebook {
	p := &phrasebook{exact: make(map[string]string), comma: comma, semicolon: semicolon}
	for line := range strings.Lines(ownFile(name)) {
		english, other, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		switch {
		case !ok:
		case !strings.Contains(english, "{"):
			p.exact[english] = other
		default:
			expr := strings.NewReplacer(`\{\}`, `(.+?)`, `\{#\}`, `([0-9]+)`).Replace(regexp.QuoteMeta(english))
			p.patterns = append(p.patterns, pattern{regexp.MustCompile(`^` + expr + `$`), other})
		}
	}
	return p
}

// Bounds of one search: the length of the text, and how many phrases are tried.
const (
	maxPhrase = 2000
	maxTries  = 1000
)

// sentences looks up a text, as a whole or sentence by sentence and clause by
// clause; stop stands between two sentences. It reports whether all is known.
func (p *phrasebook) sentences(text, stop string) (string, bool) {
	if len(text) > maxPhrase {
		return "", false
	}
	s := &search{p, maxTries}
	return s.parted(text, []joint{{". ", stop}, {"; ", p.semicolon}})
}

// A search looks up one text, with a bound on the work.
type search struct {
	*phrasebook
	left int // tries
}

// A joint is what stands between two parts of a text, in English and in the
// other language.
type joint struct{ english, own string }

// parted looks up a text as a whole, or else the parts between the first of the
// joints, and joins them again.
func (s *search) parted(text string, joints []joint) (string, bool) {
	same, ok := s.words(text)
	if ok {
		return same, true
	}
	if len(joints) == 0 {
		return "", false
	}
	first, rest := joints[0], joints[1:]
	// A full stop belongs to its sentence, a semicolon to nothing.
	parts := strings.SplitAfter(text, first.english)
	for i, part := range parts {
		same, ok := s.parted(strings.TrimRight(strings.TrimSpace(part), ";"), rest)
		if !ok {
			return "", false
		}
		parts[i] = same
	}
	return strings.Join(parts, first.own), true
}

// words looks up one phrase, or a list of them; names in a list do not count.
func (s *search) words(text string) (string, bool) {
	if own, ok := s.phrase(text); ok {
		return own, true
	}
	return s.list(text, false)
}

// phrase looks up one phrase: a fixed one, or one with holes.
func (s *search) phrase(text string) (string, bool) {
	if own, ok := s.fixed(text); ok {
		return own, true
	}
	if s.left--; s.left < 0 {
		return "", false
	}
	for _, p := range s.patterns {
		if m := p.english.FindStringSubmatch(text); m != nil {
			if own, ok := s.filled(p, m[1:]); ok {
				return own, true
			}
		}
	}
	return "", false
}

// fixed looks up a phrase without holes, which may begin a sentence.
func (s *search) fixed(text string) (string, bool) {
	own, ok := s.exact[text]
	if !ok && text != "" {
		own, ok = s.exact[strings.ToLower(text[:1])+text[1:]]
	}
	return own, ok
}

// filled puts what stands in the holes into a phrase.
func (s *search) filled(p pattern, holes []string) (string, bool) {
	places := make([]string, 0, 2*len(holes))
	for i, hole := range holes {
		own, ok := s.phrase(hole)
		if !ok {
			own, ok = s.list(hole, true)
		}
		if !ok {
			return "", false
		}
		places = append(places, "{"+strconv.Itoa(i+1)+"}", own)
	}
	return strings.NewReplacer(places...).Replace(p.other), true
}

// maxJoined is the most words of a list that one phrase may look like.
const maxJoined = 4

// list looks up the words of a list, and reports whether all are known. A name
// counts as known if names may be in the list, and stays as it is.
func (s *search) list(text string, names bool) (string, bool) {
	parts := listed(text)
	var words []string
	for len(parts) > 0 {
		word, n := s.next(text, parts)
		if n == 0 {
			word, n = text[parts[0].Start:parts[0].End], 1
			if !names || !isName(word) {
				return "", false
			}
		}
		words, parts = append(words, word), parts[n:]
	}
	return strings.Join(words, s.comma), len(words) > 1 || names
}

// next looks up the phrase at the start of a list, which may itself look like a
// list, and returns how many words it takes; 0 if there is none. Of fixed
// phrases the longest counts, of those with holes the shortest.
func (s *search) next(text string, parts []audit.Span) (own string, n int) {
	most := min(maxJoined, len(parts))
	for n := most; n > 0; n-- {
		if own, ok := s.fixed(text[parts[0].Start:parts[n-1].End]); ok {
			return own, n
		}
	}
	for n := 1; n <= most && len(parts) > 1; n++ {
		if own, ok := s.phrase(text[parts[0].Start:parts[n-1].End]); ok {
			return own, n
		}
	}
	return "", 0
}

// isName reports whether text is a name and no words of a language: one word, or
// words of which none begins with a small letter. What stands in brackets
// belongs to the name before it.
func isName(text string) bool {
	if i := strings.Index(text, " ("); i > 0 && strings.HasSuffix(text, ")") {
		text = text[:i]
	}
	words := strings.Fields(text)
	for _, w := range words {
		if len(words) > 1 && unicode.IsLower([]rune(w)[0]) {
			return false
		}
	}
	return len(words) > 0
}

// between are the separators of lists in English, the longer ones first.
var between = []string{", and ", ", or ", " and ", ", ", " or "}

// listed returns the ranges of the words of a list. What stands in brackets is
// one word.
func listed(text string) []audit.Span {
	var parts []audit.Span
	depth, from := 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		for _, sep := range between {
			if depth == 0 && strings.HasPrefix(text[i:], sep) {
				parts = append(parts, audit.Span{Start: from, End: i})
				from = i + len(sep)
				i = from - 1
				break
			}
		}
	}
	return append(parts, audit.Span{Start: from, End: len(text)})
}
