package claims

import (
	"bytes"
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed *.yaml
var builtins embed.FS

// Builtins returns the names of the claims files that telltale brings along,
// sorted.
func Builtins() []string {
	entries, err := builtins.ReadDir(".")
	if err != nil {
		panic(fmt.Sprintf("claims: %v", err)) // embedded by the compiler
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".yaml")
	}
	slices.Sort(names) // file names sort another way
	return names
}

// Builtin returns a claims file that telltale brings along, and its text.
func Builtin(name string) (File, []byte, bool) {
	text, err := builtins.ReadFile(name + ".yaml")
	if err != nil {
		return File{}, nil, false
	}
	file, err := Read(name+".yaml", bytes.NewReader(text))
	if err != nil {
		panic(fmt.Sprintf("claims: %v", err)) // a test reads them all
	}
	return file, text, true
}
