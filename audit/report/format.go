package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Format is a way of writing a report.
type Format struct {
	Name  string // as on the command line
	Means string // one line for a list of formats
	// Languages says that the format is for people and follows [Case.Lang].
	Languages bool
	// Binary says that the format is no text for a terminal.
	Binary bool

	write func(io.Writer, *index) error
}

// formats is the table of formats: those for people first. Each is one file,
// but PDF, which is HTML printed.
var formats = []Format{
	{Name: "text", Means: "a summary that fits one screen", write: writeText},
	{Name: "html", Means: "one page, readable offline, with all evidence", Languages: true, write: writeHTML},
	{Name: "pdf", Means: "the page, printed by the installed Chromium", Languages: true, Binary: true, write: writePDF},
	{Name: "markdown", Means: "a summary for a pull request", Languages: true, write: writeMarkdown},
	{Name: "json", Means: "verdicts, findings and recipients as one document", write: writeJSON},
	{Name: "csv", Means: "a row for each verdict and each of its findings", write: writeCSV},
	{Name: "sarif", Means: "SARIF 2.1.0, for tools that show results of code checks", write: writeSARIF},
	{Name: "junit", Means: "JUnit XML, for build servers: a claim is a test case", write: writeJUnit},
	{Name: "har", Means: "HTTP archive of the requests that verdicts rest on, and no other", write: writeHAR},
}

// Formats returns the table of formats.
func Formats() []Format { return slices.Clone(formats) }

// FormatNamed returns the format of a name, or an error that lists all names.
func FormatNamed(name string) (Format, error) {
	names := make([]string, len(formats))
	for i, f := range formats {
		if f.Name == name {
			return f, nil
		}
		names[i] = f.Name
	}
	return Format{}, fmt.Errorf("format %q is not known; there are %s", name, strings.Join(names, ", "))
}

// Write writes a case in the format. The same case gives the same bytes, but
// for a PDF, which has the time of its printing in it.
func (f Format) Write(w io.Writer, c Case) error {
	if !f.Languages {
		c.Lang = ""
	}
	x, err := newIndex(c)
	if err != nil {
		return err
	}
	if err := f.write(w, x); err != nil {
		return fmt.Errorf("writing case %s as %s: %w", c.Case.ID, f.Name, err)
	}
	return nil
}
