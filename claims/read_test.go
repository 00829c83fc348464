package claims_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"telltale/claims"
	"telltale/personal"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Each wrong file has exactly the errors that stand below it.
func TestReadErrors(t *testing.T) {
	const golden = "testdata/errors.txt"
	old, err := txtar.ParseFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	now := &txtar.Archive{Comment: old.Comment}
	for _, f := range old.Files {
		stem, ok := strings.CutSuffix(f.Name, ".yaml")
		if !ok {
			continue
		}
		_, err := claims.Read(f.Name, bytes.NewReader(f.Data))
		if err == nil {
			t.Errorf("%s: no error", f.Name)
			continue
		}
		now.Files = append(now.Files, f, txtar.File{Name: stem + ".want", Data: []byte(err.Error() + "\n")})
	}
	if *update {
		if err := os.WriteFile(golden, txtar.Format(now), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(txtar.Format(old)), string(txtar.Format(now))); diff != "" {
		t.Error(diff)
	}
}

// Every rule and every key is read as it is meant.
func TestRead(t *testing.T) {
	const text = `
telltale: claims/v1
subject: {name: B, version: 3.40, publisher: P}
statements:
  - id: all
    quote: |
      two
      lines
    source: {url: "https://example.com/", date: 2020-05-02}
    asserts:
      - never: [behaviour/navigation/url, id]
        when: {mode: private, consent: none}
      - unlinked: [behaviour]
        to: [id/device]
      - aggregated: [behaviour]
      - aggregated: [behaviour]
        k: 20
      - confidential: {}
      - confidential: {kinds: [contact], transit: true}
      - only-to: {organisations: [P, Q], countries: [SG]}
      - rotates: id/install
        within: 36h
      - only-to: {organisations: [P], kinds: [contact]}
  - id: second
    asserts:
      - retained: {at-most: 25mo}
      - retained: {at-most: 2w}
      - retained: {at-most: 100y}
      - random: [id/install]
      - minimised: [behaviour/navigation/url]
      - one-place: [behaviour]
      - deleted: [behaviour]
        when: {mode: normal}
      - untestable: "read it: on the page"
`
	const day = 24 * time.Hour
	want := claims.File{
		Subject: claims.Subject{Name: "B", Version: "3.40", Publisher: "P"},
		Statements: []claims.Statement{{
			ID: "all", Quote: "two\nlines", Source: claims.Source{URL: "https://example.com/", Date: "2020-05-02"},
			Asserts: []claims.Assertion{
				{"all/1", claims.Condition{Mode: claims.Private, Consent: claims.None}, claims.Never{ks("behaviour/navigation/url", "id")}},
				{"all/2", claims.Condition{}, claims.Unlinked{ks("behaviour"), ks("id/device")}},
				{"all/3", claims.Condition{}, claims.Aggregated{ks("behaviour"), 0}},
				{"all/4", claims.Condition{}, claims.Aggregated{ks("behaviour"), 20}},
				{"all/5", claims.Condition{}, claims.Confidential{}},
				{"all/6", claims.Condition{}, claims.Confidential{Kinds: ks("contact"), Transit: true}},
				{"all/7", claims.Condition{}, claims.OnlyTo{Organisations: []string{"P", "Q"}, Countries: []string{"SG"}}},
				{"all/8", claims.Condition{}, claims.Rotates{"id/install", 36 * time.Hour}},
				{"all/9", claims.Condition{}, claims.OnlyTo{Organisations: []string{"P"}, Kinds: ks("contact")}},
			},
		}, {
			ID: "second",
			Asserts: []claims.Assertion{
				{"second/1", claims.Condition{}, claims.Retained{750 * day}},
				{"second/2", claims.Condition{}, claims.Retained{14 * day}},
				{"second/3", claims.Condition{}, claims.Retained{36500 * day}},
				{"second/4", claims.Condition{}, claims.Random{ks("id/install")}},
				{"second/5", claims.Condition{}, claims.Minimised{ks("behaviour/navigation/url")}},
				{"second/6", claims.Condition{}, claims.OnePlace{ks("behaviour")}},
				{"second/7", claims.Condition{Mode: claims.Normal}, claims.Deleted{ks("behaviour")}},
				{"second/8", claims.Condition{}, claims.Untestable{"read it: on the page"}},
			},
		}},
	}
	got, err := claims.Read("test.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What cannot be written into a golden file.
func TestReadHostile(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"too large", strings.Repeat("#\n", 1<<19) + "#", "h.yaml:1:1: a claims file of more than 1048576 bytes; take out what is no claim"},
		{"not UTF-8", "telltale:\n  ü\xff", `h.yaml:2:4: byte 0xff is not UTF-8; save the file as UTF-8`},
		{"deep", strings.Repeat("[", 1<<20), "h.yaml:1:17: more than 16 levels; see the description of the format"},
		{"deep in lines", strings.Repeat("[ #]\n", 1<<17), "h.yaml:17:1: more than 16 levels; see the description of the format"},
		{"dashes", strings.Repeat("- ", 1<<19), "h.yaml:1:33: more than 16 levels; see the description of the format"},
		{"bomb", "a: &a [x]\nb: &b [*a,*a]\n", "h.yaml:1:4: an anchor, alias or merge key; write it out"},
	}
	for _, test := range tests {
		_, err := claims.Read("h.yaml", strings.NewReader(test.in))
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: got %v want %s", test.name, err, test.want)
		}
	}
	broken := errors.New("broken disk")
	if _, err := claims.Read("h.yaml", iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v want %v", err, broken)
	}
}

