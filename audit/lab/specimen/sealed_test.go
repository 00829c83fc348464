package specimen_test

import (
	"path/filepath"
	"strings"
	"testing"

	"telltale/audit/lab/specimen"
	"telltale/audit/lab/stage"
)

const sealedHost = "in.sealed-browser.example"

// The sealed specimen sends one message about each page in both modes. No word
// of the address stands in it, and it is longer by as many bytes as the address
// is longer.
func TestSealed(t *testing.T) {
	for _, private := range []bool{false, true} {
		extension := filepath.Join(t.TempDir(), "extension")
		if err := find(t, "sealed").Unpack(extension, specimen.Lab{Token: token}, persona()); err != nil {
			t.Fatal(err)
		}
		p := newProxy(t, labWorld(token))
		short, long := stage.Leaf("k3x9"), stage.Leaf(strings.Repeat("m2q7", 300))
		s := session{proxy: p, profile: t.TempDir(), extension: extension, private: private, asks: true}
		s.browse(t, []string{short, long})
		wait(true, func() bool { return len(p.to(sealedHost)) == 2 })
		got := p.to(sealedHost)
		if len(got) != 2 {
			t.Fatalf("private %v: %d messages, want 2", private, len(got))
		}
		if more := len(got[1].body) - len(got[0].body); more != len(long)-len(short) {
			t.Errorf("private %v: %d bytes more, want %d", private, more, len(long)-len(short))
		}
		for _, m := range got {
			for _, word := range []string{stage.ProbeHost, "leaf", "k3x9", "m2q7", persona().AndroidID} {
				if strings.Contains(m.body, word) {
					t.Errorf("private %v: %q can be read", private, word)
				}
			}
		}
	}
}
