package report_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"telltale/audit"
	"telltale/audit/report"
	"telltale/claims"
)

func page(t testing.TB, c report.Case) (string, *html.Node) {
	t.Helper()
	var b bytes.Buffer
	if err := report.HTML(&b, c); err != nil {
		t.Fatal(err)
	}
	doc, err := html.Parse(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), doc
}

// all returns the elements that keep accepts, in the order of the page.
func all(doc *html.Node, keep func(*html.Node) bool) []*html.Node {
	var found []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && keep(n) {
			found = append(found, n)
		}
	}
	return found
}

func named(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return n.Data == name }
}

func classed(name, class string) func(*html.Node) bool {
	return func(n *html.Node) bool {
		return n.Data == name && slices.Contains(strings.Fields(attr(n, "class")), class)
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func TestHTMLVerdicts(t *testing.T) {
	_, doc := page(t, fixture())
	if got := text(all(doc, named("h1"))[0]); got != "Mint Browser 3.4.0 (Xiaomi)" {
		t.Errorf("title %q", got)
	}
	tallies := text(all(doc, classed("ul", "tallies"))[0])
	want := "Subject chromium + mint-2020: of 8 claims: 4 refuted, 1 cannot tell, 1 not tested, 2 supported " +
		"(mint-2020 is a specimen of the laboratory) Control chromium: of 8 claims: 1 cannot tell, 1 not tested, 6 supported"
	if tallies != want {
		t.Errorf("tallies\n got %q\nwant %q", tallies, want)
	}
	table := all(doc, classed("table", "verdicts"))[0]
	var got []string
	for _, cell := range all(table, classed("span", "result")) {
		got = append(got, text(cell))
	}
	wantResults := []string{
		"× refuted", "○ supported", "× refuted", "○ supported", "○ supported", "○ supported", "× refuted", "○ supported",
		"× refuted", "○ supported", "○ supported", "○ supported", "– not tested", "– not tested", "? cannot tell", "? cannot tell",
	}
	if !slices.Equal(got, wantResults) {
		t.Errorf("results %q", got)
	}
	if n := len(all(table, named("q"))); n != 7 {
		t.Errorf("%d quotations, want 7", n)
	}
}

func TestHTMLEvidence(t *testing.T) {
	_, doc := page(t, fixture())
	articles := all(doc, named("article"))
	if len(articles) != 4 {
		t.Fatalf("%d sections of evidence, want one for each refuted claim, 4", len(articles))
	}
	var steps []string
	for _, caption := range all(articles[0], named("figcaption")) {
		steps = append(steps, text(all(caption, named("b"))[0]))
	}
	want := []string{
		"1. The body of the request, as sent", "2. Form field data_list", "3. Percent-decoded", "4. Base64-decoded",
		"5. Gunzipped", "6. JSON field /0/properties/url",
	}
	if !slices.Equal(steps, want) {
		t.Errorf("steps %q", steps)
	}
	seed := seedNamed(t, fixture(), "private/1/article-1")
	pres := all(articles[0], named("pre"))
	for i, pre := range pres {
		if len(all(pre, named("mark"))) == 0 {
			t.Errorf("layer %d has no mark: %s", i+1, text(pre))
		}
	}
	if got := text(all(pres[5], named("mark"))[0]); got != seed {
		t.Errorf("match %q, want %q", got, seed)
	}
	// The claim on encryption rests on the same finding: it is shown once.
	if n := len(all(articles[3], named("pre"))); n != 0 || !strings.Contains(text(articles[3]), "Opened layer by layer in the section on incognito/1") {
		t.Errorf("%d layers shown again", n)
	}
	if got := text(articles[2]); !strings.Contains(got, "and 9 more in facts.jsonl") {
		t.Errorf("the list of findings is not capped: %s", got)
	}
}

func seedNamed(t *testing.T, c report.Case, name string) string {
	t.Helper()
	for _, s := range c.Seeds {
		if s.Name == name {
			return s.Value
		}
	}
	t.Fatalf("no seed %s", name)
	return ""
}

// Everything that a person who cannot see the page, or has it on paper, needs.
func TestHTMLAccessible(t *testing.T) {
	_, doc := page(t, fixture())
	ids := make(map[string]bool)
	for _, n := range all(doc, func(n *html.Node) bool { return attr(n, "id") != "" }) {
		if ids[attr(n, "id")] {
			t.Errorf("id %s twice", attr(n, "id"))
		}
		ids[attr(n, "id")] = true
	}
	for _, a := range all(doc, named("a")) {
		if id, ok := strings.CutPrefix(attr(a, "href"), "#"); ok && !ids[id] {
			t.Errorf("link to #%s leads nowhere", id)
		}
	}
	for _, th := range all(doc, named("th")) {
		if attr(th, "scope") == "" {
			t.Errorf("heading %q has no scope", text(th))
		}
	}
	for _, table := range all(doc, named("table")) {
		if len(all(table, named("caption"))) != 1 {
			t.Errorf("table without a caption: %.60s", text(table))
		}
	}
	for _, svg := range all(doc, named("svg")) {
		for id := range strings.FieldsSeq(attr(svg, "aria-labelledby")) {
			if !ids[id] {
				t.Errorf("picture has no %s", id)
			}
		}
		desc := text(all(svg, named("desc"))[0])
		if !strings.Contains(desc, "update.googleapis.com (Google): normal 3 requests, nothing planted was found") {
			t.Errorf("description %q", desc)
		}
	}
	if lang := attr(all(doc, named("html"))[0], "lang"); lang != "en" {
		t.Errorf("lang %q", lang)
	}
}

func TestHTMLPicture(t *testing.T) {
	_, doc := page(t, fixture())
	svgs := all(doc, named("svg"))
	if len(svgs) != 2 {
		t.Fatalf("%d pictures, want 2", len(svgs))
	}
	for i, want := range []struct{ told, quiet, unread int }{{4, 7, 1}, {0, 7, 1}} {
		told, quiet, unread := len(all(svgs[i], classed("path", "told"))), len(all(svgs[i], classed("path", "quiet"))), len(all(svgs[i], classed("path", "unread")))
		if told != want.told || quiet != want.quiet || unread != want.unread {
			t.Errorf("picture %d: %d told, %d quiet, %d unread; want %+v", i, told, quiet, unread, want)
		}
	}
	if got := text(svgs[0]); !strings.Contains(got, "normal and private: page address, search words,") {
		t.Errorf("no kinds in %q", got)
	}
	if got := text(svgs[0]); strings.Contains(got, "the-harbour-courier") {
		t.Errorf("a visited site is shown as a recipient: %q", got)
	}
}

// A crowd of recipients is cut, and the page says so.
func TestHTMLManyRecipients(t *testing.T) {
	c := fixture()
	for i := range 60 {
		c.Exhibits = append(c.Exhibits, audit.Exhibit{
			ID: fmt.Sprintf("x%d", i), Place: audit.Place{Arm: "normal", Run: 1}, Part: "request.url",
			Host: fmt.Sprintf("%d.%s.example", i, strings.Repeat("very-long-label.", 6)),
		})
	}
	_, doc := page(t, c)
	picture := all(doc, classed("figure", "picture"))[0]
	if n := len(all(picture, named("circle"))); n != 40 {
		t.Errorf("%d recipients drawn, want 40", n)
	}
	if got := text(picture); !strings.Contains(got, "and 27 recipients more in facts.jsonl") {
		t.Errorf("no word on the rest: %.200s", got)
	}
}

// Nothing personal but the planted values is on the page unless it is asked for.
func TestHTMLMasked(t *testing.T) {
	secrets := []string{androidID, owner, "Erika", "Mustermann", "Redmi", "global_browser_mini"}
	for _, reveal := range []bool{false, true} {
		c := fixture()
		c.Reveal = reveal
		out, _ := page(t, c)
		if seed := seedNamed(t, c, "private/1/article-1"); !strings.Contains(out, seed) {
			t.Errorf("reveal %v: the planted value is not shown", reveal)
		}
		for _, s := range secrets {
			if got := strings.Contains(out, s); got != reveal {
				t.Errorf("reveal %v: %q shown: %v", reveal, s, got)
			}
		}
		// In the envelope the secrets are encoded, not gone.
		body := c.Exhibits[1].Data.Reveal()
		raw := body[bytes.Index(body, []byte("H4sI"))+4:][:40]
		if got := bytes.Contains([]byte(out), raw); got && !reveal {
			t.Errorf("the encoded record is on the masked page: %s", raw)
		}
	}
}

// A secret shows in none of the forms in which anyone could read it.
func TestHTMLMaskedForms(t *testing.T) {
	c := fixture()
	out, _ := page(t, c)
	for _, s := range []string{owner, androidID} {
		for _, form := range []string{base64.StdEncoding.EncodeToString([]byte(s))[:8], hex.EncodeToString([]byte(s)), fmt.Sprintf("% x", s)} {
			if strings.Contains(out, form) {
				t.Errorf("%q is on the page as %q", s, form)
			}
		}
	}
}

func TestHTMLPartial(t *testing.T) {
	c := fixture()
	c.Partial = "The capture was interrupted after run 2."
	_, doc := page(t, c)
	banners := all(doc, classed("p", "banner"))
	if len(banners) != 1 || !strings.Contains(text(banners[0]), c.Partial) {
		t.Errorf("no banner: %v", banners)
	}
}

// What was not planned before the capture is said at the top, on paper and
// screen alike.
func TestChanged(t *testing.T) {
	c := fixture()
	c.Changed, c.Case.Rules = "The plan names other rules.", "1-0123456789abcdef"
	out, doc := page(t, c)
	if !strings.Contains(out, "<code>1-0123456789abcdef</code>") || strings.Contains(out, "The verdicts were made by these rules") {
		t.Error("the plan's rules are not named, or said to be those of the verdicts")
	}
	banners := all(doc, classed("p", "banner"))
	if len(banners) != 1 || !strings.Contains(text(banners[0]), c.Changed) {
		t.Errorf("no banner: %v", banners)
	}
	var b bytes.Buffer
	if err := report.Text(&b, c, report.TextOptions{}); err != nil || !strings.Contains(b.String(), "\nCHANGED SINCE THE PLAN: "+c.Changed+"\n") {
		t.Errorf("%v: %s", err, b.String())
	}
}

// What cannot be explained is said, and the rest of the report stands.
func TestHTMLUnexplained(t *testing.T) {
	c := fixture()
	c.Explain = func(audit.Finding) ([]audit.Layer, error) { return nil, errors.New("blob is missing") }
	_, doc := page(t, c)
	if got := text(all(doc, classed("p", "problem"))[0]); !strings.Contains(got, "could not be replayed: blob is missing") {
		t.Errorf("problem %q", got)
	}
	c.Explain = nil
	_, doc = page(t, c)
	if got := text(all(doc, classed("p", "problem"))[0]); !strings.HasPrefix(got, "The bytes are not at hand.") {
		t.Errorf("problem %q", got)
	}
}

// A report of nothing, and one whose facts do not fit together, still say so.
func TestHTMLOdd(t *testing.T) {
	for name, c := range map[string]report.Case{
		"empty":                   {},
		"verdict without a claim": {Verdicts: []audit.Verdict{{Assertion: "a/1", Target: "t", Result: audit.Refuted, Findings: []string{"f9"}}}},
		"unknown arm": {
			Exhibits: []audit.Exhibit{{ID: "e1", Host: "h", Place: audit.Place{Arm: "x", Run: 1 << 40}}},
			Findings: []audit.Finding{{ID: "f1", Exhibit: "e1", Label: "i1"}, {ID: "f2", Exhibit: "none", Label: "i2"}},
			Coverage: []audit.Coverage{{Arm: "y", Runs: -1, Bytes: -1 << 63}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, doc := page(t, c)
			for _, id := range []string{"verdicts", "limits", "method", "glossary"} {
				if len(all(doc, func(n *html.Node) bool { return attr(n, "id") == id })) != 1 {
					t.Errorf("no section %s", id)
				}
			}
			var b bytes.Buffer
			if err := report.Text(&b, c, report.TextOptions{}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// The same case gives the same page.
func TestHTMLDeterministic(t *testing.T) {
	first, _ := page(t, fixture())
	for range 5 {
		if again, _ := page(t, fixture()); again != first {
			t.Fatal("two pages of one case differ")
		}
	}
}

type full struct{ left int }

var errFull = errors.New("disk full")

func (w *full) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteError(t *testing.T) {
	if err := report.HTML(&full{}, fixture()); !errors.Is(err, errFull) {
		t.Errorf("HTML: %v", err)
	}
	if err := report.Text(&full{}, fixture(), report.TextOptions{}); !errors.Is(err, errFull) {
		t.Errorf("Text: %v", err)
	}
}

// Elements and attributes that a report may have; there is no other.
var (
	elements = strings.Fields(`html head meta title style body a header footer nav main section article p h1 h2 h3 h4 ul ol li
		dl dt dd div span b strong small q cite code pre mark blockquote figure figcaption
		table caption thead tbody tr th td svg desc path rect circle g text tspan`)
	attributes = strings.Fields(`lang charset content http-equiv name class id href rel role tabindex aria-labelledby aria-label
		aria-hidden scope colspan rowspan viewBox xmlns d stroke-width x y width height cx cy r transform text-anchor`)
)

func checkHarmless(t *testing.T, doc *html.Node) {
	t.Helper()
	styles := 0
	for n := range doc.Descendants() {
		if n.Type == html.CommentNode {
			t.Errorf("comment %q", n.Data)
		}
		if n.Type != html.ElementNode {
			continue
		}
		if !slices.Contains(elements, n.Data) {
			t.Errorf("element %s", n.Data)
		}
		if n.DataAtom == atom.Style {
			styles++
		}
		for _, a := range n.Attr {
			if !slices.Contains(attributes, a.Key) {
				t.Errorf("attribute %s=%q of %s", a.Key, a.Val, n.Data)
			}
			if a.Key == "href" && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "https://") && !strings.HasPrefix(a.Val, "http://") {
				t.Errorf("link to %q", a.Val)
			}
		}
	}
	if styles != 1 {
		t.Errorf("%d styles, want 1", styles)
	}
	metas := all(doc, func(n *html.Node) bool { return attr(n, "http-equiv") == "Content-Security-Policy" })
	if len(metas) != 1 || !strings.HasPrefix(attr(metas[0], "content"), "default-src 'none'") {
		t.Errorf("no policy: %v", metas)
	}
}

// hostile is a case with s wherever something captured, or written by somebody
// else, can stand.
func hostile(s string, reveal bool) report.Case {
	secret := audit.NewSecret([]byte(s))
	arms := []audit.Arm{{Name: s, Mode: claims.Mode(s), Consent: claims.Consent(s), Software: s, Specimen: s}, {Name: "c", Software: s, Control: true}}
	return report.Case{
		Case: audit.Case{
			ID: s, Subject: claims.Subject{Name: s, Version: s, Publisher: s}, Arms: arms, Runs: 2, Steps: []string{s}, Machine: s, Claims: s,
			Tools: []audit.Tool{{Name: s, Version: s, Detail: s}}, Seeds: []audit.Seed{{Name: s, Kind: "contact/email"}},
		},
		Claims: claims.File{Statements: []claims.Statement{{
			ID: s, Quote: s, Source: claims.Source{URL: s, Date: s},
			Asserts: []claims.Assertion{{ID: s, Rule: claims.OnlyTo{Organisations: []string{s}}, When: claims.Condition{Mode: claims.Mode(s)}}},
		}}},
		Seeds: []audit.Seed{{Name: s, Value: s, Home: []string{s}}},
		Exhibits: []audit.Exhibit{
			{ID: s, Place: audit.Place{Arm: s, Run: 1}, Time: time.Unix(0, 0), URL: s, Method: s, Host: s, Part: s, SHA256: s, Type: s},
			{ID: "e2", Place: audit.Place{Arm: "c", Run: 1}, Host: s, Part: s},
		},
		Findings: []audit.Finding{
			{ID: s, Exhibit: s, Kind: "id/install", Label: s, Form: s, Trail: audit.Trail{audit.Trail{s}.String()}, Says: s, Value: secret},
			{ID: "f2", Exhibit: s, Kind: "contact/email", Seed: s, Form: s, Trail: audit.Trail{"json:" + s}},
			{ID: s, Exhibit: s, Form: s, Says: s, Confidence: audit.Confidence(s), Slope: &audit.Slope{
				Estimate: math.Inf(1), Base: math.NaN(), Visits: []audit.Pair{{Length: -len(s), Bytes: math.MinInt64}, {Length: math.MaxInt, Bytes: math.MaxInt64}},
			}},
		},
		Parties:  []audit.Party{{Host: s, Domain: s, Organisation: s, Role: s, IP: s, Network: s, Country: s}},
		Verdicts: []audit.Verdict{{Assertion: s, Target: arms[0].Target(), Result: audit.Refuted, Findings: []string{s, "f2"}, Says: s, Rule: s}, {Assertion: s + "/2", Target: s, Result: audit.Result(s), Says: s}},
		Coverage: []audit.Coverage{{Arm: s, Unread: []string{s}, Skipped: []string{s}}},
		Problems: []audit.Problem{{Exhibit: s, Trail: audit.Trail{s}, Message: s}},
		Partial:  s, Reveal: reveal,
		Explain: func(f audit.Finding) ([]audit.Layer, error) {
			if f.Seed == "" && len(s)%2 == 1 {
				return nil, errors.New(s)
			}
			return []audit.Layer{
				{Step: s, Data: secret, Span: audit.Span{Start: len(s) / 3, End: len(s) / 2}},
				{Step: "json:" + s, Data: secret, Span: audit.Span{Start: -1, End: len(s) + 1}},
			}, nil
		},
		Rules: func(string) (refutes, cannotSee string) { return s, s },
	}
}

func FuzzHTML(f *testing.F) {
	for _, s := range []string{
		"", "x", `<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `javascript:alert(1)`, `</title><iframe>`,
		`</style><script>`, `-->`, `<!--`, `]]>`, `</svg><link rel=stylesheet href=//x>`, `https://x/"onclick="y`, "\x00\x1b[31m\u202e\ufeff\xff", "{{.CSS}}", "&lt;b&gt;",
		strings.Repeat("a", 900), "\x1f\x8b\x08" + strings.Repeat("\x00\xff", 300), "http://a.example/?<b>",
	} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, reveal bool) {
		c := hostile(s, reveal)
		out, doc := page(t, c)
		checkHarmless(t, doc)
		if i := strings.IndexFunc(out, isControl); i >= 0 {
			t.Errorf("control character in %q", out[max(0, i-20):i+1])
		}
		var b bytes.Buffer
		if err := report.Text(&b, c, report.TextOptions{Width: 40 + len(s)%100}); err != nil {
			t.Fatal(err)
		}
		checkText(t, b.String(), 40+len(s)%100)
	})
}

// isControl reports characters that act instead of showing.
func isControl(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff
}
