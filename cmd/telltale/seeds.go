package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"

	"telltale/audit"
	"telltale/personal"
)

// given returns the seeds of the command line: those of the files, then the others.
func (a analysis) given() ([]audit.Seed, error) {
	var seeds []audit.Seed
	for _, path := range a.seedFiles {
		more, err := readSeeds(path)
		if err != nil {
			return nil, err
		}
		seeds = append(seeds, more...)
	}
	for _, pair := range a.seeds {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, usagef("--seed %q: want NAME=VALUE", pair)
		}
		seeds = append(seeds, audit.Seed{Name: name, Value: value, Kind: guessKind(value)})
	}
	return seeds, nil
}

// readSeeds reads a list of seeds.
func readSeeds(path string) ([]audit.Seed, error) {
	b, err := os.ReadFile(path) //nolint:gosec // the user names it
	if err != nil {
		return nil, usagef("the seeds: %w", err)
	}
	var list []struct {
		Name  string        `json:"name"`
		Value string        `json:"value"`
		Kind  personal.Kind `json:"kind"`
	}
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))
	if err := dec.Decode(&list); err != nil {
		return nil, usagef(`the seeds in %s: %w; want [{"name": …, "value": …}]`, path, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, usagef("the seeds in %s: there is more after the list", path)
	}
	seeds := make([]audit.Seed, len(list))
	for i, s := range list {
		if s.Kind == "" {
			s.Kind = guessKind(s.Value)
		}
		if s.Name == "" {
			return nil, usagef("the seeds in %s: seed %d has no name", path, i+1)
		}
		if !s.Kind.Known() {
			return nil, usagef("the seeds in %s: seed %q has kind %q, which is not known", path, s.Name, s.Kind)
		}
		seeds[i] = audit.Seed{Name: s.Name, Value: s.Value, Kind: s.Kind}
	}
	return seeds, nil
}

// guessKind returns the kind of a value that was given without one.
func guessKind(value string) personal.Kind {
	if strings.Contains(value, "@") && !strings.Contains(value, "://") {
		return "contact/email"
	}
	return "behaviour/navigation/url"
}
