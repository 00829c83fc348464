package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"telltale/audit"
)

// A masker decides which captured bytes may be shown. It knows what to let
// through and not what to hide, so that personal data that nobody foresaw
// stays hidden.
type masker struct {
	reveal bool
	words  [][]byte // seeds as they are written, in lower case
	names  [][]byte // field names and hosts, in lower case; only as whole words
}

// shortestSeed is the least number of bytes that a planted value has.
const shortestSeed = 8

func newMasker(c Case) masker {
	m := masker{reveal: c.Reveal}
	names := map[string]bool{"http": true, "https": true}
	for _, s := range c.Seeds {
		if len(s.Value) >= shortestSeed {
			m.words = append(m.words, spellings(s.Value)...)
		}
		for _, h := range s.Home {
			names[h] = true
		}
	}
	for _, p := range c.Parties {
		names[p.Host] = true
	}
	for _, f := range c.Findings {
		for _, step := range f.Trail {
			for _, n := range stepNames(step) {
				names[n] = isFieldName(n) && !isIndex(n)
			}
		}
	}
	for n, ok := range names {
		if ok && len(n) > 1 {
			m.names = append(m.names, []byte(strings.ToLower(n)))
		}
	}
	slices.SortFunc(m.names, bytes.Compare)
	return m
}

// spellings lists the ways in which a value stands in text before decoding.
func spellings(value string) [][]byte {
	quoted, _ := json.Marshal(value) // a string can always be marshalled
	all := []string{
		value, url.QueryEscape(value), url.PathEscape(value),
		string(quoted[1 : len(quoted)-1]), strings.ReplaceAll(value, "/", `\/`),
	}
	slices.Sort(all)
	var words [][]byte
	for _, s := range slices.Compact(all) {
		words = append(words, []byte(strings.ToLower(s)))
	}
	return words
}

// stepNames returns the names that the sender chose in a step, such as the
// keys of a JSON pointer.
func stepNames(step string) []string {
	kind, rest, ok := strings.Cut(step, ":")
	if !ok {
		return nil
	}
	if kind == "json" {
		return strings.Split(strings.TrimPrefix(rest, "/"), "/")
	}
	return []string{rest}
}

var fieldName = regexp.MustCompile(`^([$@_]{0,2}[A-Za-z][A-Za-z_$.-]{0,31}[0-9]{0,2}|[0-9]{1,4})$`)

// isIndex reports whether a name is a number, as places in a list have.
func isIndex(name string) bool { return name != "" && strings.Trim(name, "0123456789") == "" }

// isFieldName reports whether a name looks as if a programmer gave it, and not
// like data that somebody used as a key.
func isFieldName(name string) bool { return fieldName.MatchString(name) }

// step returns a step with the names in it that may be data masked.
func (m masker) step(step string) string {
	kind, rest, ok := strings.Cut(step, ":")
	if m.reveal || !ok {
		return step
	}
	names := strings.Split(rest, "/")
	for i, n := range names {
		if n != "" && !isFieldName(n) {
			names[i] = dots([]byte(n))
		}
	}
	return kind + ":" + strings.Join(names, "/")
}

// trail returns a trail with its steps masked.
func (m masker) trail(t audit.Trail) string {
	steps := make(audit.Trail, len(t))
	for i, s := range t {
		steps[i] = m.step(s)
	}
	return steps.String()
}

// text returns captured text with all masked that may not be shown.
func (m masker) text(s string) string {
	var b strings.Builder
	data := []byte(s)
	for _, part := range m.split(data, nil) {
		b.WriteString(m.show(data[part.Start:part.End], part.clear))
	}
	return b.String()
}

// address returns a URL with all but scheme, host and what may be shown masked.
func (m masker) address(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if m.reveal || !ok || !isFieldName(scheme) {
		return m.text(s)
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	host := rest[strings.LastIndexByte(rest[:end], '@')+1 : end] // a password may stand before it
	return printable([]byte(scheme+"://"+host)) + m.text(rest[end:])
}

// show returns bytes as text, in clear or masked.
func (m masker) show(data []byte, clear bool) string {
	if clear || m.reveal {
		return printable(data)
	}
	return dots(data)
}

// A part is a range of bytes that is clear or masked as a whole.
type part struct {
	audit.Span
	clear bool
}

// split cuts data into parts. The spans of more are clear besides what the
// masker knows.
func (m masker) split(data []byte, more []audit.Span) []part {
	if m.reveal {
		return []part{{audit.Span{End: len(data)}, true}}
	}
	var parts []part
	at := 0
	for _, s := range union(append(m.find(data), more...)) {
		s.Start, s.End = max(s.Start, at), min(s.End, len(data))
		if s.Start >= s.End {
			continue
		}
		if s.Start > at {
			parts = append(parts, part{audit.Span{Start: at, End: s.Start}, false})
		}
		parts = append(parts, part{s, true})
		at = s.End
	}
	if at < len(data) {
		parts = append(parts, part{audit.Span{Start: at, End: len(data)}, false})
	}
	return parts
}

// find returns where words and names stand in data.
func (m masker) find(data []byte) []audit.Span {
	lower := lowerASCII(data)
	var spans []audit.Span
	each := func(word []byte, whole bool) {
		for at := 0; ; {
			i := bytes.Index(lower[at:], word)
			if i < 0 {
				return
			}
			s := audit.Span{Start: at + i, End: at + i + len(word)}
			if !whole || standsAlone(lower, s) {
				spans = append(spans, s)
			}
			at = s.Start + 1
		}
	}
	for _, w := range m.words {
		each(w, false)
	}
	for _, n := range m.names {
		each(n, true)
	}
	return spans
}

func standsAlone(data []byte, s audit.Span) bool {
	return (s.Start == 0 || !inWord(data[s.Start-1])) && (s.End == len(data) || !inWord(data[s.End]))
}

func inWord(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= utf8.RuneSelf
}

// lowerASCII keeps offsets, as bytes.ToLower does not.
func lowerASCII(data []byte) []byte {
	lower := bytes.Clone(data)
	for i, c := range lower {
		if c >= 'A' && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return lower
}

// union sorts spans and joins those that touch.
func union(spans []audit.Span) []audit.Span {
	slices.SortFunc(spans, func(a, b audit.Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	var joined []audit.Span
	for _, s := range spans {
		if last := len(joined) - 1; last >= 0 && s.Start <= joined[last].End {
			joined[last].End = max(joined[last].End, s.End)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// structure are the characters that are left standing in masked text, so that
// its form can be seen.
const structure = " \n{}[]\":,=&?;/\\<>%+_.@#()"

// maxDots is the length of a masked word; longer words look no longer.
const maxDots = 8

// dots masks text: words become dots, the structure stays.
func dots(data []byte) string {
	var b strings.Builder
	run := 0
	for _, r := range string(data) {
		if strings.ContainsRune(structure, r) {
			b.WriteRune(r)
			run = 0
			continue
		}
		if run++; run <= maxDots {
			b.WriteRune('•')
		}
	}
	return b.String()
}

// printable writes bytes as text. What would not show, or would change how the
// text around it shows, is written out.
func printable(data []byte) string {
	var b strings.Builder
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		switch {
		case r == utf8.RuneError && n == 1, r < ' ' && r != '\n' && r != '\t':
			b.WriteString(`\x` + hexByte(data[0]))
		case r == '\n', r == '\t', unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(quoteRune(r), "'"))
		}
		data = data[n:]
	}
	return b.String()
}
