package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"telltale/audit/capture/export"
	"telltale/audit/evidence"
)

// A formatting asks for a case in the format of another tool.
type formatting struct {
	format string
	out    string
	reveal bool
}

// An exportFormat is a format that a case is written in. A new one is a row.
type exportFormat struct {
	name  string
	write func(w io.Writer, s export.Source, file string) ([]export.Left, error)
}

var exportFormats = []exportFormat{
	{"har", func(w io.Writer, s export.Source, _ string) ([]export.Left, error) { return export.HAR(w, s) }},
	{"pcapng", func(w io.Writer, s export.Source, _ string) ([]export.Left, error) { return export.PCAPNG(w, s) }},
	{"warc", func(w io.Writer, s export.Source, file string) ([]export.Left, error) {
		return export.WARC(w, s, strings.HasSuffix(file, ".gz"))
	}},
}

func exportNames() string {
	var names []string
	for _, f := range exportFormats {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

// run writes the export of a case.
func (o formatting) run(e *env, dir string) error {
	var format *exportFormat
	for i := range exportFormats {
		if exportFormats[i].name == o.format {
			format = &exportFormats[i]
		}
	}
	switch {
	case format == nil:
		return usagef("--format %q: there are %s", o.format, exportNames())
	case o.out == "":
		return usagef("-o FILE is missing: where should the export go? (- is standard output)")
	case !o.reveal:
		return usagef("an export is the raw traffic with every personal value in it: add --reveal if that is wanted")
	}
	r, err := evidence.Open(dir)
	if err != nil {
		return usageError{err}
	}
	w, err := o.create(e)
	if err != nil {
		return usagef("the export: %w", err)
	}
	s := export.Source{ID: r.Case.ID, Tool: "telltale " + version, Events: r.Events, Open: r.Body}
	left, err := format.write(w, s, o.out)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		o.remove()
		return fmt.Errorf("exporting %s: %w", dir, err)
	}
	for _, l := range left {
		_, _ = fmt.Fprintf(e.stderr, "telltale: not in the export: %d %s, for which %s has no place\n", l.Events, l.What, format.name)
	}
	return nil
}

// create opens the file that is written, for its owner alone.
func (o formatting) create(e *env) (io.WriteCloser, error) {
	if o.out == "-" {
		return kept{e.stdout}, nil
	}
	return os.OpenFile(o.out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

// remove takes away what was written before an error.
func (o formatting) remove() {
	if o.out != "-" {
		_ = os.Remove(o.out)
	}
}

// kept is a writer that stays open.
type kept struct{ io.Writer }

// Close implements [io.Closer].
func (kept) Close() error { return nil }
