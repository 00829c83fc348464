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
		if err := lines.Encode(mixLine{ex.Part, ex.Data.Reveal()}); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d exhibits, %d bytes", exhibits, size)
	compareMix(t, mixFile, got.Bytes())
}

// A mixLine is one exhibit of an input.
type mixLine struct {
	Part string `json:"part"`
	Data []byte `json:"data"`
}

// compareMix holds the input of a benchmark against what it has to be.
func compareMix(t *testing.T, file string, lines []byte) {
	t.Helper()
	if *update {
		w, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, w.EncodeAll(lines, nil), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	packed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := r.DecodeAll(packed, nil)
	if err != nil || !bytes.Equal(want, lines) {
		t.Errorf("%s is not what it has to be (%d bytes against %d, %v); if that has changed, run this test with -update", file, len(want), len(lines), err)
	}
}
