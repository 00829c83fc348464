// Package report shows a case to people: the verdicts first, then the evidence
// for each, then who received what, and at the end what the report does not
// show.
//
// [HTML] writes one self-contained page that needs no network and no script
// and can be printed. [Text] writes a summary for a terminal. Both take the
// facts as they are and judge nothing.
//
// Everything captured is hostile: bytes reach the page as text only, with
// control characters written out. And it is personal: unless [Case.Reveal] is
// set, a masker lets through the planted seeds, the names of the fields that
// lead to them, and hosts, and hides the rest.
package report

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"telltale/audit"
	"telltale/claims"
)

// A Case is all that a report shows.
type Case struct {
	Case     audit.Case
	Claims   claims.File
	Seeds    []audit.Seed // opened: with values
	Exhibits []audit.Exhibit
	Pictures []audit.Exhibit // what the software's user saw; nothing is sought in them
	Findings []audit.Finding
	Parties  []audit.Party
	Verdicts []audit.Verdict
	Coverage []audit.Coverage
	Problems []audit.Problem
	Sealed   []audit.Value // opaque layers, without their bytes
	Ended    time.Time
	Partial  string // why the capture is not complete; empty if it is
	// Reveal shows captured bytes in clear. Without it all but the planted
	// seeds is masked.
	Reveal bool
	// Explain replays the trail of a finding from the raw bytes. Without it
	// the report names trails and shows no bytes.
	Explain func(audit.Finding) ([]audit.Layer, error)
	// Rules says of a judging rule what refutes, and what it cannot see; nil
	// leaves that out.
	Rules func(id string) (refutes, cannotSee string)
}

//go:embed page.html picture.html scatter.html page.css
var files embed.FS

var page = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"bytes":     bytesWords,
	"carried":   carried,
	"columns":   func(targets int) int { return targets + 1 },
	"count":     count[int],
	"join":      func(words []string) string { return strings.Join(words, ", ") },
	"owner":     owner,
	"stamp":     stamp,
	"thousands": thousands[int],
	"title":     capital,
}).ParseFS(files, "page.html", "picture.html", "scatter.html"))

// HTML writes the report as one page of HTML. The same case gives the same page.
func HTML(w io.Writer, c Case) error {
	v, err := newView(newIndex(c))
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := page.Execute(&out, v); err != nil {
		return fmt.Errorf("making the report of case %s: %w", c.Case.ID, err)
	}
	if _, err := io.WriteString(w, printable(out.Bytes())); err != nil {
		return fmt.Errorf("writing the report of case %s: %w", c.Case.ID, err)
	}
	return nil
}

// stamp writes a time the same way wherever the reader is.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "time not recorded"
	}
	return t.UTC().Format("2 January 2006, 15:04:05 UTC")
}
