package main

import (
	"fmt"
	"math"
	"os"
	"strconv"

	"telltale/anonymity"
	"telltale/anonymity/read"
)

// readReplays reads the outputs of a release. An empty output is one that was
// hidden.
func readReplays(path string) (*anonymity.Replays, error) {
	f, err := os.Open(path) //nolint:gosec // the user names the file
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	s, err := read.Open(f)
	if err != nil {
		return nil, err
	}
	t, err := s.Table(make([]anonymity.Column, len(s.Columns)), read.Place{})
	if err != nil {
		return nil, err
	}
	for i, c := range t.Columns {
		c.Name = s.Columns[i]
	}
	input, output := t.Column("input"), t.Column("output")
	if input == nil || output == nil {
		return nil, fmt.Errorf("%s has no columns input and output", path)
	}
	r := &anonymity.Replays{}
	for row := range t.Rows {
		n := math.Inf(-1)
		if text := output.Values[output.Codes[row]]; !anonymity.Missing(text) {
			if n, err = strconv.ParseFloat(text, 64); err != nil || math.IsNaN(n) {
				return nil, fmt.Errorf("%s, row %d: the output %q is no number", path, row+1, text)
			}
		}
		switch in := input.Values[input.Codes[row]]; in {
		case "with":
			r.With = append(r.With, n)
		case "without":
			r.Without = append(r.Without, n)
		default:
			return nil, fmt.Errorf("%s, row %d: the input is %q; it is with or without", path, row+1, in)
		}
	}
	return r, nil
}
