package judge_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
	"telltale/audit/judge"
)

// Arms are compared run by run, and kinds that were planted in both alone.
func TestCompare(t *testing.T) {
	s := newScene()
	s.Seeds = append(s.Seeds, audit.Seed{Name: "normal/1/mail", Kind: "contact/email", Arm: "normal", Run: 1})
	s.Planted["normal/1/mail"] = true
	for run := 1; run <= 3; run++ {
		s.page(s.exhibit("normal", run, "sink.example"), "normal", run)
	}
	s.page(s.exhibit("normal", 2, "sink.example"), "private", 2) // sent late, of private mode
	want := []judge.Comparison{
		{Target: "browser + leaky", Kind: "behaviour/navigation/url", A: "normal", B: "private", Both: 1, OnlyA: 2, P: 0.5, Corrected: 0.5},
		{Target: "browser", Kind: "behaviour/navigation/url", A: "control/normal", B: "control/private", Neither: 3, P: 1, Corrected: 1},
	}
	if diff := cmp.Diff(want, judge.Compare(s.Input)); diff != "" {
		t.Error(diff)
	}
	if c := judge.Compare(s.Input)[0]; c.Runs() != 3 || c.Significant() {
		t.Errorf("%d runs, significant: %t", c.Runs(), c.Significant())
	}
}

// What is significant by itself may not be among several.
func TestCompareCorrects(t *testing.T) {
	s := newScene()
	for i := range s.Coverage {
		s.Coverage[i].Runs = 6
	}
	for run := 4; run <= 6; run++ {
		for _, arm := range []string{"normal", "private"} {
			name := seedName(arm, run, "page")
			s.Seeds = append(s.Seeds, audit.Seed{Name: name, Kind: "behaviour/navigation/url", Arm: arm, Run: run})
			s.Planted[name] = true
		}
	}
	for run := 1; run <= 6; run++ {
		s.page(s.exhibit("normal", run, "sink.example"), "normal", run)
	}
	if c := judge.Compare(s.Input)[0]; math.Abs(c.Corrected-0.03125) > 1e-9 || !c.Significant() {
		t.Errorf("one kind: %+v", c)
	}
	for _, arm := range []string{"normal", "private"} {
		name := seedName(arm, 1, "search")
		s.Seeds = append(s.Seeds, audit.Seed{Name: name, Kind: "behaviour/search/query", Arm: arm, Run: 1})
		s.Planted[name] = true
	}
	if c := judge.Compare(s.Input)[0]; math.Abs(c.P-0.03125) > 1e-9 || math.Abs(c.Corrected-0.0625) > 1e-9 || c.Significant() {
		t.Errorf("two kinds: %+v", c)
	}
}

func seedName(arm string, run int, what string) string {
	return fmt.Sprintf("%s/%d/%s", arm, run, what)
}
