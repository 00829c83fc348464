package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"telltale/audit"
	"telltale/audit/evidence"
	"telltale/audit/judge"
	"telltale/claims"
)

// planned makes a case whose plan names rules.
func planned(t *testing.T, rules string) string {
	t.Helper()
	_, text, _ := claims.Builtin("mint-2020")
	dir := filepath.Join(t.TempDir(), "case")
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	w, err := evidence.Create(dir, evidence.Plan{Claims: text, Case: audit.Case{
		Format: audit.CaseFormat, ID: "plan", Started: at, Runs: 1, Claims: digest(text), Rules: rules,
		Arms: []audit.Arm{{Name: "normal", Mode: claims.Normal, Consent: claims.None, Software: "browser"}}, Tools: []audit.Tool{{Name: "telltale"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	done := audit.Event{Time: at, Place: audit.Place{Arm: "normal", Run: 1, Session: 1}, Step: &audit.Step{Action: audit.Done}}
	if err := w.Record(done); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(end(at, nil)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// shown runs telltale report and returns what it printed and the facts.
func shown(t *testing.T, dir string) (out, facts string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	e := &env{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, now: time.Now, getenv: func(string) string { return "" }}
	run(t.Context(), e, []string{"report", dir})
	b, err := os.ReadFile(filepath.Join(dir, evidence.FactsFile))
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	return stdout.String(), string(b)
}

// Rules that are not those of the plan are named, on the screen and in the facts.
func TestRulesChangedSinceThePlan(t *testing.T) {
	out, facts := shown(t, planned(t, judge.Edition()))
	if strings.Contains(out, "CHANGED") || strings.Contains(facts, `"changed"`) || !strings.Contains(facts, `"rules":"`+judge.Edition()+`"`) {
		t.Errorf("as planned: %s\n%s", out, facts)
	}
	out, facts = shown(t, planned(t, "0-0123456789abcdef"))
	if !strings.Contains(out, "CHANGED SINCE THE PLAN: The plan names the rules 0-0123456789abcdef;") || !strings.Contains(facts, `"changed":"The plan names the rules 0-0123456789abcdef; these verdicts were made by the rules `+judge.Edition()) {
		t.Errorf("other rules: %s\n%s", out, facts)
	}
}

// A plan that was changed after the first packet is no plan: the log is chained
// to the one that it was begun with.
func TestPlanChanged(t *testing.T) {
	for _, change := range [][2]string{{`"runs": 1`, `"runs": 9`}, {judge.Edition(), "0-0123456789abcdef"}, {`"mode": "normal"`, `"mode": "private"`}} {
		dir := planned(t, judge.Edition())
		path := filepath.Join(dir, evidence.CaseFile)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := bytes.Replace(b, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(b, changed) {
			t.Fatalf("no %s in the plan", change[0])
		}
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, facts := shown(t, dir); !strings.Contains(facts, "case.json is not the plan that the log was begun with") {
			t.Errorf("%s: %s", change[0], facts)
		}
	}
}
