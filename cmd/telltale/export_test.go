package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// command runs a command line and returns what it printed. It must end with
// one of the codes.
func command(t *testing.T, codes []int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	e := &env{strings.NewReader(""), &out, &errs, time.Now, func(string) string { return "" }}
	if code := run(t.Context(), e, args); !slices.Contains(codes, code) {
		t.Fatalf("telltale %s: exit code %d\n%s", strings.Join(args, " "), code, errs.String())
	}
	return out.String()
}

// identifiersOf lists what analyze finds in a case, with the host that it went to,
// sorted: numbers of exhibits differ between a case and its copies.
func identifiersOf(t *testing.T, dir string) []string {
	t.Helper()
	type line struct {
		Exhibit *struct{ ID, Host, Part, Method string }
		Finding *struct {
			Exhibit, Kind, Seed, Form, Confidence, Value string
			Trail                                        []string
		}
	}
	hosts := map[string]string{}
	var list []string
	for s := range strings.Lines(command(t, []int{exitOK, exitFinding}, "analyze", "--reveal", dir)) {
		var l line
		if err := json.Unmarshal([]byte(s), &l); err != nil {
			t.Fatal(err)
		}
		if x := l.Exhibit; x != nil {
			hosts[x.ID] = x.Method + " " + x.Host
		}
		if f := l.Finding; f != nil {
			trail := strings.ToLower(strings.Join(f.Trail, " › ")) // names of fields: HTTP/2 has them in lower case
			list = append(list, fmt.Sprintf("%s %s %s %s %s %s %q", hosts[f.Exhibit], f.Kind, f.Seed, f.Form, f.Confidence, trail, f.Value))
		}
	}
	slices.Sort(list)
	return list
}

// An export of a case, imported, gives away the same as the case. The case is
// one that was imported: the laboratory's own sites are no party of an
// experiment, and a file of others cannot say which sites were.
func TestExportKeepsFindings(t *testing.T) {
	dir := t.TempDir()
	if err := unpack(filepath.Join("testdata", "cases", "mint-2020.tar.gz"), dir); err != nil {
		t.Fatal(err)
	}
	experiment, source := filepath.Join(dir, "mint-2020"), filepath.Join(dir, "case")
	seeds := planted(t, filepath.Join(experiment, "seeds.json"), dir)
	first := filepath.Join(dir, "first.har")
	command(t, []int{exitOK}, "export", experiment, "--format", "har", "--reveal", "-o", first)
	command(t, []int{exitOK}, "import", "--seeds", seeds, "-o", source, first)
	want := identifiersOf(t, source)
	if len(want) < 1000 {
		t.Fatalf("%d findings in the case, want more than 1000", len(want))
	}
	for _, format := range exportFormats {
		file, copied := filepath.Join(dir, "x."+format.name), filepath.Join(dir, format.name)
		command(t, []int{exitOK}, "export", source, "--format", format.name, "--reveal", "-o", file)
		command(t, []int{exitOK}, "import", "--seeds", seeds, "-o", copied, file)
		if diff := cmp.Diff(want, identifiersOf(t, copied)); diff != "" {
			t.Errorf("%s: -case +copy\n%.4000s", format.name, diff)
		}
		again := filepath.Join(dir, "again."+format.name)
		command(t, []int{exitOK}, "export", source, "--format", format.name, "--reveal", "-o", again)
		if a, b := content(t, file), content(t, again); !bytes.Equal(a, b) {
			t.Errorf("%s: two exports of one case differ", format.name)
		}
	}
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// planted writes the seeds of a case as a list for --seeds.
func planted(t *testing.T, path, dir string) string {
	t.Helper()
	var all []struct{ Name, Value, Kind string }
	if err := json.Unmarshal(content(t, path), &all); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(lower(all))
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "seeds.json")
	if err := os.WriteFile(list, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return list
}

// lower is a list with the names of fields that --seeds wants.
func lower(all []struct{ Name, Value, Kind string }) (list []map[string]string) {
	for _, s := range all {
		list = append(list, map[string]string{"name": s.Name, "value": s.Value, "kind": s.Kind})
	}
	return list
}
