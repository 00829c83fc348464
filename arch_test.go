package telltale_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "telltale"

// A layer says what the packages of one pattern may import of this module.
// Patterns are paths below the module; "x/..." means x and all below it.
type layer struct {
	pattern string
	may     []string
	why     string
}

// layers is read from the top; the first row that matches a package counts.
var layers = []layer{
	{"cmd/...", []string{"..."}, "wires everything"},
	{"bench/...", []string{"sensors"}, "loads a collector from outside"},
	{"personal", nil, "knows data, not us"},
	{"claims", []string{"personal"}, "words of both halves"},
	{"claims/...", []string{"claims", "personal"}, "turns what others declare into claims"},
	{"sensors", nil, "a codec of both halves; knows the wire, not us"},
	{"audit", []string{"claims", "personal"}, "words only"},
	{"audit/lab/...", []string{"audit", "audit/lab/...", "claims", "personal"}, "runs experiments, judges nothing"},
	{"audit/capture/...", []string{"audit", "audit/capture/...", "claims", "personal"}, "one source a folder"},
	{"audit/decode", []string{"audit", "claims", "personal", "sensors"}, "a stage is a function of its input"},
	{"audit/detect", []string{"audit", "claims", "personal", "sensors"}, "names the wire format of what it looks at"},
	{"audit/attribute/...", []string{"audit", "audit/attribute/...", "claims", "personal"}, "its tables, how they are packed, and what makes them"},
	{"audit/evidence/...", []string{"audit", "audit/evidence/...", "claims", "personal"}, "the case folder, and each format of its seal in a folder"},
	{"audit/...", []string{"audit", "claims", "personal"}, "stages meet in cmd, not in each other"},
	{"anonymity", []string{"audit", "personal"}, "measures a table; shows no value"},
	{"anonymity/...", []string{"anonymity", "audit"}, "reads tables, keeps rows on disk, shows results"},
	{"collect", []string{"claims", "personal"}, "words only"},
	{"collect/noise", nil, "draws numbers, knows nothing"},
	{"collect/ingest", []string{"claims", "collect", "personal", "sensors"}, "gate 1: makes events"},
	{"collect/consent", []string{"claims", "collect"}, "gate 2: takes what gate 1 made"},
	{"collect/protect", []string{"claims", "collect", "collect/consent", "collect/noise", "personal"}, "gate 3: takes what gate 2 made"},
	{"collect/store/...", []string{"collect/protect", "collect/store/..."}, "keeps what gate 3 made; knows no event as it came"},
	{"collect/gatetest", []string{"claims", "collect", "collect/..."}, "makes events for tests, by way of the gates"},
	{"collect/query", []string{"collect/store/..."}, "sees the store only"},
	{"", nil, "the map"},
}

func match(pattern, name string) bool {
	dir, sub := strings.CutSuffix(pattern, "...")
	if !sub {
		return pattern == name
	}
	dir = strings.TrimSuffix(dir, "/")
	return dir == "" || name == dir || strings.HasPrefix(name, dir+"/")
}

type pkg struct {
	ImportPath, Dir string
	Imports         []string
}

// name is the path below the module, "" for the root.
func (p pkg) name() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

var packages = sync.OnceValues(func() ([]pkg, error) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,Imports", "./...").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs, nil
		} else if err != nil {
			return nil, err
		}
		pkgs = append(pkgs, p)
	}
})

// each runs check on every package of the module.
func each(t *testing.T, check func(p pkg)) {
	pkgs, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pkgs {
		check(p)
	}
}

func TestImports(t *testing.T) {
	each(t, func(p pkg) {
		i := slices.IndexFunc(layers, func(l layer) bool { return match(l.pattern, p.name()) })
		if i < 0 {
			t.Errorf("%s: no row in layers; say where it belongs", p.name())
			return
		}
		for _, imp := range p.Imports {
			dep, ours := strings.CutPrefix(imp, module+"/")
			if ours && !slices.ContainsFunc(layers[i].may, func(m string) bool { return match(m, dep) }) {
				t.Errorf("%s (%s) must not import %s", p.name(), layers[i].why, dep)
			}
		}
	})
}

// Every package says in one place what it is for.
func TestPackageDocs(t *testing.T) {
	each(t, func(p pkg) {
		files, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, file := range files {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if f.Doc != nil && !strings.HasSuffix(file, "_test.go") {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s has %d package comments, want 1", p.ImportPath, n)
		}
	})
}

var vague = regexp.MustCompile(`^(utils?|common|help(ers?)?|misc|pkg|shared|lib|core|base)$`)

// Package paths say what is inside.
func TestPackageNames(t *testing.T) {
	each(t, func(p pkg) {
		for elem := range strings.SplitSeq(p.name(), "/") {
			if vague.MatchString(elem) {
				t.Errorf("%s: name what %q is for", p.ImportPath, elem)
			}
		}
	})
}
