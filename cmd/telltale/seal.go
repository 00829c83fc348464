package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"telltale/audit/evidence"
)

const sealHelp = `seal closes a case: after it, a change of any byte shows.

audit seals by itself at its end. seal is for cases that were imported, or that
a crash left open. Before it signs, it derives the facts again: facts that are
not what the capture gives are not sealed.` + sealHelpOf

func newSeal(e *env) *cobra.Command {
	var s signing
	var keys []string
	var files shelf
	c := &cobra.Command{
		Use:   "seal CASE",
		Short: "sign a case, so that every later change shows",
		Long:  sealHelp + keyHelp + partyHelp,
		Example: `  telltale seal cases/phone
  telltale seal --timestamp https://tsa.example/ --roots tsa-root.pem cases/phone`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			signer, err := s.open(e)
			if err != nil {
				return err
			}
			book, err := files.open(e.now)
			if err != nil {
				return err
			}
			r, err := evidence.Open(args[0])
			if err != nil {
				return usageError{err}
			}
			if err := sameFacts(book, r, keys...); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("this case is not sealed: %w", err)
			}
			return signer.seal(c.Context(), e, args[0], needed(keys, files))
		},
	}
	signFlags(c, &s)
	keyFlag(c, &keys)
	partyFlags(c, &files)
	return c
}

// errFacts means that facts are not those that a capture gives.
var errFacts = errors.New("they are not what the capture gives")

// sameFacts derives the facts of a case again and compares them byte for byte
// with those in it.
func sameFacts(book *library, r *evidence.Reader, keys ...string) error {
	f, err := os.Open(r.Path(evidence.FactsFile))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	reveal, err := revealed(f)
	if err != nil {
		return fmt.Errorf("%s: %w", evidence.FactsFile, err)
	}
	c, err := deriveBy(book, r, keys...)
	if err != nil {
		return err
	}
	c.Reveal = reveal
	return compareFacts(f, c)
}
