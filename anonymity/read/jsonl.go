package read

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// maxDepth is how deep objects are taken apart; what is deeper stays text.
const maxDepth = 8

// openJSONL reads one JSON object a line. Objects in objects give columns with
// dots in their names, such as properties.$url; lists are kept as JSON text.
// The columns are the names that the sample has; a name that comes later is
// counted and left out. null and an absent name are missing values.
func openJSONL(f File) (*Source, error) {
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 1<<16), maxRecord)
	j := &jsonl{lines: lines, index: make(map[string]int)}
	s := &Source{}
	var first []map[string]string
	for len(first) < sampleRows {
		row, err := j.read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		first = append(first, row)
		for name := range row {
			if !slices.Contains(s.Columns, name) && len(s.Columns) <= maxColumns {
				s.Columns = append(s.Columns, name)
			}
		}
	}
	slices.Sort(s.Columns)
	for i, name := range s.Columns {
		j.index[name] = i
	}
	for _, row := range first {
		s.Sample = append(s.Sample, j.flat(row, &s.Unknown))
	}
	s.next = func() ([]string, error) {
		row, err := j.read()
		if err != nil {
			return nil, err
		}
		return j.flat(row, &s.Unknown), nil
	}
	return s, nil
}

type jsonl struct {
	lines *bufio.Scanner
	line  int
	index map[string]int
}

// read returns the next object, taken apart.
func (j *jsonl) read() (map[string]string, error) {
	for j.lines.Scan() {
		j.line++
		text := bytes.TrimSpace(bytes.TrimPrefix(j.lines.Bytes(), bom))
		if len(text) == 0 {
			continue
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(text, &object); err != nil {
			return nil, fmt.Errorf("line %d: %w", j.line, err)
		}
		row := make(map[string]string)
		if err := apart("", object, row, 1); err != nil {
			return nil, fmt.Errorf("line %d: %w", j.line, err)
		}
		return row, nil
	}
	if err := j.lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", j.line+1, err)
	}
	return nil, io.EOF
}

// apart writes the leaves of an object into row.
func apart(prefix string, object map[string]json.RawMessage, row map[string]string, depth int) error {
	for name, raw := range object {
		switch {
		case raw[0] == '{' && depth < maxDepth:
			var inner map[string]json.RawMessage
			if err := json.Unmarshal(raw, &inner); err != nil {
				return err
			}
			if err := apart(prefix+name+".", inner, row, depth+1); err != nil {
				return err
			}
		case raw[0] == '"':
			var text string
			if err := json.Unmarshal(raw, &text); err != nil {
				return err
			}
			row[prefix+name] = text
		default: // numbers keep their digits, null is missing for the table
			row[prefix+name] = string(raw)
		}
	}
	return nil
}

// flat puts the values at their columns.
func (j *jsonl) flat(row map[string]string, unknown *int) []string {
	values := make([]string, len(j.index))
	for name, value := range row {
		if i, known := j.index[name]; known {
			values[i] = value
		} else {
			*unknown++
		}
	}
	return values
}
