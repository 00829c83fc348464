package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"telltale/audit/capture/export"
	"telltale/audit/evidence"
)

const exportHelp = `export writes what a case has captured in the formats of other tools.

  har     HTTP archive 1.2: Chrome's network panel, Firefox, proxies
  warc    web archive 1.1 (ISO 28500); with a name that ends in .gz compressed
  pcapng  packets with the keys to their TLS: Wireshark, tshark

An export is the raw traffic with every personal value in it, so that it must
be asked for with --reveal. Packets are made anew: a case has requests and
answers, not the packets that carried them. What a format has no place for is
counted on standard error.

The same case gives the same bytes. "telltale import" reads all three back.`

// An exporting is what the command line of export asks for.
type exporting struct {
	dir    string
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

func newExport(e *env) *cobra.Command {
	var o exporting
	c := &cobra.Command{
		Use:   "export CASE",
		Short: "write a case's traffic in the formats of other tools",
		Long:  exportHelp,
		Example: `  telltale export cases/phone --format har --reveal -o phone.har
  telltale export cases/phone --format pcapng --reveal -o phone.pcapng`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			o.dir = args[0]
			return o.run(e)
		},
	}
	f := c.Flags()
	f.StringVar(&o.format, "format", "", "`FORMAT` to write: "+exportNames())
	f.StringVarP(&o.out, "output", "o", "", "write to `FILE`, which must be new; - is standard output")
	f.BoolVar(&o.reveal, "reveal", false, "write captured values in clear: an export has no others")
	return c
}

func exportNames() string {
	var names []string
	for _, f := range exportFormats {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

// run does the work.
func (o exporting) run(e *env) error {
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
	r, err := evidence.Open(o.dir)
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
		return fmt.Errorf("exporting %s: %w", o.dir, err)
	}
	for _, l := range left {
		_, _ = fmt.Fprintf(e.stderr, "telltale: not in the export: %d %s, for which %s has no place\n", l.Events, l.What, format.name)
	}
	return nil
}

// create opens the file that is written, for its owner alone.
func (o exporting) create(e *env) (io.WriteCloser, error) {
	if o.out == "-" {
		return kept{e.stdout}, nil
	}
	return os.OpenFile(o.out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

// remove takes away what was written before an error.
func (o exporting) remove() {
	if o.out != "-" {
		_ = os.Remove(o.out)
	}
}

// kept is a writer that stays open.
type kept struct{ io.Writer }

// Close implements [io.Closer].
func (kept) Close() error { return nil }
