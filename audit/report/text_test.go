package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
	"telltale/audit/report"
	"telltale/claims"
)

var update = flag.Bool("update", false, "rewrite testdata")

func TestText(t *testing.T) {
	few := fixture()
	few.Claims.Statements = few.Claims.Statements[:3]
	few.Verdicts = keep(few.Verdicts, few.Claims)
	alone := fixture()
	alone.Case.Arms = []audit.Arm{{Name: "normal", Mode: claims.Normal, Software: "chromium"}}
	alone.Verdicts = nil
	alone.Partial = "The capture was interrupted after run 2."
	for name, tt := range map[string]struct {
		c   report.Case
		opt report.TextOptions
	}{
		"eight-claims":  {fixture(), report.TextOptions{}},
		"few-claims":    {few, report.TextOptions{}},
		"wide":          {fixture(), report.TextOptions{Width: 140}},
		"narrow":        {fixture(), report.TextOptions{Width: 40}},
		"colour":        {few, report.TextOptions{Color: true}},
		"not-complete":  {alone, report.TextOptions{}},
		"nothing-given": {report.Case{}, report.TextOptions{}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := report.Text(&b, tt.c, tt.opt); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			width := tt.opt.Width
			if width == 0 {
				width = 80
			}
			plain := ansi.ReplaceAllString(b.String(), "")
			checkText(t, plain, width)
			if n := strings.Count(plain, "\n"); n > 23 {
				t.Errorf("%d lines do not fit one screen", n)
			}
		})
	}
}

var ansi = regexp.MustCompile("\x1b\\[[0-9;]+m")

// checkText checks that a summary cannot act on a terminal and fits it.
func checkText(t *testing.T, s string, width int) {
	t.Helper()
	for line := range strings.Lines(s) {
		line = strings.TrimSuffix(line, "\n")
		if utf8.RuneCountInString(line) > width {
			t.Errorf("longer than %d: %q", width, line)
		}
		if strings.ContainsFunc(line, isControl) {
			t.Errorf("control character in %q", line)
		}
	}
}

// keep returns the verdicts on the claims of a file.
func keep(vs []audit.Verdict, file claims.File) []audit.Verdict {
	ids := make(map[string]bool)
	for _, s := range file.Statements {
		for _, a := range s.Asserts {
			ids[a.ID] = true
		}
	}
	var kept []audit.Verdict
	for _, v := range vs {
		if ids[v.Assertion] {
			kept = append(kept, v)
		}
	}
	return kept
}
