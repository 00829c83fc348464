package report

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"telltale/personal"
)

// keyed reads a table of words in the order of its file.
func keyed(t *testing.T, name string) (keys []string, words map[string]string) {
	t.Helper()
	words = make(map[string]string)
	for line := range strings.Lines(ownFile(name)) {
		key, text, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if key == "" || key == "#" {
			continue
		}
		if !ok || text == "" || text != strings.TrimSpace(text) {
			t.Errorf("%s: %s has no words, or spaces around them", name, key)
		}
		if _, twice := words[key]; twice {
			t.Errorf("%s: %s twice", name, key)
		}
		words[key] = text
		keys = append(keys, key)
	}
	return keys, words
}

var places = regexp.MustCompile(`\{[0-9]`)

// Every language has the words of every other, with the same places in them.
func TestLanguagesComplete(t *testing.T) {
	keys, english := keyed(t, "words/en.txt")
	for _, l := range languages[1:] {
		others, words := keyed(t, "words/"+l.tag+".txt")
		for _, key := range keys {
			if words[key] == "" {
				t.Errorf("%s has no %s", l.tag, key)
			}
			got, want := places.FindAllString(words[key], -1), places.FindAllString(english[key], -1)
			slices.Sort(got)
			slices.Sort(want)
			if got, want := slices.Compact(got), slices.Compact(want); !slices.Equal(got, want) {
				t.Errorf("%s, %s: places %v, want %v", l.tag, key, got, want)
			}
		}
		for _, key := range others {
			if english[key] == "" {
				t.Errorf("%s has %s, English has not", l.tag, key)
			}
		}
	}
}

// Each key is used, and each used key is there.
func TestWordsUsed(t *testing.T) {
	used := make(map[string]bool)
	inTemplate, inCode := regexp.MustCompile(`(?:say|rich) \(?"([a-z0-9.-]+)"`), regexp.MustCompile(`(?:say|known)\("([a-z0-9.-]+)"`)
	for _, source := range sources(t) {
		for _, re := range []*regexp.Regexp{inTemplate, inCode} {
			for _, m := range re.FindAllStringSubmatch(source, -1) {
				used[m[1]] = used[m[1]] || !strings.HasSuffix(m[1], ".") // the rest is put behind it
			}
		}
	}
	keys, words := keyed(t, "words/en.txt")
	for key := range used {
		if used[key] && words[key] == "" {
			t.Errorf("%s is used and has no words", key)
		}
	}
	// These are put together of a beginning and what facts say.
	made := []string{"role.", "result.", "means.", "term.", "mode.", "consent.", "when.", "part.", "step.", "action.", "target.", "basis.", "confidence.", "limit.", "banner"}
	for _, key := range keys {
		if !used[key] && !slices.ContainsFunc(made, func(m string) bool { return strings.HasPrefix(key, m) }) {
			t.Errorf("%s is not used", key)
		}
	}
}

// Every kind of personal data has a name and a meaning in every language.
func TestKindsInAllLanguages(t *testing.T) {
	for _, l := range languages[1:] {
		for _, k := range personal.Kinds() {
			for _, text := range []string{k.Short(), k.Meaning()} {
				if said := l.phrase(text); said.Lang != "" {
					t.Errorf("words/phrases-%s.txt has no %q, of the kind %s: add it", l.tag, text, k)
				}
			}
		}
	}
}

func TestSay(t *testing.T) {
	l := &languages[0]
	for _, tt := range []struct {
		key  string
		args []any
		want string
	}{
		{"n.requests", []any{1}, "1 request"},
		{"n.requests", []any{1234567}, "1,234,567 requests"},
		{"tally", []any{1, "x"}, "of 1 claim: x"},
		{"tally", []any{2, "{0} {1}"}, "of 2 claims: {0} {1}"},
		{"no such key", nil, "no such key"},
		{"more.problems", []any{int64(1)}, "and 1 problem more in facts.jsonl"},
	} {
		if got := l.say(tt.key, tt.args...); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.key, got, tt.want)
		}
	}
	if got, want := string(l.rich("footer", "<b>**x**")), "&lt;b&gt;**x**"; !strings.Contains(got, want) || !strings.Contains(got, "<code>telltale verify</code>") {
		t.Errorf("got %q, want %q in it", got, want)
	}
}

// Sentences of other stages, with holes, lists, and both together.
func TestPhrase(t *testing.T) {
	l, err := languageOf("zh")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"Page address and search words sent in private mode to a.example (A and B) and c.example in 2 of 3 runs, 9 records.": "网页地址、搜索词在隐私模式下被发送到 a.example (A and B)、c.example，3 次运行中的 2 次，9 条记录。",
		"Nothing against it: 1 value planted, 9 requests read, 0 of 3 runs; the true rate may still be up to 63% of runs.":   "没有与之相悖之处：植入 1 个值，读取 9 个请求，3 次运行中 0 次；真实发生率仍可能高达 63% 的运行。",
		"ANDROID_ID, account and 8 more sent to h.example in 1 of 1 runs, 1 record.":                                         "ANDROID_ID、账号、另外 8 项被发送到 h.example，1 次运行中的 1 次，1 条记录。",
		"an id that a device keeps, whatever is deleted":                                                                     "无论删除什么，设备都保留的标识符",
		"the same value in 3 requests and 2 starts of the program; it joins normal and private mode":                         "同一个值出现在 3 个请求和程序的 2 次启动中；它把普通模式与隐私模式联系起来",
	} {
		if got := l.phrase(in); got.Text != want || got.Lang != "" {
			t.Errorf("%s\n got %q in %q\nwant %q", in, got.Text, got.Lang, want)
		}
	}
	for _, unknown := range []string{"Something new was seen.", "page address. Something new.", strings.Repeat("page address, ", 1000)} {
		if got := l.phrase(unknown); got.Text != unknown || got.Lang != "en" {
			t.Errorf("%.40q: got %.40q in %q", unknown, got.Text, got.Lang)
		}
	}
}

// No text takes the phrasebook long, and English stays as it is.
func FuzzPhrase(f *testing.F) {
	for _, s := range []string{"", "a", "x, y and z; a or b", "((((", "{} {1} {#}", "never sends never sends never sends", strings.Repeat("in 1 of 1 runs, ", 120), strings.Repeat("a and ", 300)} {
		f.Add(s)
	}
	zh, err := languageOf("zh")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := languages[0].phrase(s); got.Text != s || got.Lang != "" {
			t.Errorf("English %q became %q", s, got.Text)
		}
		if got := zh.phrase(s); got.Lang == "en" && got.Text != s {
			t.Errorf("%q was not known, and became %q", s, got.Text)
		}
		parts := listed(s)
		for i := range parts[1:] {
			if parts[i].End > parts[i+1].Start {
				t.Errorf("%q: the words overlap: %v", s, parts)
			}
		}
	})
}

// sources returns the text of the templates and of the code of this package.
func sources(t *testing.T) []string {
	t.Helper()
	var texts []string
	for _, glob := range []string{"page/*.html", "*.go"} {
		names, err := filepath.Glob(glob)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v, %v", glob, names, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(data))
		}
	}
	return texts
}
