package judge

import (
	"fmt"
	"slices"
	"time"

	"telltale/audit"
	"telltale/claims"
	"telltale/personal"
)

func judgeRotates(t *target, a claims.Assertion) audit.Verdict {
	rule := a.Rule.(claims.Rotates) //nolint:forcetypeassert // the table pairs them
	if t.span <= rule.Within {
		return notTested(fmt.Sprintf("A profile was in use for %s; the promise is about %s.", roughly(t.span), roughly(rule.Within)))
	}
	kinds := []personal.Kind{rule.Kind}
	kept := outliving(solid(t.about(kinds, a.When), kinds), rule.Within)
	if len(kept) == 0 && len(t.about(kinds, a.When)) == 0 {
		return notTested("No such identifier was seen.")
	}
	if len(kept) == 0 {
		return t.unrefuted(a.When, kinds)
	}
	return t.refuted(a.When, kept, "An identifier was still the same after "+roughly(rule.Within))
}

// outliving returns the sightings of identifiers later than the time after
// their first.
func outliving(found []observation, within time.Duration) []observation {
	first := make(map[string]time.Time)
	for _, o := range found {
		if start, seen := first[o.Label]; !seen || o.exhibit.Time.Before(start) {
			first[o.Label] = o.exhibit.Time
		}
	}
	return slices.DeleteFunc(found, func(o observation) bool {
		return o.Label == "" || o.exhibit.Time.Sub(first[o.Label]) <= within
	})
}

func judgeRetained(*target, claims.Assertion) audit.Verdict {
	return notTested("Traffic alone cannot show how long data is kept.")
}

func judgeUntestable(_ *target, a claims.Assertion) audit.Verdict {
	rule := a.Rule.(claims.Untestable) //nolint:forcetypeassert // the table pairs them
	return notTested("No test of traffic can show this: " + rule.Why + ".")
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
