package stage

import (
	"bytes"
	"embed"
	"html/template"
	"mime"
	"net/http"
	"strings"
	"unicode"
)

// routes lists every page of the stage.
var routes = []struct {
	host    string
	pattern string
	serve   http.HandlerFunc
}{
	{NewsHost, "GET /{$}", front},
	{NewsHost, "GET /article/{seed}", article},
	{NewsHost, "GET /long-read/{seed}", longRead},
	{ShopHost, "GET /{$}", shelf},
	{ShopHost, "GET /product/{seed}", product},
	{AccountHost, "GET /{$}", login},
	{AccountHost, "GET /login/{seed}", login},
	{AccountHost, "POST /welcome", welcome},
	{DownloadHost, "GET /{$}", files},
	{DownloadHost, "GET /minutes/{file}", minutes},
	{ProbeHost, "GET /leaf/{path}", leaf},
	{BingHost, "GET /search", results},
	{DuckDuckGoHost, "GET /{$}", results},
}

//go:embed pages/*.html
var pageFiles embed.FS

var templates = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// A page is what the templates show.
type page struct {
	Title    string
	Seed     string // of the path
	Words    string // that were searched for, or typed into the form
	Engine   string
	Story    story
	Stories  []story
	Product  goods
	Products []goods
}

// show writes a page. It is rendered first, so that a page is whole or absent.
func show(w http.ResponseWriter, name string, p page) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, p); err != nil {
		http.Error(w, "page "+name+": "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes())
}

func front(w http.ResponseWriter, _ *http.Request) {
	show(w, "front", page{Title: "Harrowmere Courier", Stories: stories})
}

func article(w http.ResponseWriter, r *http.Request) {
	seed := r.PathValue("seed")
	s := pick(stories, seed)
	show(w, "article", page{Title: s.Title + " | Harrowmere Courier", Seed: seed, Story: s, Stories: stories})
}

func longRead(w http.ResponseWriter, r *http.Request) {
	show(w, "article", page{
		Title: essay.Title + " | Harrowmere Courier", Seed: r.PathValue("seed"), Story: essay, Stories: stories,
	})
}

func shelf(w http.ResponseWriter, _ *http.Request) {
	show(w, "shelf", page{Title: "Tindleworth Outfitters", Products: products})
}

func product(w http.ResponseWriter, r *http.Request) {
	seed := r.PathValue("seed")
	g := pick(products, seed)
	show(w, "product", page{Title: g.Name + " | Tindleworth Outfitters", Seed: seed, Product: g, Products: products})
}

func login(w http.ResponseWriter, _ *http.Request) {
	show(w, "login", page{Title: "Sign in | Pellinmoor Services"})
}

// formLimit is far more than a browser sends for one field.
const formLimit = 64 << 10

func welcome(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form could not be read.", http.StatusBadRequest)
		return
	}
	show(w, "welcome", page{Title: "Welcome | Pellinmoor Services", Words: r.PostForm.Get("email")})
}

func leaf(w http.ResponseWriter, _ *http.Request) {
	show(w, "leaf", page{Title: "A leaf | Ottersgate Almanac"})
}

func files(w http.ResponseWriter, _ *http.Request) {
	show(w, "files", page{Title: "Council papers | Harrowmere Council"})
}

func minutes(w http.ResponseWriter, r *http.Request) {
	name := "minutes-" + fileName(r.PathValue("file"))
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	_, _ = w.Write(document(strings.Split(strings.TrimSpace(minutesText), "\n")))
}

// fileName keeps of s what is safe in a file's name on any system.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r <= unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return '_'
	}, s)
}

func results(w http.ResponseWriter, r *http.Request) {
	e := engines[hostOf(r)]
	words := r.URL.Query().Get(e.param)
	show(w, "results", page{Title: words + " - " + e.name, Words: words, Engine: e.name, Stories: stories})
}
