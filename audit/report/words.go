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
	Class  string // in page.css
	Means  string
	ansi   string
}

// resultWords lists the results, the weightiest first.
var resultWords = []resultWord{
	{audit.Refuted, "×", "refuted", "Something was seen that the claim says does not happen. The evidence is shown, from the raw bytes on.", "1;31"},
	{audit.CannotTell, "?", "cannot-tell", "Something could not be read: an unknown encryption, a refused connection. It is not said to be clean.", "33"},
	{audit.NotTested, "–", "not-tested", "This experiment cannot show it; the reason is given.", "2"},
	{audit.Supported, "○", "supported", "Nothing against the claim was found in what was read. This is no proof: a bound says how often it could still happen unseen.", "32"},
}

// unjudged stands where no verdict was given.
var unjudged = resultWord{Result: "no verdict", Symbol: "·", Class: "not-tested", ansi: "2"}

func wordOf(r audit.Result) resultWord {
	for _, w := range resultWords {
		if w.Result == r {
			return w
		}
	}
	return unjudged
}

// A term is a word of the report with its meaning.
type term struct{ Word, Means string }

var terms = []term{
	{"arm", "One condition of the experiment: a mode of the software, with or without consent, with or without the specimen."},
	{"control", "The same software without the specimen, under the same conditions. What it sends is not the specimen's doing."},
	{"exhibit", "One thing that was caught: the address, the header or the body of a request, a message, a connection. Exhibits are numbered e1, e2 … in the order of the capture log."},
	{"finding", "What a piece of an exhibit gives away. Findings are numbered f1, f2 …"},
	{"run", "One repetition of an arm, with a new profile and new seeds."},
	{"seed", "A random value planted on purpose, different for every arm and run. Where it turns up it cannot be by chance."},
	{"specimen", "Software of the laboratory that behaves in a known way on purpose. It shows that the method finds what is there."},
	{"trail", "The steps from the raw bytes to what was found. Anyone can repeat them."},
}

func kindList(kinds []personal.Kind) []string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = k.Short()
	}
	return words
}

// stepWords says in plain words what a step of a trail did. A name that ends
// with a colon or a slash stands for all steps that begin so; the rest of the
// step is put behind the words.
var stepWords = []struct{ step, words string }{
	{"request.url", "the address of the request, as sent"},
	{"request.header", "the header of the request, as sent"},
	{"request.body", "the body of the request, as sent"},
	{"message.out", "a WebSocket message, as sent"},
	{"tunnel.out", "bytes sent through a tunnel"},
	{"form:", "form field "},
	{"query:", "query parameter "},
	{"path:", "path segment "},
	{"fragment", "the fragment of the address"},
	{"header:", "header field "},
	{"cookie:", "cookie "},
	{"json:", "JSON field "},
	{"percent", "percent-decoded"},
	{"base64", "base64-decoded"},
	{"hex", "hex-decoded"},
	{"gzip", "gunzipped"},
	{"zlib", "unzipped (zlib)"},
	{"deflate", "unzipped (deflate)"},
}

// stepWord says what a step did. An unknown step stands for itself.
func stepWord(step string) string {
	for _, w := range stepWords {
		if rest, ok := strings.CutPrefix(step, w.step); ok && (rest == "" || strings.HasSuffix(w.step, ":")) {
			return w.words + rest
		}
	}
	return step
}

// partWords names the parts of an exhibit in tables.
var partWords = map[string]string{
	"request.url":    "address",
	"request.header": "header",
	"request.body":   "body",
	"message.out":    "message",
	"tunnel.out":     "tunnel",
}

func partWord(part string) string {
	if w := partWords[part]; w != "" {
		return w
	}
	return part
}

// capital makes the first letter of a sentence a capital one.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 || r == utf8.RuneError {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}