// What would take long to compare is refused, and says where.
func TestReadBounds(t *testing.T) {
	var kinds []string
	for _, k := range personal.Kinds() {
		kinds = append(kinds, string(k))
	}
	list := strings.Join(kinds, ", ")
	const head = "telltale: claims/v1\nsubject: {name: B}\nstatements:\n  - id: a\n    asserts:\n"
	for name, c := range map[string]struct{ text, want string }{
		"pairs":         {head + strings.Repeat("      - {unlinked: ["+list+"], to: ["+list+"]}\n", 10), "more than 5000 promises, counted by kinds; name coarser kinds, or split the file"},
		"assertions":    {head + strings.Repeat("      - never: [id]\n", 1001), "a list of more than 1000 assertions; split it"},
		"organisations": {head + "      - only-to: {organisations: [" + strings.Repeat("A, ", 1000) + "B]}\n", "a list of more than 1000 organisations; split it"},
	} {
		_, err := claims.Read("b.yaml", strings.NewReader(c.text))
		if err == nil || !strings.HasPrefix(err.Error(), "b.yaml:") || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%s: got %.200v want %s", name, err, c.want)
		}
	}
}

// An error has at most ten lines.
func TestReadManyErrors(t *testing.T) {
	var b strings.Builder
	b.WriteString("telltale: claims/v1\nsubject: {name: B}\nstatements:\n")
	for range 50 {
		b.WriteString("  - id: A\n    asserts: [never: [id]]\n")
	}
	_, err := claims.Read("m.yaml", strings.NewReader(b.String()))
	if err == nil || strings.Count(err.Error(), "\n") != 9 {
		t.Errorf("got %v", err)
	}
}

// Every builtin is read, and says the same when another YAML encoder has
// written it anew.
func TestBuiltins(t *testing.T) {
	if diff := cmp.Diff([]string{"browser-baseline", "cnil-audience", "collect-example", "mint-2020", "mint-2020-update", "miui-2020"}, claims.Builtins()); diff != "" {
		t.Error(diff)
	}
	for _, name := range claims.Builtins() {
		file, text, ok := claims.Builtin(name)
		if !ok {
			t.Fatalf("%s: not there", name)
		}
		checkFile(t, file)
		var v any
		if err := yaml.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		again, err := yaml.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := claims.Read(name, bytes.NewReader(again))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(file, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if _, _, ok := claims.Builtin("no-such"); ok {
		t.Error("a builtin that is not there")
	}
}

var oneProblem = regexp.MustCompile(`^fuzz\.yaml:[1-9]\d*:[1-9]\d*: \S[^\n]*; \S[^\n]*$`)

func FuzzRead(f *testing.F) {
	for _, name := range claims.Builtins() {
		_, text, _ := claims.Builtin(name)
		f.Add(text)
	}
	errs, err := txtar.ParseFile("testdata/errors.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range errs.Files {
		f.Add(file.Data)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		file, err := claims.Read("fuzz.yaml", bytes.NewReader(in))
		if err == nil {
			checkFile(t, file)
			return
		}
		for line := range strings.SplitSeq(err.Error(), "\n") {
			if !oneProblem.MatchString(line) {
				t.Errorf("not of the form: %q", line)
			}
		}
	})
}
