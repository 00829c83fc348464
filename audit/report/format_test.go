package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"telltale/audit"
	"telltale/audit/capture/har"
	"telltale/audit/report"
)

func format(t testing.TB, name string) report.Format {
	t.Helper()
	f, err := report.FormatNamed(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func written(t testing.TB, name string, c report.Case) string {
	t.Helper()
	var b bytes.Buffer
	if err := format(t, name).Write(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// golden compares with a file of testdata, and rewrites it with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
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

// small is the fixture with one run, so that a person can read what is written.
func small() report.Case {
	c := fixture()
	seen := make(map[string]bool)
	for _, e := range c.Exhibits {
		seen[e.ID] = e.Run == 1
	}
	c.Exhibits = slices.DeleteFunc(c.Exhibits, func(e audit.Exhibit) bool { return !seen[e.ID] })
	c.Findings = slices.DeleteFunc(c.Findings, func(f audit.Finding) bool { return !seen[f.Exhibit] })
	return c
}

// Each format writes what a person has read through.
func TestFormats(t *testing.T) {
	for _, f := range report.Formats() {
		switch f.Name {
		case "text", "html", "pdf": // have tests of their own
			continue
		}
		t.Run(f.Name, func(t *testing.T) { golden(t, "small."+f.Name, written(t, f.Name, small())) })
	}
	t.Run("markdown in Chinese", func(t *testing.T) {
		c := small()
		c.Lang = "zh"
		golden(t, "small-zh.markdown", written(t, "markdown", c))
	})
	t.Run("not complete", func(t *testing.T) {
		c := small()
		c.Partial = "the capture was cut off: the program or the machine stopped"
		golden(t, "partial.markdown", written(t, "markdown", c))
	})
}

func TestFormatNamed(t *testing.T) {
	if _, err := report.FormatNamed("docx"); err == nil || !strings.Contains(err.Error(), `format "docx" is not known; there are text, html, pdf, markdown, json, csv, sarif, junit, har`) {
		t.Errorf("error %v", err)
	}
	c := fixture()
	c.Lang = "fr"
	if err := format(t, "html").Write(io.Discard, c); err == nil || !strings.Contains(err.Error(), `language "fr" is not known; there are en, zh`) {
		t.Errorf("error %v", err)
	}
}

// No format gives away what was captured, unless it is told to; and then the
// formats that have values give it.
func TestFormatsMasked(t *testing.T) {
	for _, f := range report.Formats() {
		if f.Name == "pdf" {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			c := fixture()
			out := written(t, f.Name, c)
			for _, s := range []string{androidID, owner, "Erika", "Mustermann", "Redmi", "global_browser_mini"} {
				if strings.Contains(out, s) {
					t.Errorf("%q is in it", s)
				}
			}
			c.Reveal = true
			if f.Name == "har" && !strings.Contains(written(t, f.Name, c), owner) {
				t.Errorf("%q is not in it, even revealed", owner)
			}
		})
	}
}

// A value that was met is shown with --reveal alone.
func TestFormatsReveal(t *testing.T) {
	c := fixture()
	c.Findings = slices.Clone(c.Findings)
	for i := range c.Findings {
		c.Findings[i].Value = audit.NewSecret([]byte(owner))
	}
	for _, name := range []string{"json", "csv"} {
		for _, reveal := range []bool{false, true} {
			c.Reveal = reveal
			if got := strings.Contains(written(t, name, c), owner); got != reveal {
				t.Errorf("%s, reveal %v: shown %v", name, reveal, got)
			}
		}
	}
}

// The same case gives the same bytes in every format.
func TestFormatsDeterministic(t *testing.T) {
	for _, f := range report.Formats() {
		if f.Name == "pdf" {
			continue
		}
		first := written(t, f.Name, online())
		for range 3 {
			if again := written(t, f.Name, online()); again != first {
				t.Errorf("%s: two reports of one case differ", f.Name)
			}
		}
	}
}

func TestFormatsWriteError(t *testing.T) {
	for _, f := range report.Formats() {
		c := fixture()
		c.Print = func(page []byte) ([]byte, error) { return page, nil }
		if err := f.Write(&full{}, c); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

// A PDF is the page, printed by whoever can print; its error is passed on.
func TestPDF(t *testing.T) {
	c := fixture()
	if err := format(t, "pdf").Write(io.Discard, c); err == nil {
		t.Error("a PDF without a printer")
	}
	var got string
	c.Lang = "zh"
	c.Print = func(page []byte) ([]byte, error) {
		got = string(page)
		return []byte("%PDF-1.7"), nil
	}
	if out := written(t, "pdf", c); out != "%PDF-1.7" {
		t.Errorf("got %q", out)
	}
	if want := written(t, "html", c); got != want {
		t.Error("what is printed is not the page")
	}
	broken := errors.New("no paper")
	c.Print = func([]byte) ([]byte, error) { return nil, broken }
	if err := format(t, "pdf").Write(io.Discard, c); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

// Every row has all columns, and no cell begins like a formula.
func TestCSV(t *testing.T) {
	c := fixture()
	c.Verdicts[0].Says = "=HYPERLINK(\"http://a.example\")\r\nx"
	rows, err := csv.NewReader(strings.NewReader(written(t, "csv", c))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	findings := 0
	for _, v := range c.Verdicts {
		findings += len(v.Findings)
	}
	if want := 1 + len(c.Verdicts) + findings; len(rows) != want {
		t.Errorf("%d rows, want %d", len(rows), want)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
				t.Errorf("a cell begins %q", cell)
			}
		}
	}
}

// A build server counts in JUnit what the command's exit code says.
func TestJUnit(t *testing.T) {
	var got struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Tests int    `xml:"tests,attr"`
			Cases []struct {
				Name    string    `xml:"name,attr"`
				Failure *struct{} `xml:"failure"`
				Error   *struct{} `xml:"error"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	c := fixture()
	if err := xml.Unmarshal([]byte(written(t, "junit", c)), &got); err != nil {
		t.Fatal(err)
	}
	want := map[audit.Result]int{}
	for _, v := range c.Verdicts {
		want[v.Result]++
	}
	if got.Tests != len(c.Verdicts) || got.Failures != want[audit.Refuted] || got.Errors != want[audit.CannotTell] || got.Skipped != want[audit.NotTested] {
		t.Errorf("got %+v, want %v", got, want)
	}
	cases := 0
	for _, s := range got.Suites {
		cases += len(s.Cases)
		if s.Tests != len(s.Cases) {
			t.Errorf("%s: says %d tests, has %d", s.Name, s.Tests, len(s.Cases))
		}
	}
	if len(got.Suites) != 2 || cases != got.Tests {
		t.Errorf("%d suites, %d cases", len(got.Suites), cases)
	}
}

// The archive holds the cited requests and no other. Revealed, our own reader
// of archives gets the bytes that were sent.
func TestHAR(t *testing.T) {
	c := fixture()
	cited := make(map[string]bool)
	for _, v := range c.Verdicts {
		for _, id := range v.Findings {
			for _, f := range c.Findings {
				if f.ID == id {
					cited[f.Exhibit] = true
				}
			}
		}
	}
	c.Reveal = true
	bodies := make(map[string]int)
	for e, err := range har.Exhibits(strings.NewReader(written(t, "har", c)), 1<<20) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Part == "request.body" {
			bodies[e.SHA256]++
		}
	}
	want := make(map[string]int)
	for _, e := range c.Exhibits {
		if cited[e.ID] {
			want[e.SHA256]++
		}
	}
	if diff := cmp.Diff(want, bodies); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}

	c.Log = nil
	if err := format(t, "har").Write(io.Discard, c); err == nil || !strings.Contains(err.Error(), "the capture log is not at hand") {
		t.Errorf("without the log: %v", err)
	}
	c = fixture()
	c.Body = func(audit.Body) (io.ReadCloser, error) { return nil, errors.New("blob is gone") }
	if got := written(t, "har", c); !strings.Contains(got, "could not be read: blob is gone") {
		t.Errorf("nothing is said of bodies that are gone: %.300s", got)
	}
}

// Names that were captured cannot become links or calls to people, nor end a
// table's cell.
func TestMarkdownHostile(t *testing.T) {
	out := written(t, "markdown", hostile("@everyone ![x](http://a.example) |#1 <script> `", false))
	for _, bad := range []string{"@everyone", "![x]", "http://", "<script>", "#1"} {
		if strings.Contains(strings.ReplaceAll(out, "&#64;", ""), bad) {
			t.Errorf("%q is in it:\n%s", bad, out)
		}
	}
	columns := -1
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "|-") {
			continue
		}
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if columns >= 0 && n != columns {
			t.Errorf("%d columns, then %d: %s", columns, n, line)
		}
		columns = n
	}
}

// checkFormats writes a case in all formats for machines, and reads it again.
func checkFormats(t *testing.T, c report.Case) {
	for _, name := range []string{"json", "sarif", "har"} {
		if out := written(t, name, c); !json.Valid([]byte(out)) {
			t.Errorf("%s is no JSON: %.200s", name, out)
		}
	}
	if err := xml.Unmarshal([]byte(written(t, "junit", c)), new(struct{})); err != nil {
		t.Errorf("junit is no XML: %v", err)
	}
	rows, err := csv.NewReader(strings.NewReader(written(t, "csv", c))).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Errorf("csv cannot be read: %v, %d rows", err, len(rows))
	}
	if i := strings.IndexFunc(written(t, "markdown", c), isControl); i >= 0 {
		t.Error("a control character in Markdown")
	}
}

// withLog gives a case a log that holds s wherever a request can.
func withLog(c report.Case, s string) report.Case {
	var events iter.Seq2[audit.Event, error] = func(yield func(audit.Event, error) bool) {
		body := audit.Body{SHA256: s, Size: int64(len(s))}
		for _, e := range []audit.Event{
			{Exchange: &audit.Exchange{Method: s, URL: s, Host: s, Proto: s, Header: []audit.Field{{Name: s, Value: s}}, Body: body, Server: s}},
			{Message: &audit.Message{URL: s, Host: s, Out: true, Body: body}},
			{Tunnel: &audit.Tunnel{Host: s, Port: s, Out: body}},
			{Step: &audit.Step{Action: s, Target: s, Skipped: s}},
			{Source: &audit.Source{Name: s}},
		} {
			e.Arm, e.Run = s, 1
			if !yield(e, nil) {
				return
			}
		}
		yield(audit.Event{}, errors.New(s))
	}
	c.Log = events
	c.Steps = []audit.Event{{Place: audit.Place{Arm: s, Run: 1}, Step: &audit.Step{Action: s, Target: s, Skipped: s}}}
	c.Body = func(audit.Body) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }
	for i := range c.Exhibits {
		c.Exhibits[i].Event = i + 1
	}
	return c
}

// The Chinese page has no English on it but what is marked so, what was
// captured, and names.
func TestChinese(t *testing.T) {
	for name, c := range reports() {
		c.Lang = "zh"
		_, doc := page(t, c)
		if lang := attr(all(doc, named("html"))[0], "lang"); lang != "zh" {
			t.Errorf("lang %q", lang)
		}
		english(t, name, doc)
	}
}

// names are what has no translation: programs, standards, and what the fixture
// calls things.
var names = strings.Fields(`Mint Browser Xiaomi Google chromium mint-2020 control normal private telltale linux amd64 Chromium
	facts.jsonl TLS HTTP UDP SHA-256 UTC JSON WebSocket DevTools IMEI ANDROID_ID Wi-Fi SIM Cookie kB MB GET POST gzip zlib base64 deflate
	sa.api.intl.miui.com data.mistat.intl.xiaomi.com mtalk.google.com www.bing.com SG RU US CN e1 e2 f1 f2 AS Cloud
	mint-2020-7f3a91 data_list optimizationgu`)

func english(t *testing.T, name string, n *html.Node) {
	if n.Type == html.ElementNode {
		_, marked := lang(n)
		if marked || slices.Contains([]string{"code", "pre", "style", "cite"}, n.Data) || attr(n, "class") == "code" || strings.HasPrefix(attr(n, "class"), "code ") {
			return
		}
		for _, a := range n.Attr {
			if a.Key == "aria-label" {
				checkChinese(t, name, a.Val)
			}
		}
	}
	if n.Type == html.TextNode {
		checkChinese(t, name, n.Data)
	}
	for child := range n.ChildNodes() {
		english(t, name, child)
	}
}

// lang reports whether a node below the root says that it is in another language.
func lang(n *html.Node) (string, bool) {
	if n.Data == "html" {
		return "", false
	}
	for _, a := range n.Attr {
		if a.Key == "lang" {
			return a.Val, true
		}
	}
	return "", false
}

func checkChinese(t *testing.T, name, s string) {
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./", r)
	}) {
		word = strings.Trim(word, "./-")
		letters := strings.Trim(word, "0123456789.-/efi")
		if len(letters) > 1 && !slices.Contains(names, word) && !strings.Contains(word, "/") && !strings.Contains(word, ".example") && !strings.HasSuffix(word, ".com") {
			t.Errorf("%s: %q in %q", name, word, strings.TrimSpace(s))
		}
	}
}
