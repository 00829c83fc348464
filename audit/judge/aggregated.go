package judge

import (
	"slices"

	"telltale/audit"
	"telltale/claims"
)

func judgeAggregated(t *target, a claims.Assertion) audit.Verdict {
	rule := a.Rule.(claims.Aggregated) //nolint:forcetypeassert // the table pairs them
	found := slices.DeleteFunc(t.about(rule.Kinds, a.When), func(o observation) bool { return o.Seed == "" })
	if len(found) == 0 {
		return t.unrefuted(a.When, rule.Kinds)
	}
	return t.refuted(a.When, found, "Single records about single events ("+shorts(found)+") sent to "+t.recipients(found))
}
