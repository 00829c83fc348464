// Package evidence keeps a case folder: what was asked, what was captured,
// and what was derived from it.
//
//	case.json      the plan, written before the first packet and not changed after; seeds as commitments
//	seeds.json     what opens the commitments; a file beside the plan, so that a crash loses no seed
//	claims.yaml    the claims that the case is judged by, as given
//	capture.jsonl  one line an [audit.Event]; every line holds the SHA-256 of the line before
//	blobs/ab/cd…   bodies, named by their SHA-256, compressed with zstd (RFC 8878)
//	facts.jsonl    the fact stream derived from the above: may be deleted and derived again, byte for byte
//	report.html    the same for people
//
// A [Writer] makes a case while it is captured, a [Reader] reads one. The
// folder is hot: it belongs to its owner alone (0700).
package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"telltale/audit"
)

// The names of the files in a case folder.
const (
	CaseFile    = "case.json"
	SeedsFile   = "seeds.json"
	ClaimsFile  = "claims.yaml"
	CaptureFile = "capture.jsonl"
	BlobsDir    = "blobs"
	FactsFile   = "facts.jsonl"
	ReportFile  = "report.html"
	RedactedDir = "redacted" // of a redacted copy: which pieces of its files are withheld
	reserveFile = ".reserve"
)

// A Plan is what a case folder holds before the first packet.
type Plan struct {
	Case   audit.Case
	Seeds  []audit.Seed // with values and salts
	Claims []byte       // the claims file as given
}

// ErrExists means that the folder is not empty: a case is never written over.
var ErrExists = errors.New("the folder is not empty; name a new one with --case")

// layout makes the folder and writes the plan into it.
func layout(dir string, p Plan) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the case folder: %w; name another with --case", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("looking into the case folder: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("case folder %s: %w", dir, ErrExists)
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a folder needs its x bit
		return fmt.Errorf("closing the case folder to others: %w", err)
	}
	if err := writeJSON(filepath.Join(dir, CaseFile), p.Case); err != nil {
		return err
	}
	if err := writeJSON(filepath.Join(dir, SeedsFile), p.Seeds); err != nil {
		return err
	}
	return WriteFile(filepath.Join(dir, ClaimsFile), p.Claims)
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return WriteFile(path, append(b, '\n'))
}

// WriteFile writes a file of the case in one piece: it is there whole or not
// at all, for its owner alone.
func WriteFile(path string, data []byte) error {
	tmp := path + ".part"
	err := os.WriteFile(tmp, data, 0o600)
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		_ = os.Remove(tmp)
		return Advise(fmt.Errorf("writing %s: %w", filepath.Base(path), err))
	}
	return nil
}

// maxPlan bounds the files of a plan; real ones have some kilobytes.
const maxPlan = 256 << 20

// readPlan reads a file of the plan.
func readPlan(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file with bytes", path)
	case info.Size() > maxPlan:
		return nil, fmt.Errorf("%s has %d bytes; up to %d are read", path, info.Size(), maxPlan)
	}
	return os.ReadFile(path) //nolint:gosec // a case is opened where the user says
}

func readJSON(path string, v any) error {
	b, err := readPlan(path)
	if errors.Is(err, fs.ErrNotExist) {
		if name := filepath.Base(path); name != CaseFile {
			return fmt.Errorf("case %s is damaged: it has no %s", filepath.Dir(path), name)
		}
		return fmt.Errorf("%s is no case folder: it has no %s", filepath.Dir(path), CaseFile)
	}
	if err != nil {
		return fmt.Errorf("reading the case: %w", err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
