package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// exports returns where the compiler has put what the packages export.
func exports(t *testing.T) map[string]string {
	out, err := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export", "telltale/collect/store/duckdb").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct{ ImportPath, Export string }
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return files
		} else if err != nil {
			t.Fatal(err)
		}
		files[p.ImportPath] = p.Export
	}
}

// What skipped a gate cannot be stored: it does not compile. The first program
// does, which shows that the others fail for the reason given.
func TestGatesAreTypes(t *testing.T) {
	files := exports(t)
	fset := token.NewFileSet()
	imp := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(files[path]) })
	const program = `package p
import (
	"context"
	"telltale/collect"
	"telltale/collect/consent"
	"telltale/collect/protect"
	"telltale/collect/store"
	"telltale/collect/store/duckdb"
)
var _ collect.Event
var _ consent.Permitted
var _ store.Store = (*duckdb.Store)(nil)
func f(ctx context.Context, s store.Store, g *consent.Gate, p *protect.Protector, e collect.Event, permitted consent.Permitted, safe protect.Event) {
	%s
}`
	for _, tt := range []struct{ name, code, want string }{
		{"all gates", `permitted, _ = g.Permit(e); safe, _, _, _ = p.Protect(permitted); s.Add(ctx, 1, []protect.Event{safe})`, ""},
		{"no gate but the first", `s.Add(ctx, 1, []collect.Event{e})`, "cannot use []collect.Event{…}"},
		{"without the third gate", `s.Add(ctx, 1, []consent.Permitted{permitted})`, "cannot use []consent.Permitted{…}"},
		{"without the second gate", `p.Protect(e)`, "cannot use e"},
		{"a conversion", `safe = protect.Event(e)`, "cannot convert e"},
		{"made by hand", `safe = protect.Event{name: "x"}`, "name"},
		{"made by position", `safe = protect.Event{"p", "x", 0, 0, 0, "", "", 0, "", 0}`, "implicit assignment to unexported field"},
		{"a permit made by hand", `permitted = consent.Permitted{event: e}`, "event"},
		{"a log entry made by hand", `_ = protect.Sealed{data: []byte("x")}`, "data"},
		{"a count made by hand", `_ = protect.Count{users: 1}`, "users"},
	} {
		file, err := parser.ParseFile(fset, "p.go", fmt.Sprintf(program, tt.code), 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = (&types.Config{Importer: imp}).Check("p", fset, []*ast.File{file}, nil)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: got %v", tt.name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: got %v, want an error about %s", tt.name, err, tt.want)
		}
	}
}
