package stage_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"telltale/audit/lab/stage"
)

// addresses are the pages of the stage, with seeds in path and query.
func addresses() []string {
	pages := []string{
		stage.Article("k3x9m2q7w5ab8cde", "r4t6"), stage.Reading("k3x9", "r4t6"), stage.Product("k3x9", "r4t6"),
		stage.Login("k3x9", "r4t6"), stage.Leaf("k3x9"),
		"https://" + stage.NewsHost + "/", "https://" + stage.ShopHost + "/",
		"https://" + stage.AccountHost + "/", "https://" + stage.DownloadHost + "/",
	}
	for _, engine := range stage.Engines() {
		pages = append(pages, stage.Search(engine, "opening hours k3x9m2q7"))
	}
	return pages
}

func ask(method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	stage.New().ServeHTTP(w, r)
	return w
}

// Every page is a plain answer that names no other host: what a browser asks
// of another host during a visit is the browser's own doing.
func TestPagesNameNoOtherHost(t *testing.T) {
	for _, target := range addresses() {
		res := ask("GET", target, "")
		if res.Code != http.StatusOK || res.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: status %d, Cache-Control %q", target, res.Code, res.Header().Get("Cache-Control"))
		}
		base, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range links(t, res.Body.String()) {
			u, err := base.Parse(link)
			if err != nil {
				t.Errorf("%s: link %q: %v", target, link, err)
			} else if u.Scheme != "data" && u.Host != base.Host {
				t.Errorf("%s: link %q leads to another host", target, link)
			}
		}
	}
}

// Every link within a site leads to a page of the stage.
func TestLinksAreAnswered(t *testing.T) {
	s := stage.New()
	for _, target := range addresses() {
		base, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range links(t, ask("GET", target, "").Body.String()) {
			u, err := base.Parse(link)
			if err != nil {
				t.Fatal(err)
			}
			method := "GET"
			if u.Path == "/welcome" {
				method = "POST"
			}
			if u.Scheme != "data" && !s.Answers(httptest.NewRequest(method, u.String(), nil)) {
				t.Errorf("%s: nobody answers %s", target, u)
			}
		}
	}
}

// links returns all addresses that a page names.
func links(t *testing.T, page string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for n := range root.Descendants() {
		for _, a := range n.Attr {
			if slices.Contains([]string{"href", "src", "srcset", "action", "formaction", "poster", "data", "ping"}, a.Key) {
				found = append(found, a.Val)
			}
		}
		if n.Type == html.ElementNode && n.Data == "style" && strings.Contains(n.FirstChild.Data, "url(") {
			found = append(found, "css-url://unread")
		}
	}
	return found
}

// What the software asks for on its own is not the stage's, even at its hosts.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		method, target string
		want           bool
	}{
		{"GET", stage.Article("a", "b"), true},
		{"HEAD", stage.Article("a", "b"), true},
		{"GET", "https://" + stage.NewsHost + ":443/article/a?ref=b", true},
		{"GET", "https://" + strings.ToUpper(stage.NewsHost) + "/article/a", true},
		{"GET", "https://" + stage.NewsHost + "./article/a", true},
		{"POST", stage.Article("a", "b"), false},
		{"GET", "https://" + stage.NewsHost + "/favicon.ico", false},
		{"GET", "https://" + stage.NewsHost + "/.well-known/change-password", false},
		{"GET", stage.Login("a", "b"), true},
		{"POST", "https://" + stage.AccountHost + "/welcome", true},
		{"GET", stage.Download("a", "b"), true},
		{"GET", "https://duckduckgo.com/?q=ferry&ia=web", true},
		{"GET", "https://duckduckgo.com/", false},
		{"GET", "https://duckduckgo.com/ac/?q=ferry&type=list", false},
		{"GET", "https://duckduckgo.com/chrome_newtab", false},
		{"GET", "https://www.bing.com/search?q=ferry&FORM=CHROMN", true},
		{"GET", "https://www.bing.com/osjson.aspx?query=ferry", false},
		{"GET", "https://www.bing.com/chrome/newtab", false},
		{"GET", "https://www.google.com/search?q=ferry", false},
		{"GET", "https://evil." + stage.NewsHost + "/article/a", false},
		{"GET", "https://sa.api.intl.miui.com/sa?project=global_browser_mini", false},
	} {
		r := httptest.NewRequest(tt.method, tt.target, nil)
		if got := stage.New().Answers(r); got != tt.want {
			t.Errorf("%s %s: got %v, want %v", tt.method, tt.target, got, tt.want)
		}
		if !tt.want {
			if res := ask(tt.method, tt.target, ""); res.Code != http.StatusNotFound {
				t.Errorf("%s %s: status %d, want 404", tt.method, tt.target, res.Code)
			}
		}
	}
}

