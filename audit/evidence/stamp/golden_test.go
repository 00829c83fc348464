package stamp_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"telltale/audit/evidence/stamp/stamptest"
)

var update = flag.Bool("update", false, "make the stamp in testdata anew")

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(m.Run())
}

// With -update the stamp that the fuzzing starts from is made anew.
func TestUpdate(t *testing.T) {
	if !*update {
		t.Skip("only with -update")
	}
	a := stamptest.New(t, stamptest.Options{})
	root, err := os.ReadFile(a.RootsFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"token.tsr": get(t, a), "root.pem": root} {
		if err := os.WriteFile(filepath.Join("testdata", name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
