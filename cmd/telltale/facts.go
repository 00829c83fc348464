package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"telltale/audit"
	"telltale/audit/evidence"
	"telltale/audit/evidence/seal"
	"telltale/audit/report"
)

// revealed reports whether stored facts have their values in clear.
func revealed(f io.ReadSeeker) (bool, error) {
	for fact, err := range audit.Facts(f) {
		if err != nil {
			return false, err
		}
		if fact.Config == nil {
			return false, errors.New("it does not begin with a config")
		}
		_, err = f.Seek(0, io.SeekStart)
		return fact.Config.Reveal, err
	}
	return false, errors.New("it is empty")
}

// compareFacts compares stored facts with those of a case that was derived.
func compareFacts(stored io.Reader, c *report.Case) error {
	d := &differ{want: bufio.NewReader(stored), line: 1}
	err := emit(&audit.Writer{W: d, Reveal: c.Reveal}, c, c.Reveal)
	if err == nil {
		err = d.end()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", evidence.FactsFile, err)
	}
	return nil
}

// A differ is a writer that compares what is written with what it reads.
type differ struct {
	want *bufio.Reader
	line int // from 1
	buf  []byte
}

func (d *differ) Write(p []byte) (int, error) {
	d.buf = append(d.buf[:0], p...)
	n, err := io.ReadFull(d.want, d.buf)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, err
	}
	if !bytes.Equal(d.buf[:n], p) {
		return 0, fmt.Errorf("fact %d: %w", d.line, errFacts)
	}
	d.line += bytes.Count(p, []byte("\n"))
	return len(p), nil
}

// end reports whether something follows that was not derived.
func (d *differ) end() error {
	if _, err := d.want.Peek(1); !errors.Is(err, io.EOF) {
		return errors.Join(fmt.Errorf("fact %d: %w", d.line, errFacts), err)
	}
	return nil
}

// put writes what was derived into a case. In a sealed one it stays as it was
// sealed: the same again is fine, and anything else is an error.
func put(r *evidence.Reader, name string, data []byte) error {
	if _, sealed, err := seal.ManifestHash(r.Path("")); err != nil || !sealed {
		return errors.Join(err, evidence.WriteFile(r.Path(name), data))
	}
	had, err := os.ReadFile(r.Path(name))
	if err == nil && !bytes.Equal(had, data) {
		return fmt.Errorf("the case is sealed, and %s would not be what it was when it was sealed; it stays as it is", name)
	}
	if err == nil {
		return nil
	}
	return evidence.WriteFile(r.Path(name), data)
}
