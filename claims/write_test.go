package claims_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"telltale/claims"
)

// What is written is read as the same file.
func TestWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		file := drawFile(t)
		checkWritten(t, file)
	})
	for _, name := range claims.Builtins() {
		file, _, _ := claims.Builtin(name)
		checkWritten(t, file)
	}
}

func checkWritten(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, file claims.File,
) {
	t.Helper()
	var b bytes.Buffer
	if err := file.Write(&b); err != nil {
		t.Fatalf("%v", err)
	}
	got, err := claims.Read("written.yaml", bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if diff := cmp.Diff(file, got); diff != "" {
		t.Fatalf("%s\n%s", diff, b.String())
	}
}
