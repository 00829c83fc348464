package report

import (
	"regexp"
	"strconv"
	"strings"

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

// maxPhrase bounds the length of a text that is looked up, and maxNested how
// often a hole is looked up in a hole.
const (
	maxPhrase = 2000
	maxNested = 6
)

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

// sentences looks up a text, as a whole or sentence by sentence and clause by
// clause; stop stands between two sentences.
func (p *phrasebook) sentences(text, stop string) (string, bool) {
	if len(text) > maxPhrase {
		return "", false
	}
	return p.parted(text, []string{". ", "; "}, []string{stop, p.semicolon})
}

// parted looks up a text as a whole, or else the parts between the first of the
// separators, and joins them with what stands for it.
func (p *phrasebook) parted(text string, separators, own []string) (string, bool) {
	if same, ok := p.look(text, 0); ok || len(separators) == 0 {
		return same, ok
	}
	// A full stop belongs to its sentence, a semicolon to nothing.
	parts := strings.SplitAfter(text, separators[0])
	for i, part := range parts {
		part = strings.TrimRight(strings.TrimSpace(part), ";")
		same, ok := p.parted(part, separators[1:], own[1:])
		if !ok {
			return "", false
		}
		parts[i] = same
	}
	return strings.Join(parts, own[0]), true
}

// look looks up one phrase: a list of words, a fixed one, or one with holes.
func (p *phrasebook) look(text string, depth int) (string, bool) {
	if own, ok := p.exact[text]; ok {
		return own, true
	}
	if own, ok := p.exact[small(text)]; ok {
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
	return p.list(text, depth+1)
}

// hole looks up what stands in a hole. Names, such as those of hosts, are not
// in the book and stay as they are.
func (p *phrasebook) hole(text string, depth int) string {
	if own, ok := p.look(text, depth); ok {
		return own
	}
	own, _ := p.list(text, depth)
	return own
}

// list looks up each word of a list, and reports whether all are known. A
// phrase of the book may itself look like a list: the longest one counts.
func (p *phrasebook) list(text string, depth int) (own string, all bool) {
	parts, sep := listed(text)
	all = len(parts) > 1
	var words []string
	for i := 0; i < len(parts); i++ {
		word, known := text[parts[i].Start:parts[i].End], false
		for j := min(i+maxJoined, len(parts)) - 1; j >= i && !known; j-- {
			var same string
			if same, known = p.exact[text[parts[i].Start:parts[j].End]]; known {
				word, i = same, j
			}
		}
		if !known && len(parts) > 1 {
			if word, known = p.look(word, depth); !known {
				word, _ = p.list(text[parts[i].Start:parts[i].End], depth)
			}
		}
		words, all = append(words, word), all && known
	}
	if sep == clauses {
		return strings.Join(words, p.semicolon), all
	}
	return strings.Join(words, p.comma), all
}

// maxJoined is the most parts of a list that one phrase may look like.
const maxJoined = 3

// between are the separators of lists in English, those first that part more.
var between = []string{clauses, ", ", " and ", " or "}

const clauses = "; "

// listed returns the ranges of the words of a list, and the separator: the first
// that it has. What stands in brackets is one word.
func listed(text string) (parts []audit.Span, separator string) {
	for _, sep := range between {
		if parts := parted(text, sep); len(parts) > 1 {
			return parts, sep
		}
	}
	return []audit.Span{{End: len(text)}}, ""
}

func parted(text, sep string) []audit.Span {
	var parts []audit.Span
	depth, from := 0, 0
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '(':
			depth++
		case text[i] == ')':
			depth--
		case depth == 0 && strings.HasPrefix(text[i:], sep):
			parts = append(parts, audit.Span{Start: from, End: i})
			from = i + len(sep)
			i = from - 1
		}
	}
	return append(parts, audit.Span{Start: from, End: len(text)})
}

// small begins with a small letter: a phrase may begin a sentence.
func small(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToLower(text[:1]) + text[1:]
}
