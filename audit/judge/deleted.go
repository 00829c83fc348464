package judge

import (
	"slices"

	"telltale/audit"
	"telltale/claims"
)

// judgeDeleted looks at what was sent after consent was withdrawn for what was
// planted before. The arm of an observation is the one that its seed was planted
// in; that of its exhibit is the one that it was sent in.
func judgeDeleted(t *target, a claims.Assertion) audit.Verdict {
	rule := a.Rule.(claims.Deleted) //nolint:forcetypeassert // the table pairs them
	after := claims.Condition{Mode: a.When.Mode, Consent: claims.Withdrawn}
	before := claims.Condition{Mode: a.When.Mode, Consent: claims.Given}
	late := slices.DeleteFunc(t.about(rule.Kinds, a.When), func(o observation) bool {
		return o.Seed == "" || t.seeds[o.Seed].Arm == "" || o.arm.Consent == claims.Withdrawn ||
			t.arms[o.exhibit.Arm].Consent != claims.Withdrawn
	})
	if len(late) > 0 {
		return t.refuted(after, late, sentence(shorts(late))+" from before consent was withdrawn sent after it to "+t.recipients(late))
	}
	if len(t.under(before)) == 0 || len(t.under(after)) == 0 {
		return notTested("The experiment did not give consent and withdraw it again.")
	}
	if t.planted(before, rule.Kinds) == 0 {
		return notTested("Nothing of these kinds was planted while consent was given.")
	}
	v := t.unread(after)
	if v.Result == audit.Supported {
		v.Says += " Planted before: " + count(t.planted(before, rule.Kinds), "value") + "."
	}
	return v
}
