package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
	"telltale/audit/evidence"
	"telltale/audit/lab"
	"telltale/claims"
)

// recorded makes a case of one request with a planted word, a person's name
// beside it.
func recorded(t *testing.T) (dir string) {
	t.Helper()
	_, promises, ok := claims.Builtin("mint-2020")
	if !ok {
		t.Fatal("no claims")
	}
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	dir = filepath.Join(t.TempDir(), "case")
	seed := audit.Seed{Name: "page", Kind: "behaviour/navigation/url", Value: "k7f3q9w2m4x8abcd", Salt: "00"}
	seed.Commitment = seed.Commit()
	w, err := evidence.Create(dir, evidence.Plan{
		Case: audit.Case{
			Format: audit.CaseFormat, ID: "c1", Started: at, Runs: 1,
			Arms:  []audit.Arm{{Name: "private", Mode: claims.Private, Software: "chromium"}},
			Tools: []audit.Tool{{Name: "telltale", Version: "devel"}},
			Seeds: lab.Sealed([]audit.Seed{seed}), Claims: digest(promises),
		},
		Seeds:  []audit.Seed{seed},
		Claims: promises,
	})
	if err != nil {
		t.Fatal(err)
	}
	body, err := w.Body()
	if err != nil {
		t.Fatal(err)
	}
	_, _ = body.Write([]byte("v=1&data=eyJ1IjoiaHR0cHM6Ly94LmV4YW1wbGUvazdmM3E5dzJtNHg4YWJjZCIsIm5hbWUiOiJKYW5lIn0%3D"))
	sent, err := body.Close(nil)
	if err != nil {
		t.Fatal(err)
	}
	place := audit.Place{Arm: "private", Run: 1, Session: 1}
	for _, e := range []audit.Event{
		{Time: at, Place: place, Exchange: &audit.Exchange{Method: "POST", URL: "https://sink.example/", Host: "sink.example", Body: sent, Answered: audit.BySinkhole, Status: 200}},
		{Time: at, Place: place, Step: &audit.Step{Action: audit.Done}},
	} {
		if err := w.Record(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(audit.Event{Time: at, End: &audit.End{Reason: audit.Complete}}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// The way to a finding shows the planted value and masks the rest, unless
// asked; every layer has its mark.
func TestExplain(t *testing.T) {
	dir := recorded(t)
	const head = `f1  behaviour/navigation/url, seed page, plain, certain
e2  POST sink.example, arm private, run 1
`
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, head + `
1  request.body: 87 bytes, the next layer at 9 to 87
   •=•&••••=[[••••••••%••]]

2  form:data: 76 bytes, the next layer at 0 to 76
   [[••••••••=]]

3  base64: 56 bytes, the next layer at 6 to 40
   {"•":"[[•••••://••••••••/••••••••]]","••••":"••••"}

4  json:/u: 34 bytes, the match at 18 to 34
   •••••://••••••••/[[k7f3q9w2m4x8abcd]]
`},
		{[]string{"--reveal"}, head + "\n"},
	} {
		code, stdout, stderr := telltale(t.Context(), append([]string{"explain", dir, "f1"}, tt.args...)...)
		if code != exitOK || stderr != "" {
			t.Fatalf("exit code %d, %s", code, stderr)
		}
		if tt.args != nil {
			if !strings.Contains(stdout, `"name":"Jane"`) {
				t.Errorf("not revealed:\n%s", stdout)
			}
			continue
		}
		if diff := cmp.Diff(tt.want, stdout); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
}

// A finding that is not there, and a folder that is no case, are mistakes of
// the command line.
func TestExplainUsage(t *testing.T) {
	dir := recorded(t)
	for _, tt := range [][]string{
		{dir, "f9", `the case has no finding "f9"; it has 1, named f1, f2 …`},
		{t.TempDir(), "f1", "is no case folder"},
	} {
		code, _, stderr := telltale(t.Context(), "explain", tt[0], tt[1])
		if code != exitUsage || !strings.Contains(stderr, tt[2]) {
			t.Errorf("exit code %d, %s; want %s", code, stderr, tt[2])
		}
	}
}

// A case is analysed as report does it: the same findings under the same names.
func TestAnalyzeCase(t *testing.T) {
	dir := recorded(t)
	code, stdout, stderr := telltale(t.Context(), "analyze", "--seed", "other=Jane Roe", dir)
	if code != exitFinding {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	var got []string
	for f, err := range audit.Facts(strings.NewReader(stdout)) {
		switch {
		case err != nil:
			t.Fatal(err)
		case f.Finding != nil:
			got = append(got, f.Finding.ID+" "+f.Finding.Exhibit+" "+f.Finding.Seed)
		case f.Coverage != nil:
			got = append(got, "coverage "+f.Coverage.Arm)
		}
	}
	if diff := cmp.Diff([]string{"f1 e2 page", "coverage private"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
