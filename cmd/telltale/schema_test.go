package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"telltale/audit"
	"telltale/audit/evidence"
)

// factSchema is docs/facts.schema.json.
func factSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(filepath.Join("..", "..", "docs", "facts.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// valid checks each line of a stream, and returns how many facts of each kind
// there are.
func valid(t *testing.T, s *jsonschema.Schema, stream []byte) map[string]int {
	t.Helper()
	kinds := map[string]int{}
	for line := range bytes.Lines(stream) {
		fact, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		if err == nil {
			err = s.Validate(fact)
		}
		if err != nil {
			t.Fatalf("%v: %.300s", err, line)
		}
		for kind := range fact.(map[string]any) {
			kinds[kind]++
		}
	}
	return kinds
}

// Every fact that is emitted is as docs/facts.schema.json says: of a case with
// and without its values, of what could not be read, and of other inputs.
func TestFactsFitSchema(t *testing.T) {
	s := factSchema(t)
	dir := t.TempDir()
	if err := unpack(filepath.Join("testdata", "cases", "mint-2020.tar.gz"), dir); err != nil {
		t.Fatal(err)
	}
	mint := filepath.Join(dir, "mint-2020")
	seen := map[string]int{}
	facts := func() {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(mint, evidence.FactsFile))
		if err != nil {
			t.Fatal(err)
		}
		for kind, n := range valid(t, s, b) {
			seen[kind] += n
		}
	}
	telltale(t.Context(), "report", mint)
	facts()
	telltale(t.Context(), "report", "--reveal", mint)
	facts()
	if err := os.RemoveAll(filepath.Join(mint, evidence.BlobsDir)); err != nil {
		t.Fatal(err)
	}
	telltale(t.Context(), "report", mint) // every body is an error now
	facts()
	capture := filepath.Join(dir, "import")
	telltale(t.Context(), "import", "--seed", "page=https://www.k7f3q9w2.example/", "-o", capture, filepath.Join("testdata", "captures", "plain.pcap"))
	_, stdout, _ := telltale(t.Context(), "analyze", capture)
	for kind, n := range valid(t, s, []byte(stdout)) {
		seen[kind] += n
	}
	opaque := filepath.Join(dir, "opaque")
	if err := os.WriteFile(opaque, noise(600), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stdout, _ = telltale(t.Context(), "analyze", "--seed", "me=k7f3q9w2@post.example", opaque)
	for kind, n := range valid(t, s, []byte(stdout)) {
		seen[kind] += n
	}
	for _, kind := range []string{"config", "exhibit", "value", "finding", "party", "verdict", "coverage", "error"} {
		if seen[kind] == 0 {
			t.Errorf("no fact %q was among them", kind)
		}
	}
	t.Log(seen)
}

// noise is bytes that nothing can read, the same each time.
func noise(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(data) // never fails
	return data
}

// The schema is strict: what is no fact is none by it.
func TestSchemaRefuses(t *testing.T) {
	s := factSchema(t)
	for _, line := range []string{
		`{}`, `{"config":{"format":"facts/v1","tool":"x","version":"1","reveal":false},"error":{"message":"two keys"}}`,
		`{"error":{"message":"x","new":1}}`, `{"error":{}}`, `{"clean":{}}`,
		`{"verdict":{"assertion":"a","target":"t","verdict":"clean","runs":1,"says":"","rule":"r"}}`,
		`{"exhibit":{"id":"e1","arm":"","run":1,"time":"yesterday","host":"h","part":"p","size":1,"sha256":""}}`,
	} {
		fact, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if s.Validate(fact) == nil {
			t.Errorf("taken: %s", line)
		}
	}
	var b bytes.Buffer
	w := audit.Writer{W: &b}
	if err := w.Handle(audit.Fact{Value: &audit.Value{Exhibit: "e1", Opaque: true, Size: 9, Entropy: 2.5}}); err != nil {
		t.Fatal(err)
	}
	valid(t, s, b.Bytes())
}
