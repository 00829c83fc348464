package evidence

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"telltale/audit"
)

// A Reader reads a case folder.
type Reader struct {
	dir  string
	pack packReader
	// Case is the plan.
	Case audit.Case
	// Seeds are the plan's seeds with their values.
	Seeds []audit.Seed
	// Claims is the claims file.
	Claims []byte
}

// ErrRedacted means that a case is a copy without what may be personal.
var ErrRedacted = errors.New("this is a redacted copy: nothing can be derived from it; `telltale verify` says what it proves")

// Open reads the plan of a case.
func Open(dir string) (*Reader, error) {
	r := &Reader{dir: dir}
	if _, err := os.Lstat(filepath.Join(dir, RedactedDir)); err == nil {
		return nil, fmt.Errorf("%s: %w", dir, ErrRedacted)
	}
	if err := readJSON(filepath.Join(dir, CaseFile), &r.Case); err != nil {
		return nil, err
	}
	if r.Case.Format != audit.CaseFormat {
		return nil, fmt.Errorf("%s: format %q is not known; this program reads %q", dir, r.Case.Format, audit.CaseFormat)
	}
	if err := readJSON(filepath.Join(dir, SeedsFile), &r.Seeds); err != nil {
		return nil, err
	}
	var err error
	if r.Claims, err = readPlan(filepath.Join(dir, ClaimsFile)); err != nil {
		return nil, fmt.Errorf("reading the case's claims: %w", err)
	}
	return r, r.intact()
}

// ErrChanged means that a file is not the one that the case was started with.
var ErrChanged = errors.New("it is not what the case was started with: it was changed, and no verdict can stand on it")

// intact checks claims and seeds against the plan, which the log is chained to.
func (r *Reader) intact() error {
	if digest(r.Claims) != r.Case.Claims {
		return fmt.Errorf("%s: %w", filepath.Join(r.dir, ClaimsFile), ErrChanged)
	}
	planned := make(map[string]string, len(r.Case.Seeds))
	for _, s := range r.Case.Seeds {
		planned[s.Name] = s.Commitment
	}
	for _, s := range r.Seeds {
		if c, ok := planned[s.Name]; !ok || s.Commit() != c {
			return fmt.Errorf("%s: seed %s: %w", filepath.Join(r.dir, SeedsFile), s.Name, ErrChanged)
		}
	}
	if len(planned) != len(r.Seeds) {
		return fmt.Errorf("%s: %d seeds for %d commitments: %w", filepath.Join(r.dir, SeedsFile), len(r.Seeds), len(planned), ErrChanged)
	}
	return nil
}

// ErrChain means that a line of the log does not fit the line before.
var ErrChain = errors.New("the line does not fit the one before: the log was changed")

// ErrPlan means that the first line of the log does not fit the plan.
var ErrPlan = fmt.Errorf("%s is not the plan that the log was begun with: it was changed after the first packet, or is another case's (%w)", CaseFile, ErrChain)

// ErrCut means that the log ends in the middle of a line.
var ErrCut = errors.New("the log ends in the middle of a line")

// maxLine bounds one line of the log; headers are far smaller.
const maxLine = 16 << 20

// Events yields the log's events in order, and checks the chain. After an
// error it stops; events before it are good.
func (r *Reader) Events() iter.Seq2[audit.Event, error] {
	return func(yield func(audit.Event, error) bool) {
		f, err := os.Open(filepath.Join(r.dir, CaptureFile))
		if err != nil {
			yield(audit.Event{}, fmt.Errorf("reading the capture log: %w", err))
			return
		}
		defer func() { _ = f.Close() }()
		for e, err := range events(f, genesis(r.Case)) {
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// events reads a log that is chained to prev.
func events(r io.Reader, prev string) iter.Seq2[audit.Event, error] {
	return func(yield func(audit.Event, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxLine)
		lines.Split(wholeLines)
		n := 0
		for lines.Scan() {
			n++
			l, err := link(lines.Bytes(), prev)
			if n == 1 && errors.Is(err, ErrChain) {
				err = ErrPlan
			}
			if err != nil {
				yield(audit.Event{}, fmt.Errorf("%s line %d: %w", CaptureFile, n, err))
				return
			}
			if prev = digest(lines.Bytes()); !yield(l.Event, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(audit.Event{}, fmt.Errorf("%s after line %d: %w", CaptureFile, n, err))
		}
	}
}

// link reads one line and checks that it fits prev.
func link(b []byte, prev string) (line, error) {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return l, err
	}
	if l.Prev != prev {
		return l, ErrChain
	}
	return l, nil
}

// wholeLines is bufio.ScanLines, but a last line without its newline is an error.
func wholeLines(data []byte, atEOF bool) (int, []byte, error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, ErrCut
	}
	return 0, nil, nil
}

// Path returns the path of a file of the case.
func (r *Reader) Path(name string) string { return filepath.Join(r.dir, name) }
