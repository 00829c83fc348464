package detect_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit/detect"
	"telltale/personal"
)

// Every row of fields.txt and every field of formats.txt has a kind that has
// words, and a source.
func TestTables(t *testing.T) {
	text, err := os.ReadFile("fields.txt")
	if err != nil {
		t.Fatal(err)
	}
	had := make(map[string]bool)
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		switch {
		case strings.HasPrefix(line, "#"):
		case len(f) != 4 || personal.Kind(f[1]).Meaning() == "" || f[3] == "" || had[f[0]+f[2]]:
			t.Errorf("fields.txt: %q", line)
		default:
			had[f[0]+f[2]] = true
		}
	}
	for _, row := range detect.FormatRows() {
		if row.Kind.Meaning() == "" || row.Source == "" || (row.Basis != "primary" && row.Basis != "reverse-engineered") {
			t.Errorf("formats.txt: %+v", row)
		}
	}
}

// A line of formats.txt that is wrong is said, with its number.
func TestWrongFormats(t *testing.T) {
	for text, want := range map[string]string{
		"host\ta.example\n":                        `formats.txt, line 1: found "host" before any format`,
		"format\ta\tprimary\ts\nneeds\tx ~ (\n":    "formats.txt, line 2: reading what x must be: ",
		"# c\n\nformat\ta\tprimary\ts\nfield\tx\n": `formats.txt, line 4: found "field" with 2 fields`,
		"format\ta\tprimary\ts\nneeds\tx = 1\n":    "",
	} {
		err := detect.LoadFormats(text)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// The name of an event tells what was done.
func TestEventNames(t *testing.T) {
	for in, want := range map[string][]string{
		`{"event":"$AppStart"}`:       {"behaviour/app/open field hint json:/event"},
		`{"event":"download_files"}`:  {"behaviour/download field hint json:/event"},
		`{"event":"anything"}`:        {},
		`{"search_term":"two words"}`: {"behaviour/search/query field hint json:/search_term"},
		`{"search_term":"(not set)"}`: {},
		`{"History Sync":"on"}`:       {"behaviour/settings field hint json:/History Sync"},
	} {
		if diff := cmp.Diff(want, shaped(t, in)); diff != "" {
			t.Errorf("%s: -want +got\n%s", in, diff)
		}
	}
}
