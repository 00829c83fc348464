package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"telltale/audit"
	"telltale/audit/evidence"
	"telltale/audit/evidence/custody"
	"telltale/audit/evidence/seal"
	"telltale/audit/evidence/sshsig"
)

const verifyHelp = `verify holds a case against its seal, and says what that proves.

It needs nothing but the folder, and asks nobody. It reads every byte of every
file and compares it with what was signed: a file that was changed, removed or
added is named. It checks signatures, time stamps and the journal, every line
of the capture log and every body, and derives the facts again and compares
them byte for byte.

Anyone can seal a case with a key of their own. So say whose key it has to be:
--trust takes a fingerprint (SHA256:…), a public key, or a file with public
keys, one a line. --roots says which authorities' time stamps count. Where
these are given, a seal or stamp by others is no good.

verify changes nothing, unless --journal is given: then it writes into the
case's journal, signed with your key, that the case was checked.

Exit codes: 0 all of it holds; 1 some of it could not be checked; 2 the command
line is wrong; 4 something was changed, or is not by who it should be.`

const verifyExample = `  telltale verify cases/2026-11-21-090000-mint-2020
  telltale verify --trust SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU cases/…
  telltale verify --trust newsroom.pub --roots tsa-root.pem cases/…`

// errChanged is the end of a check that found a change.
var errChanged = errors.New("the case is not what was sealed")

// verifying are the flags of verify.
type verifying struct {
	trust          []string
	roots, keyFile string
	journal        bool
	keys           []string
	files          shelf
}

func newVerify(e *env) *cobra.Command {
	var o verifying
	c := &cobra.Command{
		Use:     "verify CASE",
		Short:   "check that a case is what was sealed, and derive its facts again",
		Long:    verifyHelp + keyHelp + partyHelp,
		Example: verifyExample,
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return o.run(e, args[0]) },
	}
	c.Flags().StringArrayVar(&o.trust, "trust", nil, "the seal has to be by this `KEY`: a fingerprint, a public key, or a file of public keys; may be repeated")
	rootsFlag(c, &o.roots)
	c.Flags().BoolVar(&o.journal, "journal", false, "write this check into the case's journal")
	keyFileFlag(c, &o.keyFile)
	keyFlag(c, &o.keys)
	partyFlags(c, &o.files)
	return c
}

func (o verifying) run(e *env, dir string) error {
	roots, err := readRoots(o.roots)
	if err != nil {
		return err
	}
	trusted, err := trustedKeys(o.trust)
	if err != nil {
		return err
	}
	book, err := o.files.open(e.now)
	if err != nil {
		return err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return usagef("%s: there is no such folder", dir)
	}
	v, err := check(dir, roots, trusted)
	if err != nil {
		return err
	}
	v.derived(book, o.keys, o.files)
	v.show(e.stdout)
	if o.journal && v.end() == nil {
		if err := signJournal(e, dir, o.keyFile, custody.Entry{Action: custody.Verify}); err != nil {
			return err
		}
	}
	return v.end()
}

// trustedKeys reads what --trust names: fingerprints.
func trustedKeys(names []string) ([]string, error) {
	var trusted []string
	for _, name := range names {
		if strings.HasPrefix(name, "SHA256:") {
			trusted = append(trusted, name)
			continue
		}
		text := name
		if !strings.HasPrefix(name, "ssh-") {
			b, err := os.ReadFile(name) //nolint:gosec // the user names it
			if err != nil {
				return nil, usagef("--trust %q is no fingerprint (SHA256:…), no public key (ssh-ed25519 …), and no file: %w", name, err)
			}
			text = string(b)
		}
		n := len(trusted)
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
				continue
			}
			pub, err := sshsig.ParsePublic(line)
			if err != nil {
				return nil, usagef("--trust %q: %w", name, err)
			}
			trusted = append(trusted, sshsig.Fingerprint(pub))
		}
		if len(trusted) == n {
			return nil, usagef("--trust %q: there is no key in it", name)
		}
	}
	return trusted, nil
}

// A verification is what came of checking a case.
type verification struct {
	dir     string
	seal    *seal.Checked
	reader  *evidence.Reader // nil: the plan cannot be read, or the case is redacted
	trusted bool             // the seal is by a key that was named
	first   time.Time        // of the events
	last    time.Time
	taken   bool   // the traffic was imported from what others captured
	partial string // why the capture is not complete
	events  int
	bodies  int
	facts   string // how the facts compare; "" if they are the same
	noFacts bool   // there are none
	unknown bool   // some of it could not be checked
}

