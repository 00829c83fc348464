package report

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"telltale/audit"
	"telltale/claims"
)

// flatten writes pieces as one line: <marks>, {gaps}.
func flatten(pieces []piece) string {
	var b strings.Builder
	for _, p := range pieces {
		switch {
		case p.Gap != "":
			b.WriteString("{" + p.Gap + "}")
		case p.Mark:
			b.WriteString("<" + p.Text + ">")
		default:
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

func TestExcerpt(t *testing.T) {
	const seed = "k3jd8fmq2x7vbn4t"
	c := Case{
		Seeds:    []audit.Seed{{Name: "s", Value: seed}},
		Findings: []audit.Finding{{Trail: audit.Trail{"request.body", "json:/user/url"}}},
		Parties:  []audit.Party{{Host: "sa.api.intl.miui.com"}},
	}
	tests := []struct {
		name, data string
		mark       audit.Span
		masked     string
		clear      string
	}{
		{
			"seed in JSON", `{"user":{"name":"Erika","url":"/a/` + seed + `"}}`,
			audit.Span{Start: 34, End: 50},
			`{"user":{"••••":"•••••","url":"/•/<` + seed + `>"}}`,
			`{"user":{"name":"Erika","url":"/a/<` + seed + `>"}}`,
		},
		{"name inside a word", "curl url", audit.Span{}, "•••• url", "curl url"},
		{"host", "to sa.api.intl.miui.com:443", audit.Span{}, "•• sa.api.intl.miui.com:•••", "to sa.api.intl.miui.com:443"},
		{"upper case", strings.ToUpper(seed) + "A", audit.Span{End: 16}, "<" + strings.ToUpper(seed) + ">•", "<" + strings.ToUpper(seed) + ">A"},
		{"controls", "a\x1b[2J\u202eb\n\xffcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", audit.Span{}, "••[••••\n••••••••", "a\\x1b[2J\\u202eb\n\\xffcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"},
		{
			"binary", "\x1f\x8b\x08\x00\x00\xffabc",
			audit.Span{End: 9},
			"000000  <1f 8b 08 •• •• •• •• ••>  <...•••••>\n{1 byte left out}",
			"000000  <1f 8b 08 00 00 ff 61 62>  <......ab>\n000008  <63>                       <c>\n",
		},
		{"mark beyond the data", "ab", audit.Span{Start: -4, End: 99}, "<••>", "<ab>"},
		{"mark upside down", "ab", audit.Span{Start: 2, End: 1}, "••", "ab"},
		{"empty", "", audit.Span{}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for reveal, want := range map[bool]string{false: tt.masked, true: tt.clear} {
				c.Reveal = reveal
				data := []byte(tt.data)
				pieces, _ := newMasker(c).excerpt(data, tt.mark, sign(data, tt.mark))
				if got := flatten(pieces); got != want {
					t.Errorf("reveal %v:\n got %q\nwant %q", reveal, got, want)
				}
			}
		})
	}
}

// Whatever is left out, both ends of the mark are shown, and what is shown and
// what is left out are all the bytes.
func TestExcerptComplete(t *testing.T) {
	m := masker{reveal: true}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4000).Draw(t, "n")
		start := rapid.IntRange(0, n-1).Draw(t, "start")
		end := rapid.IntRange(start+1, n).Draw(t, "end")
		data := make([]byte, n)
		for i := range data {
			data[i] = byte('a' + i%26)
		}
		pieces, _ := m.excerpt(data, audit.Span{Start: start, End: end}, nil)
		shown, left, marked := "", 0, ""
		for _, p := range pieces {
			if p.Gap != "" {
				var gap int
				if _, err := fmt.Sscanf(strings.ReplaceAll(p.Gap, ",", ""), "%d", &gap); err != nil {
					t.Fatal(err)
				}
				left += gap
				continue
			}
			shown += p.Text
			if p.Mark {
				marked += p.Text
			}
		}
		if len(shown)+left != n {
			t.Errorf("%d shown + %d left out, want %d", len(shown), left, n)
		}
		mark := string(data[start:end])
		head := min(len(mark), 20)
		if !strings.HasPrefix(marked, mark[:head]) || !strings.HasSuffix(marked, mark[len(mark)-head:]) {
			t.Errorf("mark %q is shown as %q", mark, marked)
		}
	})
}

// Nothing but planted values comes through the mask: of a secret no two
// letters or digits stand together, wherever it is.
func TestMaskHides(t *testing.T) {
	const seed = "k3jd8fmq2x7vbn4t"
	m := newMasker(Case{Seeds: []audit.Seed{{Value: seed}}})
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.StringN(0, 200, -1).Draw(t, "before")
		after := rapid.StringN(0, 200, -1).Draw(t, "after")
		data := before + seed + after
		start := rapid.IntRange(0, len(data)).Draw(t, "start")
		end := rapid.IntRange(start, len(data)).Draw(t, "end")
		pieces, binary := m.excerpt([]byte(data), audit.Span{Start: start, End: end}, nil)
		var b strings.Builder
		for _, p := range pieces {
			if p.Gap == "" {
				b.WriteString(p.Text)
			}
		}
		if binary {
			return // TestMaskHidesBinary
		}
		got := b.String()
		if len(data) < 200 && !strings.Contains(got, seed) {
			t.Errorf("no seed in %q", got)
		}
		rest := strings.ReplaceAll(got, seed, "")
		for _, r := range rest {
			if unicode.IsLetter(r) && !strings.ContainsRune(seed, r) || unicode.IsNumber(r) && !strings.ContainsRune(seed, r) {
				t.Errorf("%q in %q", r, got)
			}
		}
	})
}

