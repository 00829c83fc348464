package decode_test

import (
	"bytes"
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"telltale/audit"
	"telltale/audit/decode"
)

var update = flag.Bool("update", false, "rewrite the want files of testdata")

// Each testdata/*.txt says in its first line what it guards and in its second
// which part the exhibit is. "in" is the exhibit ("in.base64" if it is no
// text), "want" has a line for each value and each error.
func TestValues(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := dump(exhibit(t, ar))
			if *update {
				ar.Files[1].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(ar), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(ar.Files[1].Data), got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func exhibit(t *testing.T, ar *txtar.Archive) audit.Exhibit {
	_, part, ok := strings.Cut(string(ar.Comment), "part: ")
	if !ok {
		t.Fatal("no part")
	}
	part, _, _ = strings.Cut(part, "\n")
	in := bytes.TrimSuffix(ar.Files[0].Data, []byte("\n"))
	if ar.Files[0].Name == "in.base64" {
		raw, err := base64.StdEncoding.DecodeString(string(in))
		if err != nil {
			t.Fatal(err)
		}
		in = raw
	}
	if part == "request.header" {
		in = bytes.ReplaceAll(in, []byte("\n"), []byte("\r\n"))
	}
	return audit.Exhibit{ID: "e1", Part: part, Data: audit.NewSecret(in)}
}

func dump(ex audit.Exhibit) string {
	var b strings.Builder
	for v, err := range decode.Values(ex, decode.DefaultLimits) {
		if err != nil {
			fmt.Fprintf(&b, "error: %v\n", err)
			continue
		}
		mark := ""
		if v.Leaf {
			mark = " (leaf)"
		}
		if v.Opaque {
			mark = " (opaque)"
		}
		fmt.Fprintf(&b, "%v%s = %s\n", v.Trail, mark, show(v.Data.Reveal()))
	}
	return b.String()
}

// show keeps a line short and readable.
func show(data []byte) string {
	const most = 100
	if len(data) <= most {
		return fmt.Sprintf("%q", data)
	}
	return fmt.Sprintf("%q … %d bytes", data[:most], len(data))
}
