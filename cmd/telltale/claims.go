package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"telltale/claims"
)

const claimsHelp = `claims reads, explains, compares and tests claims files.

A claims file holds what a vendor says about its telemetry: statements with
their source, and what follows from each, as assertions that can be tested. The
format is described in docs/claims.md. Wherever a FILE is asked for, the name of
a built-in one will do: `

func newClaims(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "claims",
		Short: "read, explain, compare and test claims files",
		Long:  claimsHelp + strings.Join(claims.Builtins(), ", ") + ".",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newClaimsLint(e), newClaimsShow(e), newClaimsDiff(e), newClaimsTest(e), newClaimsRules(e), newClaimsImport(e))
	for _, sub := range c.Commands() {
		sub.Args = usageArgs(sub.Args)
		if name, _, _ := strings.Cut(sub.Use, " "); name != "import" && name != "rules" {
			sub.ValidArgsFunction = completeClaims
		}
	}
	return c
}

// completeClaims lets the shell complete the names of built-in claims files,
// and those of other files.
func completeClaims(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return claims.Builtins(), cobra.ShellCompDirectiveDefault
}

// readClaims reads a claims file that was named, or the built-in one of that
// name.
func readClaims(name string) (claims.File, []byte, error) {
	return loadClaims(auditOptions{claims: name})
}

// formatFlag lets a command write text or JSON.
func formatFlag(c *cobra.Command, format *string) {
	c.Flags().StringVar(format, "format", "text", "text or json")
	complete(c, "format", []string{"text", "json"})
}

func checkFormat(format string) error {
	if format != "text" && format != "json" {
		return usagef("--format %q: there are text and json", format)
	}
	return nil
}

// writeJSON writes a value as one document, for people and programs.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}

// subjectWords names what a claims file is about.
func subjectWords(s claims.Subject) string {
	name := strings.TrimSpace(s.Name + " " + s.Version)
	if s.Publisher != "" {
		name += " (" + s.Publisher + ")"
	}
	return onOneLine(name)
}

const lintHelp = `lint checks claims files.

What is wrong with a file is said with its line and column, and what to do about
it; the exit code is then 2. Notes are what a reader would ask back: a statement
without a source, an assertion that says nothing new. They change no exit code.`

func newClaimsLint(e *env) *cobra.Command {
	return &cobra.Command{
		Use:     "lint FILE...",
		Short:   "check claims files",
		Long:    lintHelp,
		Example: "  telltale claims lint vendor.yaml",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return lint(e, args) },
	}
}

// lint says for each file what is wrong with it, or what is in it.
func lint(e *env, files []string) error {
	var wrong []string
	for _, name := range files {
		file, _, err := readClaims(name)
		if err != nil {
			wrong = append(wrong, name)
			for line := range strings.SplitSeq(err.Error(), "\n") {
				_, _ = fmt.Fprintln(e.stdout, onOneLine(line))
			}
			continue
		}
		asserts, untestable := 0, 0
		for _, s := range file.Statements {
			asserts += len(s.Asserts)
			untestable += countUntestable(s)
		}
		_, _ = fmt.Fprintf(e.stdout, "%s: %s: statements: %d, assertions: %d, not testable: %d\n",
			name, subjectWords(file.Subject), len(file.Statements), asserts, untestable)
		for _, note := range file.Notes() {
			_, _ = fmt.Fprintf(e.stdout, "%s: note: %s\n", name, note)
		}
	}
	if len(wrong) > 0 {
		return usageError{errors.New("not to be used: " + strings.Join(slices.Compact(wrong), ", "))}
	}
	return nil
}

func countUntestable(s claims.Statement) (n int) {
	for _, a := range s.Asserts {
		switch a.Rule.(type) {
		case claims.Untestable, claims.Retained:
			n++
		}
	}
	return n
}
