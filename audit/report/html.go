package report

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"sync"
)

//go:embed page page.css
var files embed.FS

// pages are the templates of the page, for each language with its words.
var pages = sync.OnceValue(func() map[string]*template.Template {
	byTag := make(map[string]*template.Template, len(languages))
	for i := range languages {
		l := &languages[i]
		byTag[l.tag] = template.Must(template.New("page.html").Funcs(template.FuncMap{
			"bytes":     l.bytes,
			"comma":     func() string { return l.comma },
			"period":    func() string { return l.period },
			"columns":   func(targets int) int { return targets + 1 },
			"join":      l.list,
			"known":     l.known,
			"rich":      l.rich,
			"say":       l.say,
			"thousands": thousands[int],
			"title":     capital,
			"amount":    func(text, anchor string) number { return number{text, anchor} },
		}).ParseFS(files, "page/*.html"))
	}
	return byTag
})

// HTML writes the report as one page of HTML in the language of the case. The
// same case gives the same page.
func HTML(w io.Writer, c Case) error {
	x, err := newIndex(c)
	if err != nil {
		return err
	}
	return writeHTML(w, x)
}

func writeHTML(w io.Writer, x *index) error {
	page, err := x.page()
	if err != nil {
		return err
	}
	if _, err := w.Write(page); err != nil {
		return fmt.Errorf("writing the report of case %s: %w", x.Case.Case.ID, err)
	}
	return nil
}

// page makes the page.
func (x *index) page() ([]byte, error) {
	v, err := newView(x)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := pages()[x.lang.tag].Execute(&out, v); err != nil {
		return nil, fmt.Errorf("making the report of case %s: %w", x.Case.Case.ID, err)
	}
	return []byte(printable(out.Bytes())), nil
}

// requestsOf is the number of requests of a flow, and where they are listed.
func (x *index) requestsOf(f flow, r recipient) number {
	return number{thousands(f.Requests), x.register.host(f.Arm.Name, r.Party.Host)}
}

// A recipientTable is a picture of recipients in numbers.
type recipientTable struct {
	Arms []string
	Rows []recipientRow
}

type recipientRow struct {
	Host, Owner, Role string
	Cells             []recipientCell
	Methods, Parts    string
}

type recipientCell struct {
	Requests number
	Carried  string
	Told     bool
}

func (x *index) recipientTable(t target, rs []recipient) recipientTable {
	var table recipientTable
	for _, a := range t.Arms {
		table.Arms = append(table.Arms, x.armWords(a, t))
	}
	for _, r := range rs {
		row := recipientRow{
			Host: r.Party.Host, Owner: x.owner(r.Party), Role: x.lang.word(r.Party.Role),
			Methods: x.lang.list(r.Methods), Parts: x.lang.list(r.Parts),
		}
		for _, f := range r.Flows {
			row.Cells = append(row.Cells, recipientCell{x.requestsOf(f, r), x.carried(f), f.Told})
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}

// unaltered reports whether a target is software alone, without a specimen.
func unaltered(t target) bool {
	return specimen(t) == "" && len(t.Arms) > 0 && t.Arms[0].Software != ""
}
