package read

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// separators are what columns may be separated by.
var separators = []rune{',', ';', '\t', '|'}

// openCSV reads comma-separated values (RFC 4180) with a line of names. The
// separator is the one that the line of names has most of. A row that is short
// has missing values at its end; one that is long is an error.
func openCSV(f File) (*Source, error) {
	head := make([]byte, 1<<16)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	in := newLimiter(f)
	r := csv.NewReader(in)
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	r.Comma = separator(string(head[:n]))
	names, err := r.Read()
	if err != nil {
		return nil, err
	}
	s := &Source{}
	for i, name := range names {
		name = strings.TrimSpace(strings.TrimPrefix(name, string(bom)))
		if name == "" {
			name = fmt.Sprintf("column %d", i+1)
		}
		s.Columns = append(s.Columns, strings.Clone(name))
	}
	full := make([]string, len(s.Columns))
	s.next = func() ([]string, error) {
		in.reset()
		row, err := r.Read()
		if err != nil {
			return nil, err
		}
		if len(row) > len(full) {
			line, _ := r.FieldPos(0)
			return nil, fmt.Errorf("line %d has %d values, and there are %d columns", line, len(row), len(full))
		}
		clear(full[copy(full, row):])
		return full, nil
	}
	return s, s.fill()
}

func separator(head string) rune {
	names, _, _ := strings.Cut(head, "\n")
	best, most := separators[0], 0
	for _, sep := range separators {
		if n := strings.Count(names, string(sep)); n > most {
			best, most = sep, n
		}
	}
	return best
}
