package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"

	"telltale/audit/evidence"
)

var update = flag.Bool("update", false, "rewrite the files that tests compare with")

// mixFile is the input of the benchmarks of audit/decode and audit/detect.
const mixFile = "../../audit/decode/testdata/mix.jsonl.zst"

// The benchmarks take apart what a real browser sent: all exhibits of the case
// that is kept here, in their order.
func TestMixIsRealTraffic(t *testing.T) {
	dir := t.TempDir()
	if err := unpack(filepath.Join("testdata", "cases", "mint-2020.tar.gz"), dir); err != nil {
		t.Fatal(err)
	}
	kept, err := evidence.Open(filepath.Join(dir, "mint-2020"))
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	lines := json.NewEncoder(&got)
	exhibits, size := 0, 0
	for ex, err := range caught(kept) {
		if err != nil {
			t.Fatal(err)
		}
		exhibits, size = exhibits+1, size+ex.Data.Len()
		line := struct {
			Part string `json:"part"`
			Data []byte `json:"data"`
		}{ex.Part, ex.Data.Reveal()}
		if err := lines.Encode(line); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d exhibits, %d bytes", exhibits, size)
	if *update {
		w, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(mixFile, w.EncodeAll(got.Bytes(), nil), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	packed, err := os.ReadFile(mixFile)
	if err != nil {
		t.Fatal(err)
	}
	r, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := r.DecodeAll(packed, nil)
	if err != nil || !bytes.Equal(want, got.Bytes()) {
		t.Errorf("%s is not what the case has (%d bytes against %d, %v); if the case is a new one, run this test with -update", mixFile, len(want), got.Len(), err)
	}
}
