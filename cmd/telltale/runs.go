package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"telltale/audit"
	"telltale/claims"
)

const runsHelp = `What others captured can be analyzed like an experiment, if it is said which
archive is which: --runs names a list such as
  [{"file": "a.har", "arm": "normal",  "mode": "normal",  "run": 1, "session": 1},
   {"file": "b.har", "arm": "private", "mode": "private", "run": 1, "session": 2,
    "consent": "none", "device": "phone 1", "account": "alice"}]
Files are sought beside the list. A run is one fresh profile; run and session
are 1 if they are left out. Two devices tell an id of the device from a
constant, two accounts an id of the account from one of the device. Identifiers
need two runs or more.`

// A runFile says which part of an experiment a file was captured in.
type runFile struct {
	File    string         `json:"file"`
	Arm     string         `json:"arm"`
	Mode    claims.Mode    `json:"mode"`
	Consent claims.Consent `json:"consent"`
	Device  string         `json:"device"`
	Account string         `json:"account"`
	Run     int            `json:"run"`
	Session int            `json:"session"`
}

// arm returns the arm that the file belongs to.
func (f runFile) arm() audit.Arm {
	return audit.Arm{Name: f.Arm, Mode: f.Mode, Consent: f.Consent, Device: f.Device, Account: f.Account}
}

// place returns where in the experiment the file belongs.
func (f runFile) place() audit.Place { return audit.Place{Arm: f.Arm, Run: f.Run, Session: f.Session} }

// readRuns reads a list of runs. The names of its files are completed.
func readRuns(path string) ([]runFile, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the user names it
	if err != nil {
		return nil, fmt.Errorf("the list of runs: %w", err)
	}
	var list []runFile
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&list); err != nil {
		return nil, fmt.Errorf("the list of runs %s: %w", path, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the list of runs %s: something follows the list; put all files into it", path)
	}
	arms := make(map[string]audit.Arm)
	for i := range list {
		f := &list[i]
		f.Run, f.Session = max(1, f.Run), max(1, f.Session)
		if err := f.check(arms); err != nil {
			return nil, fmt.Errorf("the list of runs %s, entry %d: %w", path, i+1, err)
		}
		if !filepath.IsAbs(f.File) {
			f.File = filepath.Join(filepath.Dir(path), f.File)
		}
	}
	return list, nil
}

// check reports what is wrong with an entry. arms are those of the entries
// before it.
func (f runFile) check(arms map[string]audit.Arm) error {
	switch {
	case f.File == "" || f.Arm == "":
		return errors.New("a file and an arm are needed")
	case f.Mode != "" && f.Mode != claims.Normal && f.Mode != claims.Private:
		return fmt.Errorf("mode %q: there are %s and %s", f.Mode, claims.Normal, claims.Private)
	case f.Consent != "" && f.Consent != claims.None && f.Consent != claims.Given && f.Consent != claims.Withdrawn:
		return fmt.Errorf("consent %q: there are %s, %s and %s", f.Consent, claims.None, claims.Given, claims.Withdrawn)
	}
	if had, ok := arms[f.Arm]; ok && had != f.arm() {
		return fmt.Errorf("arm %q had another mode, consent, device or account before; give it a name of its own", f.Arm)
	}
	arms[f.Arm] = f.arm()
	return nil
}
