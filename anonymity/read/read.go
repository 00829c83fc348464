// Package read makes tables of package anonymity out of files: CSV, JSON Lines
// (the form in which collectors export), and Parquet.
//
// Files are read in one pass, row by row. The first rows are kept as a sample,
// from which roles can be guessed before the rest is read. What is wrong with a
// file is an error that names the row.
package read

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"telltale/anonymity"
)

// sampleRows is how many rows are looked at before the columns are fixed.
const sampleRows = 1000

// maxRecord bounds one row, in bytes.
const maxRecord = 16 << 20

// maxColumns bounds the columns of a file.
const maxColumns = 4096

// A Source is a file that is being read.
type Source struct {
	Columns []string
	Sample  [][]string // the first rows
	Unknown int        // values in JSON Lines whose name the sample did not have; they are left out

	next func() ([]string, error)
}

// A File is what a source is read from.
type File interface {
	io.Reader
	io.ReaderAt
	io.Seeker
}

// A kind is one format of files.
type kind struct {
	name string
	is   func(head []byte) bool
	open func(f File) (*Source, error)
}

// formats is the table of formats, tried in order; the last one takes all.
var formats = []kind{
	{"parquet", func(head []byte) bool { return bytes.HasPrefix(head, []byte("PAR1")) }, openParquet},
	{"jsonl", func(head []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("{")) }, openJSONL},
	{"csv", func([]byte) bool { return true }, openCSV},
}

// Open tells the format of a file by its first bytes and reads the sample.
func Open(f File) (*Source, error) {
	head := make([]byte, 512)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	head = bytes.TrimPrefix(head[:n], bom)
	if len(bytes.TrimSpace(head)) == 0 {
		return nil, errors.New("the file is empty")
	}
	for _, known := range formats {
		if known.is(head) {
			s, err := known.open(f)
			if err != nil {
				return nil, fmt.Errorf("reading it as %s: %w", known.name, err)
			}
			return s, s.check()
		}
	}
	return nil, errors.New("no format fits") // cannot be: the last one takes all
}

// bom is the mark that some programs write in front of UTF-8.
var bom = []byte("\xef\xbb\xbf")

func (s *Source) check() error {
	if len(s.Columns) > maxColumns {
		return fmt.Errorf("it has %d columns; %d are the most", len(s.Columns), maxColumns)
	}
	sorted := slices.Clone(s.Columns)
	slices.Sort(sorted)
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			return fmt.Errorf("two columns are named %q", sorted[i])
		}
	}
	return nil
}

// A Place says how the rows are kept. The zero value is memory without bound.
type Place struct {
	Memory int64           // bytes that a table may take in memory; 0: no bound
	Spill  anonymity.Spill // takes what is more; nil: that is an error
	Zone   *time.Location  // of times that name none; nil: UTC
}

// Table reads all rows. columns are those of the source with their roles, in
// its order.
func (s *Source) Table(columns []anonymity.Column, at Place) (*anonymity.Table, error) {
	j, err := Join(columns, at)
	if err != nil {
		return nil, err
	}
	if err := j.Add(s); err != nil {
		return nil, err
	}
	return j.Table()
}

// Joined is a table that several sources with the same columns make.
type Joined struct {
	*anonymity.Builder

	at     []int // places of the columns that are kept
	picked []string
}

// Join returns a table without rows; see [Source.Table] for the arguments.
func Join(columns []anonymity.Column, at Place) (*Joined, error) {
	j := &Joined{}
	var kept []anonymity.Column
	for i, c := range columns {
		if c.Role != anonymity.Ignore {
			kept = append(kept, c)
			j.at = append(j.at, i)
		}
	}
	if len(kept) == 0 {
		return nil, errors.New("all columns are ignored; give roles")
	}
	j.Builder = anonymity.NewBuilder(kept)
	j.Memory, j.Spill, j.Zone = at.Memory, at.Spill, at.Zone
	j.picked = make([]string, len(kept))
	return j, nil
}

// Add appends all rows of a source.
func (j *Joined) Add(s *Source) error {
	for row, err := range s.rows() {
		if err != nil {
			return err
		}
		for i, at := range j.at {
			j.picked[i] = row[at]
		}
		if err := j.Builder.Add(j.picked); err != nil {
			return err
		}
	}
	return nil
}

// rows yields the sample and then the rest. A row is valid until the next one.
func (s *Source) rows() func(yield func([]string, error) bool) {
	return func(yield func([]string, error) bool) {
		for _, row := range s.Sample {
			if !yield(row, nil) {
				return
			}
		}
		for {
			row, err := s.next()
			if errors.Is(err, io.EOF) || !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// fill reads the sample.
func (s *Source) fill() error {
	for len(s.Sample) < sampleRows {
		row, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s.Sample = append(s.Sample, slices.Clone(row))
	}
	return nil
}

// A limiter fails when more than maxRecord bytes are read between two resets.
type limiter struct {
	r    io.Reader
	left int
}

func newLimiter(r io.Reader) *limiter { return &limiter{bufio.NewReaderSize(r, 1<<16), maxRecord} }

func (l *limiter) reset() { l.left = maxRecord }

// Read implements [io.Reader].
func (l *limiter) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("one row has more than %d MiB", maxRecord>>20)
	}
	n, err := l.r.Read(p)
	l.left -= n
	return n, err
}
