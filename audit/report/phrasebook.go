package report

import (
	"regexp"
	"strconv"
	"strings"
)

// A phrasebook says in another language what other stages say in English. Those
// sentences stand in facts, and facts do not depend on who reads them.
type phrasebook struct {
	exact    map[string]string
	patterns []pattern
	comma    string // between the words of a list
}

// A pattern is a sentence with holes.
type pattern struct {
	english *regexp.Regexp
	other   string // with {1}, {2} … for the holes
}

// maxPhrase bounds the length of a text that is looked up, and maxNested how
// often a hole is looked up in a hole.
const (
	maxPhrase = 2000
	maxNested = 4
)

// readPhrases reads one of our own files.
func readPhrases(name, comma string) *phrasebook {
	p := &phrasebook{exact: make(map[string]string), comma: comma}
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

// sentences looks up a text, as a whole or sentence by sentence; stop stands
// between two sentences.
func (p *phrasebook) sentences(text, stop string) (string, bool) {
	if len(text) > maxPhrase {
		return "", false
	}
	if own, ok := p.look(text, 0); ok {
		return own, true
	}
	var b strings.Builder
	for i, s := range strings.SplitAfter(text, ". ") {
		own, ok := p.look(strings.TrimSpace(s), 0)
		if !ok {
			return "", false
		}
		if i > 0 {
			b.WriteString(stop)
		}
		b.WriteString(own)
	}
	return b.String(), true
}

// look looks up one phrase: a list of words, a fixed one, or one with holes.
func (p *phrasebook) look(text string, depth int) (string, bool) {
	if own, ok := p.exact[text]; ok {
		return own, true
	}
	if depth > maxNested {
		return "", false
	}
	for _, pat := range p.patterns {
		m := pat.english.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		own := pat.other
		for i, hole := range m[1:] {
			own = strings.ReplaceAll(own, "{"+strconv.Itoa(i+1)+"}", p.hole(hole, depth+1))
		}
		return own, true
	}
	if parts := listed(text); len(parts) > 1 {
		known := 0
		for i, part := range parts {
			if own, ok := p.look(part, depth+1); ok {
				parts[i] = own
				known++
			}
		}
		return strings.Join(parts, p.comma), known == len(parts)
	}
	return "", false
}

// hole looks up what stands in a hole. Names, such as those of hosts, are not
// in the book and stay as they are.
func (p *phrasebook) hole(text string, depth int) string {
	if own, ok := p.look(text, depth); ok {
		return own
	}
	parts := listed(text)
	for i, part := range parts {
		if own, ok := p.look(part, depth); ok {
			parts[i] = own
		}
	}
	return strings.Join(parts, p.comma)
}

// between are the separators of lists in English, the longer ones first.
var between = []string{", and ", ", or ", "; ", ", ", " and ", " or "}

// listed splits a list into its words. What stands in brackets is one word.
func listed(text string) []string {
	var parts []string
	depth, from := 0, 0
next:
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth != 0 {
			continue
		}
		for _, sep := range between {
			if strings.HasPrefix(text[i:], sep) {
				parts = append(parts, text[from:i])
				from = i + len(sep)
				i = from - 1
				continue next
			}
		}
	}
	return append(parts, text[from:])
}
