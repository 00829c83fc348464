package claims_test

import (
	"fmt"
	"testing"

	"telltale/claims"
	"telltale/personal"
)

func ks(kinds ...personal.Kind) []personal.Kind { return kinds }

// checkFile holds a file that was read against what Read promises.
func checkFile(t *testing.T, f claims.File) {
	t.Helper()
	if f.Subject.Name == "" || len(f.Statements) == 0 {
		t.Errorf("no subject or no statements: %+v", f)
	}
	seen := make(map[string]bool)
	for _, s := range f.Statements {
		if s.ID == "" || seen[s.ID] || len(s.Asserts) == 0 {
			t.Errorf("statement %q: empty or a second time", s.ID)
		}
		seen[s.ID] = true
		for i, a := range s.Asserts {
			if want := fmt.Sprintf("%s/%d", s.ID, i+1); a.ID != want {
				t.Errorf("got id %q want %q", a.ID, want)
			}
			checkRule(t, a)
		}
	}
}

func checkRule(t *testing.T, a claims.Assertion) {
	t.Helper()
	var kinds []personal.Kind
	enough := true
	switch r := a.Rule.(type) {
	case claims.Never:
		kinds, enough = r.Kinds, len(r.Kinds) > 0
	case claims.Unlinked:
		kinds, enough = append(r.Kinds, r.To...), len(r.Kinds) > 0 && len(r.To) > 0
	case claims.Aggregated:
		kinds, enough = r.Kinds, len(r.Kinds) > 0 && (r.K == 0 || r.K >= 2)
	case claims.Confidential:
		kinds = r.Kinds
	case claims.OnlyTo:
		kinds, enough = r.Kinds, len(r.Organisations)+len(r.Countries) > 0
	case claims.Rotates:
		kinds, enough = ks(r.Kind), r.Within > 0
	case claims.Retained:
		enough = r.AtMost > 0
	case claims.Random:
		kinds, enough = r.Kinds, len(r.Kinds) > 0
	case claims.Minimised:
		kinds, enough = r.Kinds, len(r.Kinds) > 0
	case claims.OnePlace:
		kinds, enough = r.Kinds, len(r.Kinds) > 0
	case claims.Deleted:
		kinds, enough = r.Kinds, len(r.Kinds) > 0
	case claims.Untestable:
		enough = r.Why != ""
	default:
		t.Errorf("%s: no rule: %T", a.ID, r)
	}
	if !enough {
		t.Errorf("%s: says nothing: %+v", a.ID, a.Rule)
	}
	for _, k := range kinds {
		if !k.Known() {
			t.Errorf("%s: unknown kind %q", a.ID, k)
		}
	}
	if a.Rule != nil && a.Rule.String() == "" {
		t.Errorf("%s: no sentence", a.ID)
	}
}
