package judge

import (
	"slices"
	"strings"

	"telltale/audit"
	"telltale/claims"
)

// inTransit reports whether an assertion is about the line alone.
func inTransit(a claims.Assertion) bool {
	rule, ok := a.Rule.(claims.Confidential)
	return ok && rule.Transit
}

func judgeTransit(t *target, a claims.Assertion) audit.Verdict {
	rule := a.Rule.(claims.Confidential) //nolint:forcetypeassert // the table pairs them
	sent := solid(t.about(rule.Kinds, a.When), nil)
	clear := slices.DeleteFunc(slices.Clone(sent), func(o observation) bool { return !o.inClear() })
	if len(clear) > 0 {
		return t.refuted(a.When, clear, sentence(shorts(clear))+" sent over the line in clear to "+t.recipients(clear))
	}
	v := t.unrefuted(a.When, rule.Kinds)
	if v.Result == audit.Supported && len(sent) == 0 {
		return notTested("Nothing that was planted was sent, so its way was not tested.")
	}
	return v
}

// inClear reports whether an observation went over the line without TLS.
func (o observation) inClear() bool {
	return strings.HasPrefix(o.exhibit.URL, "http://") || strings.HasPrefix(o.exhibit.URL, "ws://")
}