// A seed stands in the address as it is, whatever it is made of.
func TestAddressesCarrySeeds(t *testing.T) {
	for _, seed := range []string{"k3x9m2q7w5ab8cde", "two words", "a/b?c#d", "100%", "ü<>&\"'"} {
		for _, address := range []string{
			stage.Article(seed, seed), stage.Reading(seed, seed), stage.Product(seed, seed),
			stage.Login(seed, seed), stage.Download(seed, seed),
		} {
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(u.Path, seed) || u.Query().Get("ref") != seed {
				t.Errorf("%q is not in %s", seed, address)
			}
			if res := ask("GET", address, ""); res.Code != http.StatusOK {
				t.Errorf("%s: status %d", address, res.Code)
			}
		}
		for _, engine := range stage.Engines() {
			if body := ask("GET", stage.Search(engine, seed), "").Body.String(); !strings.Contains(text(t, body), seed) {
				t.Errorf("%s does not say what was searched for: %q", engine, seed)
			}
		}
	}
	if got := stage.Search("www.example.com", "x"); got != "" {
		t.Errorf("unknown engine: got %q, want nothing", got)
	}
}

func text(t *testing.T, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return b.String()
}

// The form can be found by its selectors, and its answer too.
func TestLogin(t *testing.T) {
	form := ask("GET", stage.Login("a", "b"), "").Body.String()
	for _, selector := range []string{stage.EmailField, stage.SubmitButton} {
		if !strings.Contains(form, fmt.Sprintf("id=%q", selector[1:])) {
			t.Errorf("no %s in the form", selector)
		}
	}
	res := ask("POST", "https://"+stage.AccountHost+"/welcome", url.Values{"email": {"<k3x9@post.example>"}}.Encode())
	body := res.Body.String()
	if res.Code != http.StatusOK || !strings.Contains(body, fmt.Sprintf("id=%q", stage.WelcomeText[1:])) {
		t.Errorf("status %d: %s", res.Code, body)
	}
	if !strings.Contains(body, "&lt;k3x9@post.example&gt;") {
		t.Error("the address that was typed is not shown")
	}
	if res := ask("POST", "https://"+stage.AccountHost+"/welcome", strings.Repeat("x", 1<<20)); res.Code != http.StatusBadRequest {
		t.Errorf("a form of 1 MiB: status %d, want 400", res.Code)
	}
}

// The file is an attachment under a name of its own, and its table of objects
// points at the objects.
func TestDownload(t *testing.T) {
	res := ask("GET", stage.Download("k3x9", "r4"), "")
	if got, want := res.Header().Get("Content-Disposition"), "attachment; filename=minutes-k3x9.pdf"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	body := res.Body.Bytes()
	start := bytes.Index(body, []byte("\nxref\n")) + 1
	for i, line := range bytes.Split(body[start:], []byte("\n"))[3:8] {
		var offset int
		if _, err := fmt.Sscanf(string(line), "%d", &offset); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("%d 0 obj", i+1); !bytes.HasPrefix(body[offset:], []byte(want)) {
			t.Errorf("offset %d: want %q", offset, want)
		}
	}
	if !bytes.HasSuffix(body, fmt.Appendf(nil, "startxref\n%d\n%%%%EOF\n", start)) {
		t.Errorf("startxref does not say %d", start)
	}
}

// Nothing in a path or a query breaks a page or becomes a part of it.
func FuzzServeHTTP(f *testing.F) {
	for _, seed := range []string{"a", "<script>alert(1)</script>", `"><img src=//x.example>`, "../..", "%00", "a//b", "javascript:x"} {
		f.Add(stage.NewsHost, "/article/"+seed, "ref="+seed)
		f.Add(stage.DuckDuckGoHost, "/", "q="+seed)
		f.Add(stage.DownloadHost, "/minutes/"+seed, "")
	}
	s := stage.New()
	f.Fuzz(func(t *testing.T, host, path, query string) {
		const mark = "<zz-"
		r := httptest.NewRequest("GET", "https://"+stage.NewsHost+"/", nil)
		r.Host, r.URL.Path, r.URL.RawQuery = host, path, query
		if slices.Contains(stage.Engines(), host) {
			r.URL.RawQuery = "q=" + url.QueryEscape(mark+query)
		} else {
			r.URL.Path += mark
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
		if w.Code == http.StatusOK && !s.Answers(r) {
			t.Error("a page was served that Answers knows nothing of")
		}
		body := w.Body.String()
		if strings.Contains(body, mark) {
			t.Errorf("%q stands in the page unescaped", mark)
		}
		if w.Header().Get("Content-Type") == "text/html; charset=utf-8" {
			checkStructure(t, body)
		}
	})
}

// checkStructure fails if the page has an element or an attribute that the
// templates do not have.
func checkStructure(t *testing.T, page string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if slices.Contains([]string{"script", "img", "iframe", "object", "base", "svg"}, n.Data) {
			t.Errorf("the page has a <%s>", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key != "value" && strings.HasPrefix(strings.TrimSpace(strings.ToLower(a.Val)), "javascript:") {
				t.Errorf("<%s> has %s=%q", n.Data, a.Key, a.Val)
			}
		}
	}
}
