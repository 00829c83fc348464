package judge

import (
	"fmt"
	"slices"
	"strings"

	"telltale/audit"
	"telltale/claims"
)

// judgeOnlyTo looks at the organisation first. The country of a server counts
// only if a database of places has it: the country that an address is
// registered in says nothing about where its machine stands.
func judgeOnlyTo(t *target, a claims.Assertion) audit.Verdict {
	rule := a.Rule.(claims.OnlyTo) //nolint:forcetypeassert // the table pairs them
	sent := solid(t.about(rule.Kinds, a.When), nil)
	var strangers, abroad, unplaced []observation
	for _, o := range sent {
		server := t.server(o)
		switch {
		case len(rule.Organisations) > 0 && !contains(rule.Organisations, t.parties[o.exhibit.Host].Organisation):
			strangers = append(strangers, o)
		case len(rule.Countries) == 0:
		case server.Country == "" || server.Basis == audit.ByRegistry:
			unplaced = append(unplaced, o)
		case !contains(rule.Countries, server.Country):
			abroad = append(abroad, o)
		}
	}
	switch {
	case len(strangers) > 0:
		return t.refuted(a.When, strangers, sentence(shorts(strangers))+" sent to "+t.recipients(strangers))
	case len(abroad) > 0:
		return t.refuted(a.When, abroad, fmt.Sprintf("%s sent to %s: %s by the database that was given,", sentence(shorts(abroad)), t.recipients(abroad), t.places(abroad)))
	case len(unplaced) > 0:
		return notTested(t.unplaced(rule, unplaced))
	}
	v := t.unrefuted(a.When, rule.Kinds)
	if v.Result == audit.Supported && len(sent) > 0 {
		v.Says = fmt.Sprintf("Only %s got any, 0 of %d runs went elsewhere; the true rate may still be up to %.0f%% of runs.", t.recipients(sent), v.Runs, 100*v.Bound)
		if len(rule.Countries) > 0 {
			v.Says += " By the database that was given: " + t.places(sent) + "."
		}
	}
	return v
}

// server is where an observation went.
func (t *target) server(o observation) audit.Server {
	return t.parties[o.exhibit.Host].At(o.exhibit.Server)
}

// places names the addresses of findings with their countries.
func (t *target) places(found []observation) string {
	var words []string
	for _, o := range found {
		s := t.server(o)
		words = append(words, fmt.Sprintf("%s in %s", s.IP, s.Country))
	}
	slices.Sort(words)
	return list(slices.Compact(words), 3)
}

// unplaced says why nothing is said about countries.
func (t *target) unplaced(rule claims.OnlyTo, found []observation) string {
	says := "The recipient is " + t.recipients(found) + "; the country of its server is not known: "
	if len(rule.Organisations) > 0 {
		says = "The organisation is the one that was named (" + t.recipients(found) + "); the country was not observed: "
	}
	var why []string
	for _, o := range found {
		s := t.server(o)
		switch {
		case s.Basis == audit.ByRegistry:
			why = append(why, fmt.Sprintf("%s is registered in %s, which is not where it stands", s.IP, s.Country))
		case s.IP != "":
			why = append(why, s.IP+": "+s.Unplaced)
		case s.Unplaced != "" && s.Unplaced != "not observed offline":
			why = append(why, s.Unplaced)
		default:
			why = append(why, "offline, no address is real")
		}
	}
	slices.Sort(why)
	return says + list(slices.Compact(why), 3) + "."
}

func contains(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}
