package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An entity is one entry of dist/entities.json of third-party-web.
type entity struct {
	Name     string
	Company  string // empty: as Name
	Category string
	Domains  []string // *.a.example is a.example and all below it
}

// companies writes a line for each domain: the name, the company, the category.
func companies(s source, dir string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(dir, "dist", "entities.json")) //nolint:gosec // the folder is an argument
	if err != nil {
		return nil, err
	}
	var entities []entity
	if err := json.Unmarshal(data, &entities); err != nil {
		return nil, fmt.Errorf("entities.json: %w", err)
	}
	lines := make(map[string]string)
	for _, e := range entities {
		for _, d := range e.Domains {
			name := strings.ToLower(strings.TrimPrefix(d, "*."))
			line := strings.Join([]string{name, flat(cmp.Or(e.Company, e.Name)), flat(e.Category)}, "\t")
			if lines[name] == "" { // the file has what is used most at its top
				lines[name] = line
			}
		}
	}
	var b strings.Builder
	b.WriteString("# Made by audit/attribute/make; to correct a line, add one to owners.txt.\n# " + s.about() + "\n")
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		b.WriteString(lines[name] + "\n")
	}
	return []byte(b.String()), nil
}

// flat writes a name on one line without tabs.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }
