package detect_test

import (
	"os"
	"strings"
	"testing"

	"telltale/audit/detect"
)

// The page that explains the classes has each with the evidence of the table.
func TestClassesAreExplained(t *testing.T) {
	page, err := os.ReadFile("../../docs/identifiers.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range detect.ClassRows() {
		if !strings.Contains(string(page), "| `"+row[0]+"` | "+row[1]+" |\n") {
			t.Errorf("docs/identifiers.md lacks %s with the evidence: %s", row[0], row[1])
		}
	}
}
