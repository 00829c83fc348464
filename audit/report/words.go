package report

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"telltale/audit"
	"telltale/personal"
)

// A resultWord is how a result looks: never by colour alone.
type resultWord struct {
	Result audit.Result
	Symbol string
	Class  string // in page.css; "result." and "means." before it are its words
	ansi   string
}

// resultWords lists the results, the weightiest first.
var resultWords = []resultWord{
	{audit.Refuted, "×", "refuted", "1;31"},
	{audit.CannotTell, "?", "cannot-tell", "33"},
	{audit.NotTested, "–", "not-tested", "2"},
	{audit.Supported, "○", "supported", "32"},
}

// unjudged stands where no verdict was given.
var unjudged = resultWord{Result: "no verdict", Symbol: "·", Class: "none", ansi: "2"}

func wordOf(r audit.Result) resultWord {
	for _, w := range resultWords {
		if w.Result == r {
			return w
		}
	}
	return unjudged
}

// terms are the words that the report explains, by their keys.
var terms = []string{"arm", "control", "exhibit", "finding", "run", "seed", "specimen", "trail"}

// kindWords names kinds in the language of the report.
func (x *index) kindWords(kinds []personal.Kind) []string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = x.kindWord(k)
	}
	return words
}

func (x *index) kindWord(k personal.Kind) string { return x.lang.word(k.Short()) }

// stepWord says in plain words what a step of a trail did. An unknown step
// stands for itself.
func (x *index) stepWord(step string) string {
	if kind, rest, ok := strings.Cut(step, ":"); ok {
		if words := x.lang.known("step."+kind, step, rest); strings.Contains(words, rest) {
			return words
		}
		return step
	}
	return x.lang.known("step."+step, step)
}

// partWord names a part of an exhibit.
func (x *index) partWord(part string) string { return x.lang.known("part."+part, part) }

// capital makes the first letter of a sentence a capital one.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 || r == utf8.RuneError {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}
