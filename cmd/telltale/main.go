// Command telltale tests the claims that vendors make about their telemetry.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// Exit codes, the same for every subcommand and part of its contract.
const (
	exitOK      = 0 // clean: everything was read, nothing found, no claim refuted
	exitFailed  = 1 // the work could not be done, or not all of it could be read
	exitUsage   = 2 // the command line or a file given with it is wrong
	exitFinding = 3 // a claim was refuted or a finding made
	exitChanged = 4 // a sealed case is not as it was sealed
)

// version is set by the Makefile.
var version = "devel"

// An env is all that a command may touch of the process it runs in.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
	getenv         func(string) string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	code := run(ctx, &env{os.Stdin, os.Stdout, os.Stderr, time.Now, os.Getenv}, os.Args[1:])
	stop()
	os.Exit(code)
}

// run runs one command line and returns its exit code.
func run(ctx context.Context, e *env, args []string) int {
	root := newRoot(e)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && !errors.Is(err, errFinding) {
		_, _ = fmt.Fprintf(e.stderr, "telltale: %s\n", oneLine(err))
	}
	return exitCode(err)
}

// errFinding is no failure: it carries the exit code of a command that found
// something and has said what.
var errFinding = errors.New("found something")

// A usageError is a mistake in what the user asked for.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func exitCode(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFinding):
		return exitFinding
	case errors.Is(err, errChanged):
		return exitChanged
	case errors.As(err, &usage):
		return exitUsage
	default:
		return exitFailed
	}
}

// oneLine joins the lines of errors that were joined.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' }), "; ")
}

const rootHelp = `telltale tests the claims that vendors make about their telemetry.

It lets software run in a laboratory, reads what the software says about its
user, to whom and in which mode, and holds that against the vendor's own words.
Nothing leaves this machine unless you ask for it with --online, --rdap or --timestamp.

Exit codes, for every command:
  0  clean: everything was read, nothing found, no claim refuted
  1  the work could not be done, or not all of it could be read
  2  the command line or a file given with it is wrong
  3  a claim was refuted or a finding made
  4  a sealed case was changed, or is not by who it should be`

func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:           "telltale",
		Short:         "test the claims that vendors make about their telemetry",
		Long:          rootHelp,
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          usageArgs(cobra.NoArgs),
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(e.stdin)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usagef("%w; see `%s --help`", err, c.CommandPath())
	})
	root.AddCommand(newAudit(e), newCapture(e), newImport(e), newExport(e), newAnalyze(e), newReport(e), newExplain(e), newAnonymity(e), newClaims(e), newSeal(e), newVerify(e), newCollect(e), newQuery(e), newMan())
	for _, c := range root.Commands() {
		c.Args = usageArgs(c.Args)
	}
	return root
}

// usageArgs makes a wrong number of arguments a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if check == nil {
			return nil
		}
		if err := check(c, args); err != nil {
			return usagef("%w; see `%s --help`", err, c.CommandPath())
		}
		return nil
	}
}
