package judge

import (
	"fmt"
	"time"

	"telltale/audit"
	"telltale/claims"
	"telltale/personal"
)

func judgeRotates(t *target, a claims.Assertion) audit.Verdict {
	rule := a.Rule.(claims.Rotates) //nolint:forcetypeassert // the table pairs them
	if t.span <= rule.Within {
		return notTested(fmt.Sprintf("The experiment lasted %s; the promise is about %s.", roughly(t.span), roughly(rule.Within)))
	}
	kinds := []personal.Kind{rule.Kind}
	first := make(map[string]time.Time)
	var kept []observation
	for _, o := range solid(t.about(kinds, a.When), kinds) {
		switch start, seen := first[o.Label]; {
		case !seen:
			first[o.Label] = o.exhibit.Time
		case o.exhibit.Time.Sub(start) > rule.Within:
			kept = append(kept, o)
		}
	}
	if len(kept) == 0 {
		return t.unrefuted(a.When, kinds)
	}
	return t.refuted(a.When, kept, "An identifier was still the same after "+roughly(rule.Within))
}

func judgeRetained(*target, claims.Assertion) audit.Verdict {
	return notTested("Traffic alone cannot show how long data is kept.")
}

// roughly writes a time the way people say it.
func roughly(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	default:
		return fmt.Sprintf("%d seconds", d/time.Second)
	}
}
