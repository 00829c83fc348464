package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"telltale/claims"
)

const diffHelp = `diff compares what two claims files promise.

One promise is stronger than another if whoever keeps it keeps the other as
well: for more kinds, under fewer conditions, to fewer recipients, for a shorter
time. What is sent to nobody cannot be linked either, so never is stronger than
unlinked. Files are compared by what they promise and not by their words or ids:

  added         a promise that the old file does not have
  dropped       nothing of it is left
  weakened      a part of it is no longer promised
  strengthened  all of it is still promised, and more
  shifted       a part of it is no longer promised, and something else is
  reworded      the quote of a statement is another one

The exit code is 3 if something was dropped, weakened or shifted.`

func newClaimsDiff(e *env) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:     "diff OLD NEW",
		Short:   "compare what two versions of a vendor's claims promise",
		Long:    diffHelp,
		Example: "  telltale claims diff mint-2020 mint-2020-update",
		Args:    cobra.ExactArgs(2),
		RunE:    func(_ *cobra.Command, args []string) error { return diffClaims(e, format, args[0], args[1]) },
	}
	formatFlag(c, &format)
	return c
}

func diffClaims(e *env, format, before, after string) error {
	if err := checkFormat(format); err != nil {
		return err
	}
	old, _, err := readClaims(before)
	if err != nil {
		return err
	}
	now, _, err := readClaims(after)
	if err != nil {
		return err
	}
	diffs := claims.Diff(old, now)
	if format == "json" {
		err = writeJSON(e.stdout, diffs)
	} else {
		_, _ = fmt.Fprintf(e.stdout, "%s → %s\n", subjectWords(old.Subject), subjectWords(now.Subject))
		err = writeDiffs(e.stdout, diffs)
	}
	if err == nil && slices.ContainsFunc(diffs, func(d claims.Difference) bool { return d.Change.Less() }) {
		return errFinding
	}
	return err
}

// writeDiffs writes what changed, and counts what did not.
func writeDiffs(w io.Writer, diffs []claims.Difference) error {
	var b strings.Builder
	kept := 0
	for _, d := range diffs {
		if d.Change == claims.Kept {
			kept++
			continue
		}
		fmt.Fprintf(&b, "\n%s  %s\n", d.Change, strings.Join(ends(d), " → "))
		for _, s := range d.Lost {
			paragraph(&b, 2, "- before", s)
		}
		for _, s := range d.Left {
			paragraph(&b, 2, "  left", s)
		}
		for _, s := range d.Gained {
			paragraph(&b, 2, "+ now", s)
		}
	}
	fmt.Fprintf(&b, "\nkept: %d\n", kept)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the differences: %w", err)
	}
	return nil
}

// ends names what a difference is between: one side of it may be empty.
func ends(d claims.Difference) (names []string) {
	for _, ids := range [][]string{d.Old, d.New} {
		if len(ids) > 0 {
			names = append(names, strings.Join(ids, ", "))
		}
	}
	if d.Change == claims.Reworded {
		return names[:1]
	}
	return names
}
