package judge

import (
	"fmt"
	"slices"
	"strings"

	"telltale/audit"
	"telltale/claims"
)

func judgeOnlyTo(t *target, a claims.Assertion) audit.Verdict {
	rule := a.Rule.(claims.OnlyTo) //nolint:forcetypeassert // the table pairs them
	sent := solid(t.about(nil, a.When), nil)
	var strangers, unplaced []observation
	for _, o := range sent {
		party := t.parties[o.exhibit.Host]
		switch {
		case len(rule.Organisations) > 0 && !contains(rule.Organisations, party.Organisation),
			len(rule.Countries) > 0 && party.Country != "" && !contains(rule.Countries, party.Country):
			strangers = append(strangers, o)
		case len(rule.Countries) > 0 && party.Country == "":
			unplaced = append(unplaced, o)
		}
	}
	switch {
	case len(strangers) > 0:
		return t.refuted(a.When, strangers, sentence(shorts(strangers))+" sent to "+t.recipients(strangers))
	case len(unplaced) > 0:
		return notTested("The organisation is the one that was named (" + t.recipients(unplaced) + "); the country was not observed: offline, no address is real.")
	}
	v := t.unrefuted(a.When, nil)
	if v.Result == audit.Supported && len(sent) > 0 {
		v.Says = fmt.Sprintf("Only %s got any, 0 of %d runs went elsewhere; the true rate may still be up to %.0f%% of runs.", t.recipients(sent), v.Runs, 100*v.Bound)
	}
	return v
}

func contains(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}