func TestMaskHidesBinary(t *testing.T) {
	m := newMasker(Case{Seeds: []audit.Seed{{Value: "k3jd8fmq2x7vbn4t"}}})
	data := []byte("\x01\x02\x03Mustermann\x04k3jd8fmq2x7vbn4t\x05\x06\x07\x08\x00\x00Erika")
	pieces, binary := m.excerpt(data, audit.Span{Start: 14, End: 30}, nil)
	got := flatten(pieces)
	if !binary || !strings.Contains(got, "k3") || !strings.Contains(got, "n4t") {
		t.Errorf("binary %v, %s", binary, got)
	}
	for _, secret := range []string{"Mu", "nn", "Er", "4d 75", "45 72"} {
		if strings.Contains(got, secret) {
			t.Errorf("%q in %s", secret, got)
		}
	}
}

func TestMaskAddress(t *testing.T) {
	c := Case{Seeds: []audit.Seed{{Value: "https://news.example/k3jd8fmq"}}}
	for in, want := range map[string]string{
		"https://a.example/Erika?u=https%3A%2F%2Fnews.example%2Fk3jd8fmq": "https://a.example/•••••?•=https%3A%2F%2Fnews.example%2Fk3jd8fmq",
		"wss://erika:pass@a.example":                                      "wss://a.example",
		"Erika":                                                           "•••••",
		"":                                                                "",
	} {
		if got := newMasker(c).address(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// A field name on the way to a finding is shown, data that is used as a key is not.
func TestMaskStep(t *testing.T) {
	for in, want := range map[string]string{
		"json:/0/properties/$url":        "json:/0/properties/$url",
		"json:/users/erika@post.example": "json:/users/•••••@••••.•••••••",
		"form:356938035643809":           "form:••••••••",
		"header:X-Device-Id":             "header:X-Device-Id",
		"gzip":                           "gzip",
	} {
		if got := (masker{}).step(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
		if got := (masker{reveal: true}).step(in); got != in {
			t.Errorf("%q revealed: %q", in, got)
		}
	}
}

// indexed makes the index of a case that has nothing wrong with it.
func indexed(t *testing.T, c Case) *index {
	t.Helper()
	x, err := newIndex(c)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestStepWord(t *testing.T) {
	x := indexed(t, Case{})
	for in, want := range map[string]string{
		"base64":                 "base64-decoded",
		"json:/0/properties/url": "JSON field /0/properties/url",
		"query:q":                "query parameter q",
		"base64url":              "base64url",
		"rot13":                  "rot13",
	} {
		if got := x.stepWord(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		n := rapid.IntRange(1, 20).Draw(t, "n")
		lines := wrap(s, n)
		for _, l := range lines {
			if len([]rune(l)) > n {
				t.Errorf("%q is longer than %d", l, n)
			}
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got, want := squeeze(strings.Join(lines, "")), string([]rune(squeeze(s))); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// The order of the evidence: private mode, certain, plain, deep, early.
func TestRanked(t *testing.T) {
	arm := func(name string, m claims.Mode) audit.Arm { return audit.Arm{Name: name, Mode: m, Software: "s"} }
	exhibit := func(id, arm string) audit.Exhibit { return audit.Exhibit{ID: id, Place: audit.Place{Arm: arm}} }
	x := indexed(t, Case{
		Case:     audit.Case{Arms: []audit.Arm{arm("n", claims.Normal), arm("p", claims.Private)}},
		Seeds:    []audit.Seed{{Name: "late", Arm: "n"}},
		Exhibits: []audit.Exhibit{exhibit("e1", "n"), exhibit("e2", "p"), exhibit("e3", "p")},
		Findings: []audit.Finding{
			{ID: "normal", Exhibit: "e1", Confidence: audit.Certain, Form: "plain", Trail: audit.Trail{"a", "b", "c", "d"}},
			{ID: "flushed", Exhibit: "e2", Seed: "late", Confidence: audit.Certain, Form: "plain", Trail: audit.Trail{"a"}},
			{ID: "second", Exhibit: "e3", Confidence: audit.Certain, Form: "plain", Trail: audit.Trail{"a", "b"}},
			{ID: "first", Exhibit: "e2", Confidence: audit.Certain, Form: "plain", Trail: audit.Trail{"a", "b"}},
			{ID: "shallow", Exhibit: "e2", Confidence: audit.Certain, Form: "plain", Trail: audit.Trail{"a"}},
			{ID: "digest", Exhibit: "e2", Confidence: audit.Certain, Form: "md5", Trail: audit.Trail{"a", "b", "c"}},
			{ID: "hint", Exhibit: "e2", Confidence: audit.Hint, Form: "plain", Trail: audit.Trail{"a", "b", "c"}},
		},
	})
	var got []string
	for _, f := range x.ranked([]string{"normal", "flushed", "hint", "digest", "shallow", "second", "first", "unknown"}) {
		got = append(got, f.ID)
	}
	if want := "first second shallow digest hint normal flushed"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
