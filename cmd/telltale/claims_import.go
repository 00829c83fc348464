package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"telltale/claims"
	"telltale/claims/declared"
)

const declareHelp = `import makes a claims file of what a vendor declares in an app store.

FILE is the CSV of a Data safety form that the Play Console exports, or an Apple
privacy manifest (PrivacyInfo.xcprivacy), as XML or binary property list. The
claims go to standard output, or into the file named with --output.

What a declaration does not name it promises not to collect. What is said of
linking, encryption in transit and choice becomes assertions too; purposes,
deletion and whatever else traffic cannot show is listed as not testable. A Data
safety form does not call it sharing if somebody processes data for the vendor:
name the vendor and who works for him with --recipient to test who gets it.`

// A declaring is what the command line of claims import asks for.
type declaring struct {
	output  string
	options declared.Options
}

func newClaimsImport(e *env) *cobra.Command {
	var d declaring
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "make a claims file of an app store's declaration",
		Long:  declareHelp,
		Example: `  telltale claims import data_safety.csv --name "Sample App" --publisher Vendor >sample.yaml
  telltale claims import PrivacyInfo.xcprivacy --name "Sample App" --output sample.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return d.run(e, args[0]) },
	}
	f := c.Flags()
	f.StringVarP(&d.output, "output", "o", "", "write the claims into a new `FILE`")
	f.StringVar(&d.options.Subject.Name, "name", "the app", "`NAME` of the software, which the declaration does not say")
	f.StringVar(&d.options.Subject.Version, "release", "", "`VERSION` of the software")
	f.StringVar(&d.options.Subject.Publisher, "publisher", "", "`VENDOR` of the software")
	f.StringArrayVar(&d.options.Recipients, "recipient", nil, "`ORGANISATION` that may get what is not shared; may be repeated")
	f.StringVar(&d.options.Source.URL, "source", "", "`ADDRESS` where the declaration was published")
	f.StringVar(&d.options.Source.Date, "date", "", "`DATE` of that, as YYYY-MM-DD")
	return c
}

// run does the work.
func (d declaring) run(e *env, path string) error {
	if d.options.Source.Date != "" && d.options.Source.URL == "" {
		return usagef("--date %s: of what? Give --source too", d.options.Source.Date)
	}
	data, err := os.ReadFile(path) //nolint:gosec // a file that the user named
	if err != nil {
		return usagef("the declaration: %w", err)
	}
	file, err := declared.Read(path, data, d.options)
	if err != nil {
		return usageError{err}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "# Made by telltale claims import of %s,\n# SHA-256 %s\n", onOneLine(filepath.Base(path)), digest(data))
	if err := file.Write(&out); err != nil {
		return err
	}
	if d.output == "" {
		_, err = e.stdout.Write(out.Bytes())
		return err
	}
	return d.keep(e, file, out.Bytes())
}

// keep writes the claims into a file that is not there yet.
func (d declaring) keep(e *env, file claims.File, text []byte) error {
	f, err := os.OpenFile(d.output, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644) //nolint:gosec // claims are for all to read
	if err != nil {
		return usagef("the claims file: %w; name a new one with --output", err)
	}
	if _, err := f.Write(text); err != nil {
		_ = f.Close()
		return fmt.Errorf("writing the claims file: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("writing the claims file: %w", err)
	}
	_, _ = fmt.Fprintf(e.stdout, "%s: statements: %d\n", d.output, len(file.Statements))
	return nil
}
