package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"telltale/anonymity"
	"telltale/anonymity/report"
	"telltale/audit"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const secret = "+4915112345678"

// sample is a report that has one of everything, with names that try to break
// out of it.
func sample() report.Report {
	rate := anonymity.Rate{Share: 0.25, Low: 0.2, High: 0.3, N: 1234}
	guess := anonymity.Rate{Share: 0.1, Low: 0.1, High: 0.1, N: 1234}
	gain := anonymity.Gain(rate, guess)
	nasty := `a"><script>alert(1)</script>` + "\x1b[31m\u202e"
	m := anonymity.Measures()
	return report.Report{
		Tool: "telltale devel", Files: []report.File{{Name: nasty, SHA256: "00ff"}}, Rows: 5000, Subjects: 1234, Untimed: 2, Nobody: 3, Unknown: 4, Seed: 7, K: 20,
		Columns: []report.Column{{Name: nasty, Role: anonymity.Quasi, Guessed: true}, {Name: "id", Role: anonymity.Subject}},
		Results: []anonymity.Result{
			{
				Measure: m[0],
				Attacks: []anonymity.Attack{{ID: "a", Name: "Trying " + nasty, Rate: rate, Of: "subjects", Guess: &guess, Gain: &gain}},
				Figures: []anonymity.Figure{{ID: "f", Name: nasty, Value: anonymity.Number(math.Inf(1)), Unit: "bits", Note: nasty}},
				Grids:   []anonymity.Grid{{Title: nasty, Head: []string{"column", "share"}, Rows: [][]string{{nasty, "12.0 %"}}}},
				Pictures: []anonymity.Picture{
					{Title: nasty, Curves: []anonymity.Curve{{Name: nasty, X: []int{1, 2}, Points: []anonymity.Rate{rate, rate}}, {Name: "empty"}}, Axes: [2]string{"x", "y"}},
					{Title: "bars", Histogram: []anonymity.Bar{{Name: "1", Count: 3, Risk: true}, {Name: "2–3", Count: 9}}},
					{Title: "heat", Heat: &anonymity.Heat{Columns: []string{nasty}, Rows: []string{"day", "week"}, Cells: [][]anonymity.Rate{{rate}, {{}}}}},
				},
				Notes:    []string{nasty},
				Examples: []anonymity.Example{{Column: "phone", Form: "sha256", Value: audit.NewSecret([]byte(secret))}},
			},
			{Measure: m[1], Skipped: "there is nothing of it"},
		},
		Verdicts: []report.Verdict{{Assertion: "s/1", Words: "never " + nasty, Result: audit.Refuted, Says: "It does."}},
	}
}

func render(t *testing.T, write func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func all(t *testing.T, r report.Report) map[string]string {
	return map[string]string{
		"text": render(t, func(b *bytes.Buffer) error { return report.Text(b, r) }),
		"json": render(t, func(b *bytes.Buffer) error { return report.JSON(b, r) }),
		"html": render(t, func(b *bytes.Buffer) error { return report.HTML(b, r) }),
	}
}

// What was brought to light is shown to those who ask for it, and to nobody
// else.
func TestReveal(t *testing.T) {
	r := sample()
	for format, out := range all(t, r) {
		if strings.Contains(out, secret) {
			t.Errorf("%s shows a value", format)
		}
	}
	r.Reveal = true
	for format, out := range all(t, r) {
		if !strings.Contains(html.UnescapeString(out), secret) {
			t.Errorf("%s does not reveal", format)
		}
	}
}

// Names of columns and files stay text: no control bytes, no elements.
func TestNames(t *testing.T) {
	out := all(t, sample())
	for _, format := range []string{"text", "html"} {
		if strings.ContainsAny(out[format], "\x1b\u202e") {
			t.Errorf("%s passes control characters on", format)
		}
	}
	z := html.NewTokenizer(strings.NewReader(out["html"]))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		token := z.Token()
		if token.Data == "script" && kind != html.TextToken {
			t.Error("the page has a script")
		}
		for _, a := range token.Attr {
			if strings.HasPrefix(a.Key, "on") || (a.Key == "src" || a.Key == "href") && !strings.HasPrefix(a.Val, "#") {
				t.Errorf("<%s %s=%q>", token.Data, a.Key, a.Val)
			}
		}
	}
}

// The page has the parts that it announces, each with its words.
func TestPage(t *testing.T) {
	out := all(t, sample())["html"]
	for _, want := range []string{
		`id="verdicts"`, `id="short"`, `id="identifiers"`, "Roles of columns were guessed", "25.0\u00a0%", "1,234 subjects", "Assumes", "Cannot say",
		"What one value tells was not measured: there is nothing of it", `class="curve c0"`, `class="bar risk"`, `class="heat"`, "2 rows whose time could not be read",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	for _, never := range []string{"NaN", "is anonymous<", "%!"} {
		if strings.Contains(out, never) {
			t.Errorf("the page has %q", never)
		}
	}
}

func TestJSON(t *testing.T) {
	var got struct {
		Results []struct {
			Figures []struct{ Value *float64 }
			Attacks []struct{ Rate, Gain anonymity.Rate }
		}
	}
	if err := json.Unmarshal([]byte(all(t, sample())["json"]), &got); err != nil {
		t.Fatal(err)
	}
	if got.Results[0].Figures[0].Value != nil || got.Results[0].Attacks[0].Rate.N != 1234 || got.Results[0].Attacks[0].Gain.Share == 0 {
		t.Errorf("%+v", got)
	}
}

func TestTextGolden(t *testing.T) {
	got := all(t, sample())["text"]
	path := filepath.Join("testdata", "sample.txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
