package report

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language/display"
)

//go:embed words
var wordFiles embed.FS

// A language is all that a report needs to be written in one.
type language struct {
	tag     string // of BCP 47
	name    string // what its speakers call it
	comma   string // between the words of a list
	and     string // between two words that belong together
	words   func() map[string]string
	phrases func() *phrasebook // what other stages say; nil: they speak this language
	regions display.Namer
	stamp   string // of a time, for package time
	stop    string // between two sentences
	period  string // at the end of a sentence, with stop
}

// languages is the table; the first is the one that all stages speak.
var languages = []language{
	{
		tag: "en", name: "English", comma: ", ", and: " and ", stamp: "2 January 2006, 15:04:05 UTC", stop: " ", period: ". ",
		regions: display.English.Regions(),
		words:   sync.OnceValue(func() map[string]string { return readWords("words/en.txt") }),
	},
	{
		tag: "zh", name: "中文", comma: "、", and: "和", stamp: "2006年1月2日 15:04:05 UTC", stop: "", period: "。",
		regions: display.Chinese.Regions(),
		words:   sync.OnceValue(func() map[string]string { return readWords("words/zh.txt") }),
		phrases: sync.OnceValue(func() *phrasebook { return readPhrases("words/phrases-zh.txt", "、", "；") }),
	},
}

// Languages returns the tags of the languages that reports for people can be
// written in. The first is the one without [Case.Lang].
func Languages() []string {
	tags := make([]string, len(languages))
	for i, l := range languages {
		tags[i] = l.tag
	}
	return tags
}

func languageOf(tag string) (*language, error) {
	if tag == "" {
		return &languages[0], nil
	}
	i := slices.IndexFunc(languages, func(l language) bool { return l.tag == tag })
	if i < 0 {
		return nil, fmt.Errorf("language %q is not known; there are %s", tag, strings.Join(Languages(), ", "))
	}
	return &languages[i], nil
}

// readWords reads a table of words, one of our own files.
func readWords(name string) map[string]string {
	words := make(map[string]string)
	for line := range strings.Lines(ownFile(name)) {
		key, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if key != "" && key != "#" {
			words[key] = text
		}
	}
	return words
}

func ownFile(name string) string {
	data, err := fs.ReadFile(wordFiles, name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(data)
}

// say returns the words of a key with args put in: strings as they are, numbers
// with commas. A key that is missing stands for itself; a test finds it.
func (l *language) say(key string, args ...any) string {
	text, ok := l.words()[key]
	if !ok {
		return key
	}
	return fill(text, args)
}

// known is say for a key that is made of what others wrote: otherwise stands for
// one that the language has not.
func (l *language) known(key, otherwise string, args ...any) string {
	if _, ok := l.words()[key]; !ok {
		return otherwise
	}
	return l.say(key, args...)
}

// fill puts args into the places {0}, {1} …, and chooses between the words of
// {0|one|many}, which may hold places themselves.
func fill(text string, args []any) string {
	var b strings.Builder
	for {
		at := strings.IndexByte(text, '{')
		if at < 0 {
			b.WriteString(text)
			return b.String()
		}
		end := closing(text, at)
		b.WriteString(text[:at])
		b.WriteString(filled(text[at+1:end], args))
		text = text[end+1:]
	}
}

// closing returns where the brace at a place of text is closed; the words are
// our own, and a test fills in all of them.
func closing(text string, at int) int {
	depth := 0
	for i := at; i < len(text); i++ {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(text) - 1
}

// filled returns what stands in one place of a text.
func filled(inside string, args []any) string {
	number, words, choice := strings.Cut(inside, "|")
	i, err := strconv.Atoi(number)
	if err != nil || i >= len(args) {
		return "{" + inside + "}"
	}
	if !choice {
		return shown(args[i])
	}
	one, many, _ := strings.Cut(words, "|")
	if fmt.Sprint(args[i]) == "1" {
		return fill(one, args)
	}
	return fill(many, args)
}

func shown(arg any) string {
	switch v := arg.(type) {
	case int:
		return thousands(v)
	case int64:
		return thousands(v)
	default:
		return fmt.Sprint(v)
	}
}

// rich returns the words of a key that have **bold**, ==marked== and `code`
// in them. What is put in is escaped, and is never taken for a mark.
func (l *language) rich(key string, args ...any) template.HTML {
	text := template.HTMLEscapeString(l.words()[key])
	for _, m := range []struct{ sign, open, end string }{{"**", "<b>", "</b>"}, {"==", "<mark>", "</mark>"}, {"`", "<code>", "</code>"}} {
		for i := 0; strings.Contains(text, m.sign); i++ {
			text = strings.Replace(text, m.sign, []string{m.open, m.end}[i%2], 1)
		}
	}
	for i, a := range args {
		args[i] = template.HTMLEscapeString(shown(a))
	}
	return template.HTML(fill(text, args)) //nolint:gosec // our own words, and what is put in is escaped
}

// list joins words.
func (l *language) list(words []string) string { return strings.Join(words, l.comma) }

// time writes a time the same way wherever the reader is.
func (l *language) time(t time.Time) string {
	if t.IsZero() {
		return l.say("no-time")
	}
	return t.UTC().Format(l.stamp)
}

// lasted writes how long something took, in seconds below an hour.
func (l *language) lasted(d time.Duration) string {
	seconds := int(d.Round(time.Second) / time.Second)
	switch {
	case seconds < 60:
		return l.say("duration.seconds", seconds)
	case seconds < 3600:
		return l.say("duration.minutes", seconds/60, seconds%60)
	default:
		return l.say("duration.hours", seconds/3600, seconds/60%60)
	}
}

// bytes writes a size as a person would say it.
func (l *language) bytes(n int64) string {
	switch {
	case n < 10_000:
		return l.say("n.bytes", n)
	case n < 10_000_000:
		return l.say("n.kilobytes", n/1000)
	default:
		return l.say("n.megabytes", n/1_000_000)
	}
}

// A said is text that may be in another language than the page.
type said struct {
	Text string
	Lang string // empty: that of the page
}

// String returns the text.
func (s said) String() string { return s.Text }

// phrase returns what another stage said in the language of the report, or as
// it is if the phrasebook has it not.
func (l *language) phrase(text string) said {
	if l.phrases == nil || text == "" {
		return said{Text: text}
	}
	if own, ok := l.phrases().sentences(text, l.stop); ok {
		return said{Text: own}
	}
	return said{text, languages[0].tag}
}

// word is phrase for a word that stands among others: as it is if it is not known.
func (l *language) word(text string) string { return l.phrase(text).Text }