// check holds a case against its seal, and its log and bodies against their
// own hashes.
func check(dir string, roots *x509.CertPool, trusted []string) (*verification, error) {
	checked, err := seal.Check(dir, roots, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, err
	}
	v := &verification{dir: dir, seal: checked, unknown: len(checked.Unread) > 0}
	if checked.Signer == nil {
		return v, nil
	}
	if finger := sshsig.Fingerprint(checked.Signer); len(trusted) > 0 && !slices.Contains(trusted, finger) {
		v.changed(seal.ManifestFile, fmt.Sprintf("is by the key %s, which is none of those that --trust names", finger))
	} else {
		v.trusted = len(trusted) > 0
	}
	if checked.Redacted() {
		v.facts = "not derived again: that takes what is withheld"
		return v, nil
	}
	if len(checked.Changes)+len(checked.Unread) == 0 { // what was changed is not read on
		v.capture()
	}
	return v, nil
}

func (v *verification) changed(file, what string) {
	c := seal.Change{File: file, What: what}
	if !slices.Contains(v.seal.Changes, c) {
		v.seal.Changes = append(v.seal.Changes, c)
	}
}

// capture checks plan, log and bodies.
func (v *verification) capture() {
	r, err := evidence.Open(v.dir)
	if err != nil {
		v.problem(evidence.CaseFile, err)
		return
	}
	v.reader = r
	if r.Case.ID != v.seal.Manifest.Case {
		v.changed(seal.ManifestFile, fmt.Sprintf("is the seal of case %s, and this is case %s", v.seal.Manifest.Case, r.Case.ID))
	}
	for ev, err := range r.Events() {
		if err != nil && !errors.Is(err, evidence.ErrCut) {
			v.problem(evidence.CaptureFile, err)
		}
		if err == nil {
			v.event(ev)
		}
	}
	v.partial, _ = ending(r)
	for name, err := range r.Bodies(runtime.GOMAXPROCS(0)) {
		if err != nil {
			v.problem(name, err)
			continue
		}
		v.bodies++
	}
}

// event takes one line of the log.
func (v *verification) event(e audit.Event) {
	v.events++
	if v.first.IsZero() || e.Time.Before(v.first) {
		v.first = e.Time
	}
	if e.Time.After(v.last) {
		v.last = e.Time
	}
	v.taken = v.taken || e.Source != nil
}

// problem takes an error about a file that is as it was sealed.
func (v *verification) problem(file string, err error) {
	if errors.Is(err, fs.ErrPermission) {
		v.unknown = true
		return
	}
	v.changed(file, "does not hold, and did not when it was sealed: "+err.Error())
}

// derived derives the facts again and compares them.
func (v *verification) derived(book *library, keys []string, files shelf) {
	if v.reader == nil || len(v.seal.Changes)+len(v.seal.Unread) > 0 {
		if v.facts == "" {
			v.facts = "not derived again: first all of the case has to hold"
		}
		return
	}
	if m := missing(v.seal.Manifest.Needs, needed(keys, files)); m != "" {
		v.facts, v.unknown = "not derived again: they were derived with "+m+", which has to be given again", true
		return
	}
	err := sameFacts(book, v.reader, keys...)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		v.noFacts = true
	case errors.Is(err, errFacts):
		what := err.Error()
		if made := v.reader.Case.Tools[0].Version; made != version {
			what += fmt.Sprintf(" (they were derived by version %s, and this is %s)", made, version)
		}
		v.facts = what
		v.changed(evidence.FactsFile, strings.TrimPrefix(what, evidence.FactsFile+": "))
	case err != nil:
		v.facts, v.unknown = "could not be derived again: "+err.Error(), true
	}
}

// end returns how the command ends.
func (v *verification) end() error {
	switch n := len(v.seal.Changes); {
	case n > 0:
		return fmt.Errorf("%w: %s: %s", errChanged, v.dir, visible(v.seal.Changes[0].File+" "+v.seal.Changes[0].What))
	case v.unknown && len(v.seal.Unread) > 0:
		return fmt.Errorf("not all of %s could be read: %s", v.dir, visible(v.seal.Unread[0].What))
	case v.unknown:
		return fmt.Errorf("not all of %s could be checked: facts %s", v.dir, visible(v.facts))
	}
	return nil
}
