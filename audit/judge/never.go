package judge

import (
	"telltale/audit"
	"telltale/claims"
)

func judgeNever(t *target, a claims.Assertion) audit.Verdict {
	rule := a.Rule.(claims.Never) //nolint:forcetypeassert // the table pairs them
	found := solid(t.about(rule.Kinds, a.When), rule.Kinds)
	if len(found) == 0 {
		return t.unrefuted(a.When, rule.Kinds)
	}
	says := sentence(shorts(found)) + " sent to " + t.recipients(found)
	if a.When.Mode != "" {
		says = sentence(shorts(found)) + " sent in " + string(a.When.Mode) + " mode to " + t.recipients(found)
	}
	return t.refuted(a.When, found, says)
}
