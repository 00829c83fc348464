package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"telltale/audit"
)

var updateMisses = flag.Bool("update-misses", false, "rewrite testdata/matrix/known-misses.txt")

// recallFloor is what share of the cells must be found.
const recallFloor = 0.98

// A nesting is one cell of the matrix: a request that holds a seed under some
// layers. Its name is the last label of the host before ".example".
type nesting struct {
	Name   string `json:"name"`
	Family string `json:"family"`
	What   string `json:"what"`
	Seed   string `json:"seed"`
}

func (c nesting) String() string {
	return fmt.Sprintf("%s %s: %s [%s]", c.Name, c.Family, c.What, c.Seed)
}

// TestMatrix runs the command on nested encodings that other people's encoders
// made, and then again with ordinary requests and 10,000 more seeds that nobody
// sent: of these none may be found, and of the cells hardly any less (of so many
// seeds fewer digests with a salt are computed).
// testdata/matrix/README.md says how they were made.
func TestMatrix(t *testing.T) {
	cells := readJSON[[]nesting](t, filepath.Join("testdata", "matrix", "cells.json"))
	met := analyzeMatrix(t, "seeds.json")
	maps.Copy(met, analyzeMatrix(t, "seeds.json", writeDecoys(t)))
	var misses []string
	hit := map[string]int{}
	all := map[string]int{}
	for _, c := range cells {
		all[c.Family]++
		if met[sighting{c.Name, c.Seed}] {
			hit[c.Family]++
		} else {
			misses = append(misses, c.String())
		}
		delete(met, sighting{c.Name, c.Seed})
	}
	for s := range met {
		t.Errorf("false hit: %s was never sent to %s", s.seed, s.host)
	}
	for _, f := range slices.Sorted(maps.Keys(all)) {
		t.Logf("%-30s %3d of %3d", f, hit[f], all[f])
	}
	recall := 1 - float64(len(misses))/float64(len(cells))
	t.Logf("recall %.3f: %d of %d cells", recall, len(cells)-len(misses), len(cells))
	if recall < recallFloor {
		t.Errorf("recall %.3f, want %.3f", recall, recallFloor)
	}
	compareMisses(t, misses)
}

// compareMisses holds the misses against the list of known ones, so that none
// is new and none stays on the list once it is found.
func compareMisses(t *testing.T, misses []string) {
	t.Helper()
	path := filepath.Join("testdata", "matrix", "known-misses.txt")
	if *updateMisses {
		if err := os.WriteFile(path, []byte(strings.Join(append(misses, ""), "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		known[strings.TrimSuffix(line, "\n")] = true
	}
	for _, m := range misses {
		if !known[m] {
			t.Errorf("missed: %s", m)
		}
		delete(known, m)
	}
	for _, m := range slices.Sorted(maps.Keys(known)) {
		t.Errorf("on the list of known misses, but found: %s; run the test with -update-misses", m)
	}
}

// A sighting is a seed that was found in what a host was sent.
type sighting struct{ host, seed string }

// analyzeMatrix runs the command on all archives of the matrix at once, with
// the seeds of some files.
func analyzeMatrix(t *testing.T, seeds ...string) map[sighting]bool {
	t.Helper()
	dir := filepath.Join("testdata", "matrix")
	archives, err := filepath.Glob(filepath.Join(dir, "*.har"))
	if err != nil || len(archives) == 0 {
		t.Fatalf("archives of the matrix: %v, %v", archives, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	e := &env{strings.NewReader(""), &stdout, &stderr, time.Now, os.Getenv}
	args := []string{"analyze"}
	for _, path := range seeds {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		args = append(args, "--seeds", path)
	}
	args = append(args, archives...)
	if code := run(ctx, e, args); code != exitFinding {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	hosts := map[string]string{}
	met := map[sighting]bool{}
	lines := bufio.NewScanner(&stdout)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var fact struct {
			Exhibit *audit.Exhibit `json:"exhibit"`
			Finding *audit.Finding `json:"finding"`
		}
		if err := json.Unmarshal(lines.Bytes(), &fact); err != nil {
			t.Fatalf("fact %s: %v", lines.Text(), err)
		}
		if x := fact.Exhibit; x != nil {
			hosts[x.ID] = cellOf(x.Host)
		}
		if f := fact.Finding; f != nil && f.Seed != "" {
			met[sighting{hosts[f.Exhibit], f.Seed}] = true
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return met
}

// cellOf takes the name of the cell out of "what.was.sent.c0123.example".
func cellOf(host string) string {
	host, ok := strings.CutSuffix(host, ".example")
	if !ok {
		return host
	}
	return host[strings.LastIndexByte(host, '.')+1:]
}

// writeDecoys writes a seeds file of 10,000 addresses that nobody sent, of the
// shapes that the ordinary requests are full of.
func writeDecoys(t *testing.T) string {
	t.Helper()
	type seed struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	r := rand.New(rand.NewPCG(8, 15))
	decoys := make([]seed, 10_000)
	for i := range decoys {
		value := fmt.Sprintf("anna.fischer.%010x@mail%d.test", r.Uint64()>>24, r.IntN(99))
		if i%2 == 1 {
			value = fmt.Sprintf("https://www.%x-news.test/city/%d/storm-%012x.html?ref=home&n=%d", r.Uint32(), 2020+r.IntN(7), r.Uint64()>>16, r.IntN(999))
		}
		decoys[i] = seed{fmt.Sprintf("decoy%d", i), value}
	}
	b, err := json.Marshal(decoys)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "decoys.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readJSON[T any](t *testing.T, path string) (v T) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}
