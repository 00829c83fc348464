package judge_test

import (
	"strings"
	"testing"

	"telltale/audit"
	"telltale/claims"
	"telltale/personal"
)

// byLength is a finding of the length probe over three runs of an arm.
func byLength(s *scene, arm string, sure audit.Confidence) audit.Finding {
	return audit.Finding{
		Exhibit: s.exhibit(arm, 2, "sink.example"), Kind: "behaviour/navigation/url", Form: audit.ByLength, Confidence: sure,
		Slope: &audit.Slope{Estimate: 1, Low: 0.98, High: 1.02, P: 0.001, Runs: 3, Visits: []audit.Pair{
			{Run: 1, Length: 50, Bytes: 150}, {Run: 2, Length: 500, Bytes: 600}, {Run: 3, Length: 1500, Bytes: 1600},
		}},
	}
}

// What the length of unread bytes tells stands against claims that something
// is not sent, and the verdict says that it is statistical. It is no reading,
// and says nothing about single records.
func TestByLength(t *testing.T) {
	url := []personal.Kind{"behaviour/navigation/url"}
	private := claims.Condition{Mode: claims.Private}
	for _, tt := range []struct {
		name string
		sure audit.Confidence
		arm  string
		rule claims.Rule
		want audit.Result
	}{
		{"never", audit.Likely, "private", claims.Never{Kinds: url}, audit.Refuted},
		{"never, coarse", audit.Likely, "private", claims.Never{Kinds: []personal.Kind{"behaviour"}}, audit.Refuted},
		{"never, in the other mode", audit.Likely, "normal", claims.Never{Kinds: url}, audit.CannotTell},
		{"never, a hint of the very kind", audit.Hint, "private", claims.Never{Kinds: url}, audit.CannotTell},
		{"only to another", audit.Likely, "private", claims.OnlyTo{Organisations: []string{"Other"}}, audit.Refuted},
		{"confidential", audit.Likely, "private", claims.Confidential{Kinds: url}, audit.CannotTell},
		{"aggregated", audit.Likely, "private", claims.Aggregated{Kinds: url}, audit.CannotTell},
		{"unlinked", audit.Likely, "private", claims.Unlinked{Kinds: url, To: []personal.Kind{"id"}}, audit.CannotTell},
	} {
		s := newScene()
		s.Coverage[0].Opaque, s.Coverage[1].Opaque = 8, 8
		f := byLength(s, tt.arm, tt.sure)
		s.find(f)
		s.identifier(f.Exhibit, "id/install", "i1")
		if _, only := tt.rule.(claims.OnlyTo); only {
			s.Findings = s.Findings[:1]
		}
		v := s.judged(private, tt.rule)
		if v.Result != tt.want {
			t.Errorf("%s: %s, want %s: %s", tt.name, v.Result, tt.want, v.Says)
		}
		if v.Result != audit.Refuted {
			continue
		}
		if v.Hits != 3 || !strings.Contains(v.Says, "(statistical: ") || !strings.Contains(v.Says, "in 3 of 3 runs, 3 visits") {
			t.Errorf("%s: %d runs: %s", tt.name, v.Hits, v.Says)
		}
	}
}

// Where a seed was met as well, that is the evidence.
func TestByLengthBesideASeed(t *testing.T) {
	s := newScene()
	s.find(byLength(s, "private", audit.Likely))
	s.page(s.exhibit("private", 1, "sink.example"), "private", 1)
	v := s.judged(claims.Condition{Mode: claims.Private}, claims.Never{Kinds: []personal.Kind{"behaviour/navigation/url"}})
	if v.Result != audit.Refuted || strings.Contains(v.Says, "statistical") || len(v.Findings) != 2 {
		t.Errorf("%s with %v: %s", v.Result, v.Findings, v.Says)
	}
}
