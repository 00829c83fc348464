package redact_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit/evidence"
	"telltale/audit/evidence/redact"
	"telltale/audit/evidence/seal"
)

// shown returns what a reader of a redacted text sees.
func shown(t *testing.T, r redact.Rules, name, text string) string {
	t.Helper()
	var out strings.Builder
	ask := r.Strings(name)
	rest := text
	for rest != "" {
		n := strings.IndexByte(rest, '"')
		if n == 0 {
			n = 2 + strings.IndexByte(rest[1:], '"')
		}
		if n < 0 {
			n = len(rest)
		}
		if ask([]byte(rest[:n])) {
			out.WriteString(rest[:n])
		} else {
			out.WriteString("X")
		}
		rest = rest[n:]
	}
	return out.String()
}

func TestStrings(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{
			evidence.CaptureFile,
			`{"prev":"ab","time":"t","arm":"private","run":1,"exchange":{"conn":2,"method":"GET","url":"https://a/?q=1","host":"a","header":[{"name":"Cookie","value":"id=1"},{"name":"Content-Type","value":"text/plain"},{"name":"X-New","value":"v"}],"body":{"sha256":"cd","size":4},"answered":"sinkhole","error":"Get https://a/?q=1","answer":[{"name":"Server","value":"x"},{"name":"Set-Cookie","value":"id=2"}]}}` + "\n",
			`{"prev":X,"time":"t","arm":"private","run":1,"exchange":{"conn":2,"method":"GET","url":X,"host":"a","header":[{"name":"Cookie","value":X},{"name":"Content-Type","value":"text/plain"},{"name":"X-New","value":X}],"body":{"sha256":X,"size":4},"answered":"sinkhole","error":X,"answer":[{"name":"Server","value":"x"},{"name":"Set-Cookie","value":X}]}}` + "\n",
		},
		{ // what a later version may add is withheld
			evidence.CaptureFile,
			`{"time":"t","new":"n","exchange":{"new":{"host":"h"}},"step":{"action":"visit","target":"page","seeds":["a","b"],"skipped":"s"}}`,
			`{"time":"t","new":X,"exchange":{"new":{"host":X}},"step":{"action":"visit","target":"page","seeds":["a","b"],"skipped":X}}`,
		},
		{
			evidence.SeedsFile,
			"[\n  {\n    \"name\": \"page\",\n    \"kind\": \"k\",\n    \"home\": [\n      \"h\"\n    ],\n    \"commitment\": \"c\",\n    \"salt\": \"s\",\n    \"value\": \"v\"\n  }\n]\n",
			"[\n  {\n    \"name\": \"page\",\n    \"kind\": \"k\",\n    \"home\": [\n      \"h\"\n    ],\n    \"commitment\": \"c\",\n    \"salt\": X,\n    \"value\": X\n  }\n]\n",
		},
		{
			evidence.FactsFile,
			`{"exhibit":{"id":"e1","url":"https://a/••••","host":"a","sha256":"cd"}}` + "\n" + `{"finding":{"id":"f1","value":"••","trail":["request.body","json:/q"],"identifier":"i1"}}`,
			`{"exhibit":{"id":"e1","url":"https://a/••••","host":"a","sha256":X}}` + "\n" + `{"finding":{"id":"f1","value":X,"trail":["request.body","json:/q"],"identifier":"i1"}}`,
		},
		{"no JSON at all", `"a" "b" ] } : "c"`, `X X ] } : X`},
		{evidence.CaptureFile, strings.Repeat("[", 100) + `{"time":"t"}`, strings.Repeat("[", 100) + `{X:X}`},
	} {
		if diff := cmp.Diff(c.want, shown(t, redact.Rules{}, c.name, c.text)); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.name, diff)
		}
	}
	if got := shown(t, redact.Rules{Revealed: true}, evidence.FactsFile, `{"exhibit":{"url":"https://a/?q=1"}}`); got != `{"exhibit":{"url":X}}` {
		t.Errorf("revealed facts: got %s", got)
	}
}

// A file that is not known is withheld.
func TestFate(t *testing.T) {
	for name, want := range map[string]seal.Fate{
		"blobs/ab/cd/abcd": seal.Withhold, "report.html": seal.Withhold, "notes.txt": seal.Withhold, "sub/case.json": seal.Withhold,
		"case.json": seal.Keep, "claims.yaml": seal.Keep, "capture.jsonl": seal.Partly, "facts.jsonl": seal.Partly, "seeds.json": seal.Partly,
	} {
		if got := (redact.Rules{}).Fate(name); got != want {
			t.Errorf("%s: got %d, want %d", name, got, want)
		}
	}
}

// What is shown nevertheless is one event and its body, without the hashes of
// others.
func TestShown(t *testing.T) {
	r := redact.Rules{Events: map[int]bool{2: true}, Bodies: map[string]bool{"cd": true}}
	const line = `{"prev":"ab","exchange":{"url":"https://a/?q=1","body":{"sha256":"cd"},"reply":{"sha256":"ef"},"header":[{"name":"Cookie","value":"id=1"}]}}` + "\n"
	const hidden = `{"prev":X,"exchange":{"url":X,"body":{"sha256":X},"reply":{"sha256":X},"header":[{"name":"Cookie","value":X}]}}` + "\n"
	const open = `{"prev":X,"exchange":{"url":"https://a/?q=1","body":{"sha256":"cd"},"reply":{"sha256":X},"header":[{"name":"Cookie","value":"id=1"}]}}` + "\n"
	if diff := cmp.Diff(hidden+open+hidden, shown(t, r, evidence.CaptureFile, line+line+line)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for name, want := range map[string]seal.Fate{"blobs/cd/cd/cd": seal.Keep, "blobs/ef/ef/ef": seal.Withhold} {
		if got := r.Fate(name); got != want {
			t.Errorf("%s: got %d, want %d", name, got, want)
		}
	}
}
