package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"

	"telltale/audit"
	"telltale/audit/evidence"
	"telltale/audit/evidence/custody"
	"telltale/audit/evidence/redact"
	"telltale/audit/evidence/seal"
)

// A copying is what the command line of export asks for, if it is a copy of a
// sealed case.
type copying struct {
	redact       bool
	show, to     []string
	out, keyFile string
}

func (o copying) run(e *env, dir string) error {
	recipients, err := o.check()
	if err != nil {
		return err
	}
	checked, err := seal.Check(dir, nil, runtime.GOMAXPROCS(0))
	if err != nil {
		return err
	}
	if n := len(checked.Changes); n > 0 {
		return fmt.Errorf("%w, and is not exported: %s: %s %s", errChanged, dir, checked.Changes[0].File, checked.Changes[0].What)
	}
	if len(checked.Unread) > 0 {
		return fmt.Errorf("not all of %s can be read: %s", dir, checked.Unread[0].What)
	}
	if err := signJournal(e, dir, o.keyFile, custody.Entry{Action: custody.Export, Note: o.note()}); err != nil {
		return err
	}
	switch {
	case len(recipients) == 0:
		err = o.redacted(dir, o.out)
	case o.redact:
		err = o.both(dir, recipients)
	default:
		err = encrypt(dir, o.out, recipients)
	}
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(e.stdout, "Exported: %s\n", o.out)
	return nil
}

// check looks at the flags, and reads the recipients' keys.
func (o copying) check() ([]age.Recipient, error) {
	if o.out == "" {
		return nil, usagef("-o is missing: name a new folder, or with --for a new file")
	}
	if !o.redact && len(o.show) > 0 {
		return nil, usagef("--show says what --redact leaves; without it everything is shown")
	}
	if !o.redact && len(o.to) == 0 {
		return nil, usagef("say what to make: --redact, --for KEY or both for a copy, or --format for another tool")
	}
	if _, err := os.Lstat(o.out); !errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("%s is there already; name a new one with -o", o.out)
	}
	var recipients []age.Recipient
	for _, name := range o.to {
		more, err := readRecipients(name)
		if err != nil {
			return nil, usagef("--for %q: %w", name, err)
		}
		recipients = append(recipients, more...)
	}
	return recipients, nil
}

// note is what the journal says of the copy. It names no recipient: the
// signJournal goes with every copy.
func (o copying) note() string {
	kind := "whole"
	if o.redact {
		kind = "redacted"
	}
	if len(o.to) > 0 {
		kind += ", encrypted"
	}
	return kind
}

// readRecipients reads a key, or a file of keys.
func readRecipients(name string) ([]age.Recipient, error) {
	text := name
	if !strings.HasPrefix(name, "age1") && !strings.HasPrefix(name, "ssh-") {
		b, err := os.ReadFile(name) //nolint:gosec // the user names it
		if err != nil {
			return nil, fmt.Errorf("it is no key (age1…, ssh-…), and no file: %w", err)
		}
		text = string(b)
	}
	var recipients []age.Recipient
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case strings.HasPrefix(line, "ssh-"):
			r, err := agessh.ParseRecipient(line)
			if err != nil {
				return nil, err
			}
			recipients = append(recipients, r)
		default:
			some, err := age.ParseRecipients(strings.NewReader(line))
			if err != nil {
				return nil, err
			}
			recipients = append(recipients, some...)
		}
	}
	if len(recipients) == 0 {
		return nil, errors.New("there is no key in it")
	}
	return recipients, nil
}

// redacted writes a redacted copy. One that broke off is removed.
func (o copying) redacted(dir, out string) error {
	rules, err := redaction(dir, o.show)
	if err != nil {
		return err
	}
	if err := seal.Redact(dir, out, rules); err != nil {
		_ = os.RemoveAll(out)
		return err
	}
	return nil
}

// redaction makes the rules by which a case is redacted.
func redaction(dir string, findings []string) (redact.Rules, error) {
	rules := redact.Rules{Revealed: true, Events: map[int]bool{}, Bodies: map[string]bool{}}
	facts, err := os.Open(filepath.Join(dir, evidence.FactsFile)) //nolint:gosec // of the case that the user names
	if errors.Is(err, fs.ErrNotExist) && len(findings) == 0 {
		return rules, nil
	}
	if err != nil {
		return rules, err
	}
	defer func() { _ = facts.Close() }()
	events := make(map[string]int) // by exhibit
	left := slices.Clone(findings)
	for f, err := range audit.Facts(facts) {
		switch {
		case err != nil:
			return rules, err
		case f.Config != nil:
			rules.Revealed = f.Config.Reveal
		case f.Exhibit != nil:
			events[f.Exhibit.ID] = f.Exhibit.Event
		case f.Finding != nil && slices.Contains(left, f.Finding.ID):
			rules.Events[events[f.Finding.Exhibit]] = true
			left = slices.DeleteFunc(left, func(id string) bool { return id == f.Finding.ID })
		}
	}
	if len(left) > 0 {
		return rules, usagef("--show %s: the case has no such finding", strings.Join(left, ","))
	}
	return rules, showBodies(dir, rules)
}

// showBodies adds to rules what was sent in the events that are shown.
func showBodies(dir string, rules redact.Rules) error {
	if len(rules.Events) == 0 {
		return nil
	}
	r, err := evidence.Open(dir)
	if err != nil {
		return err
	}
	n := 0
	for e, err := range r.Events() {
		if errors.Is(err, evidence.ErrCut) {
			break // it was sealed so
		}
		if err != nil {
			return err
		}
		n++
		if bodies := e.Bodies(); rules.Events[n] && len(bodies) > 0 {
			rules.Bodies[bodies[0].SHA256] = true
		}
	}
	return nil
}

// both encrypts a redacted copy, which is made beside the file and removed.
func (o copying) both(dir string, recipients []age.Recipient) error {
	tmp, err := os.MkdirTemp(filepath.Dir(o.out), ".export-")
	if err != nil {
		return fmt.Errorf("exporting: %w", err)
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	whole, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	copied := filepath.Join(tmp, filepath.Base(whole))
	if err := o.redacted(dir, copied); err != nil {
		return err
	}
	return encrypt(copied, o.out, recipients)
}

// encrypt writes a folder as a tar archive that only the recipients can open.
func encrypt(dir, out string, recipients []age.Recipient) (err error) {
	f, err := os.OpenFile(out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the user names it
	if err != nil {
		return fmt.Errorf("exporting: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(out)
			err = evidence.Advise(fmt.Errorf("exporting: %w", err))
		}
	}()
	sealed, err := age.Encrypt(f, recipients...)
	if err == nil {
		err = archive(sealed, dir)
		err = errors.Join(err, sealed.Close())
	}
	return errors.Join(err, f.Close())
}

// archive writes the files of a folder as a tar archive, below its name. Times
// and owners are left out: they say when and by whom the copy was made.
func archive(w io.Writer, dir string) error {
	whole, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	out, name := tar.NewWriter(w), filepath.Base(whole)
	err = fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		f, err := os.Open(filepath.Join(dir, filepath.FromSlash(path))) //nolint:gosec // of the case that the user names
		if err != nil {
			return err
		}
		err = out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name + "/" + path, Size: info.Size(), Mode: 0o600})
		if err == nil {
			_, err = io.Copy(out, f)
		}
		return errors.Join(err, f.Close())
	})
	return errors.Join(err, out.Close())
}
