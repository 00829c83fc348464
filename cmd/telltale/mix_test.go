package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"telltale/audit/evidence"
)

var update = flag.Bool("update", false, "rewrite the files that tests compare with")

// mixFile is the input of the benchmarks of audit/decode and audit/detect.
const mixFile = "../../audit/decode/testdata/mix.jsonl"

// The benchmarks take apart what a real browser sent: all exhibits of the first
// run of the case that is kept here, in their order.
func TestMixIsRealTraffic(t *testing.T) {
	dir := t.TempDir()
	if err := unpack(filepath.Join("testdata", "cases", "mint-2020.tar.gz"), dir); err != nil {
		t.Fatal(err)
	}
	r, err := evidence.Open(filepath.Join(dir, "mint-2020"))
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	lines := json.NewEncoder(&got)
	for ex, err := range caught(r) {
		if err != nil {
			t.Fatal(err)
		}
		if ex.Run > 1 {
			continue
		}
		line := struct {
			Part string `json:"part"`
			Data []byte `json:"data"`
		}{ex.Part, ex.Data.Reveal()}
		if err := lines.Encode(line); err != nil {
			t.Fatal(err)
		}
	}
	if *update {
		if err := os.WriteFile(mixFile, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(mixFile)
	if err != nil || !bytes.Equal(want, got.Bytes()) {
		t.Errorf("%s is not what the case has (%d bytes against %d, %v); if the case is a new one, run this test with -update", mixFile, len(want), got.Len(), err)
	}
}
