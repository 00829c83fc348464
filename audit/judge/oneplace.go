package judge

import (
	"fmt"
	"slices"

	"telltale/audit"
	"telltale/claims"
)

// judgeOnePlace looks for planted values that more than one host got. One
// event that is sent twice to one host is not two places.
func judgeOnePlace(t *target, a claims.Assertion) audit.Verdict {
	rule := a.Rule.(claims.OnePlace) //nolint:forcetypeassert // the table pairs them
	hosts := make(map[string][]string)
	sent := read(solid(t.about(rule.Kinds, a.When), rule.Kinds))
	for _, o := range sent {
		if key := o.event(); key != "" && !slices.Contains(hosts[key], o.exhibit.Host) {
			hosts[key] = append(hosts[key], o.exhibit.Host)
		}
	}
	copies := slices.DeleteFunc(sent, func(o observation) bool { return len(hosts[o.event()]) < 2 })
	if len(copies) == 0 {
		return t.unrefuted(a.When, rule.Kinds)
	}
	most := 0
	for _, list := range hosts {
		most = max(most, len(list))
	}
	return t.refuted(a.When, copies, fmt.Sprintf("The same %s sent to %d hosts, %s,", shorts(copies), most, t.recipients(copies)))
}

// event names the one thing that was done and that an observation tells; "" if
// it may be told again and again, as the numbers of a device are.
func (o observation) event() string {
	if o.Seed == "" || o.arm.Name == "" || !o.Kind.Under("behaviour") {
		return ""
	}
	return o.Seed
}
