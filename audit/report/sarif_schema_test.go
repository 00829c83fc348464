package report_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"telltale/audit"
)

// What is read of a SARIF log here.
type sarifLog struct {
	Version string
	Runs    []struct {
		Tool struct {
			Driver struct{ Rules []struct{ ID string } }
		}
		Invocations []struct{ ExecutionSuccessful bool }
		Results     []struct {
			RuleID, Kind, Level string
			RuleIndex           int
			Message             struct{ Text string }
			RelatedLocations    []struct {
				PhysicalLocation struct {
					ArtifactLocation struct{ URI string }
					Region           struct{ StartLine int }
				}
			}
			PartialFingerprints map[string]string
		}
	}
}

// The rules of the standard that tools rely on: each result points to its rule,
// only a failure has a level, and a fingerprint is one result's.
func TestSARIF(t *testing.T) {
	c := fixture()
	var log sarifLog
	if err := json.Unmarshal([]byte(written(t, "sarif", c)), &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 {
		t.Fatalf("version %q, %d runs", log.Version, len(log.Runs))
	}
	run := log.Runs[0]
	if !run.Invocations[0].ExecutionSuccessful {
		t.Error("a complete capture is said to have failed")
	}
	kinds := map[audit.Result]string{audit.Refuted: "fail", audit.Supported: "pass", audit.NotTested: "notApplicable", audit.CannotTell: "open"}
	want := make(map[string]int)
	for _, v := range c.Verdicts {
		want[kinds[v.Result]]++
	}
	seen := make(map[string]bool)
	for _, r := range run.Results {
		want[r.Kind]--
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("%s points to rule %d, which is another", r.RuleID, r.RuleIndex)
		}
		if (r.Level == "error") != (r.Kind == "fail") || r.Kind != "fail" && r.Level != "none" {
			t.Errorf("%s: kind %s with level %s", r.RuleID, r.Kind, r.Level)
		}
		if (len(r.RelatedLocations) > 0) != (r.Kind == "fail") || len(r.RelatedLocations) > 20 {
			t.Errorf("%s: %d exhibits", r.RuleID, len(r.RelatedLocations))
		}
		for _, at := range r.RelatedLocations {
			line := at.PhysicalLocation.Region.StartLine
			if !slices.ContainsFunc(c.Exhibits, func(e audit.Exhibit) bool { return e.Event == line }) {
				t.Errorf("%s: no exhibit is in line %d of the log", r.RuleID, line)
			}
		}
		print := r.PartialFingerprints["claim/v1"]
		if print == "" || seen[print] {
			t.Errorf("%s: fingerprint %q twice, or none", r.RuleID, print)
		}
		seen[print] = true
	}
	for kind, n := range want {
		if n != 0 {
			t.Errorf("%d results of kind %s too few", n, kind)
		}
	}
	c.Partial = "interrupted"
	if out := written(t, "sarif", c); !strings.Contains(out, `"executionSuccessful": false`) {
		t.Error("a capture that is not complete is said to be so")
	}
}

// The schema of the standard as a Go module carries it for its own tests, and
// the program that reads it.
const (
	schemaModule = "github.com/securego/gosec/v2@v2.29.0"
	schemaFile   = "report/sarif/testdata/sarif-schema-2.1.0.json"
	ajvCheck     = `
const Ajv = require("ajv-draft-04"), formats = require("ajv-formats"), fs = require("fs");
const read = name => JSON.parse(fs.readFileSync(name));
const ajv = new Ajv({strict: false, allErrors: true});
formats(ajv);
const check = ajv.compile(read(process.argv[2]));
for (const name of process.argv.slice(3)) {
	if (!check(read(name))) {
		console.log(name, JSON.stringify(check.errors.slice(0, 5), null, 1));
		process.exitCode = 1;
	}
}`
)

// What is written is SARIF by the official schema, whatever the case.
func TestSARIFSchema(t *testing.T) {
	if testing.Short() {
		t.Skip("getting the schema and a program that reads it takes time")
	}
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("npm is not here, and with it no program that reads schemas")
	}
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	got := exec.CommandContext(ctx, "go", "mod", "download", "-json", schemaModule)
	got.Dir = dir
	out, err := got.Output()
	var module struct{ Dir string }
	if err != nil || json.Unmarshal(out, &module) != nil {
		t.Skipf("the schema cannot be had: %v: %s", err, out)
	}
	install := exec.CommandContext(ctx, "npm", "install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts",
		"--prefer-offline", "--loglevel=error", "ajv@8.20.0", "ajv-draft-04@1.0.0", "ajv-formats@3.0.1")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm install: %v\n%s", err, out)
	}
	script := filepath.Join(dir, "check.js")
	args := []string{script, filepath.Join(module.Dir, filepath.FromSlash(schemaFile))}
	files := map[string]string{"check.js": ajvCheck}
	cases := reports()
	cases["hostile"], cases["small"] = hostile("<a href='x'>\x00 ��", false), small()
	partial := fixture()
	partial.Partial = "interrupted"
	cases["partial"] = partial
	for name, c := range cases {
		files[name+".sarif"] = written(t, "sarif", c)
		args = append(args, filepath.Join(dir, name+".sarif"))
	}
	files["broken.sarif"] = `{"version": "2.1.0", "runs": [{"results": []}]}`
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(ctx, "node", args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	// The check can fail: a run without its tool is no SARIF.
	if out, err := exec.CommandContext(ctx, "node", args[0], args[1], filepath.Join(dir, "broken.sarif")).CombinedOutput(); err == nil {
		t.Errorf("the schema takes a run without a tool: %s", out)
	}
}
