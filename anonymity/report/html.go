package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"telltale/anonymity"
	"telltale/audit"
)

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	pageStyle string
)

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"figure":       figure,
	"curves":       drawCurves,
	"bars":         drawBars,
	"heat":         drawHeat,
	"clean":        whole,
	"numeric":      numeric,
	"strength":     strength,
	"verdictClass": func(r audit.Result) string { return strings.ReplaceAll(string(r), " ", "-") },
}).Parse(pageText))

// HTML writes the report as one page: no script, nothing loaded from anywhere,
// fit to be printed.
func HTML(w io.Writer, r Report) error {
	return page.Execute(w, struct {
		Report
		CSS template.CSS
	}{r, template.CSS(pageStyle)}) //nolint:gosec // our own file
}

// Value shows a value to those who may see it; for the page.
func (r Report) Value(x anonymity.Example) string { return clean(r.value(x.Value)) }

// whole is clean with figures that do not part from their sign at a line's end.
func whole(s string) string { return strings.ReplaceAll(clean(s), " %", "\u00a0%") }

func number(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// strength names the look of an attack's line.
func strength(a anonymity.Attack) string {
	if a.Succeeds() {
		return "told"
	}
	return "quiet"
}

// numeric reports whether a cell holds a figure, which stands at the right.
func numeric(cell string) bool {
	return cell == "–" || strings.Trim(cell, "0123456789.,%–() to∞e+-") == "" && cell != ""
}
