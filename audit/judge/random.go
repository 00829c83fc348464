package judge

import (
	"slices"
	"strings"

	"telltale/audit"
	"telltale/claims"
	"telltale/personal"
)

// numbers are the kinds that an identifier must not be made of.
var numbers = []personal.Kind{"id/device", "id/sim", "id/advertising", "id/account", "contact", "network/ip", "device"}

// judgeRandom looks for numbers of the device or its user that were written in
// another way: encoded, or as a digest. A number that is sent as it stands is
// another claim's business.
func judgeRandom(t *target, a claims.Assertion) audit.Verdict {
	rule := a.Rule.(claims.Random) //nolint:forcetypeassert // the table pairs them
	derived := slices.DeleteFunc(t.about(nil, a.When), func(o observation) bool {
		return !o.telling() && (o.Seed == "" || !under(o.Kind, numbers) || !o.rewritten())
	})
	if len(derived) > 0 {
		return t.refuted(a.When, derived, sentence(shorts(derived))+" can be computed from what is sent to "+t.recipients(derived))
	}
	v := t.unrefuted(a.When, nil)
	switch {
	case v.Result != audit.Supported:
		return v
	case len(t.about(rule.Kinds, a.When)) == 0:
		return notTested("No such identifier was seen.")
	case t.planted(a.When, numbers) == 0:
		return notTested("No number of the device or its user was planted, so none could be computed.")
	}
	return v
}

// rewritten reports whether a planted value stands there in another way than
// it was planted: as a digest, or under an encoding of its field's own. The
// bytes that hex digits stand for are no other way.
func (o observation) rewritten() bool {
	if len(o.Trail) == 0 {
		return false
	}
	switch o.Form {
	case "plain", "folded":
		return encoded(o.Trail[len(o.Trail)-1])
	case "bytes":
		return o.Trail[len(o.Trail)-1] != "hex"
	default:
		return true
	}
}

// encoded reports whether a step of a trail takes off an encoding.
func encoded(step string) bool {
	kind, _, _ := strings.Cut(step, ":")
	return slices.Contains(encodings, kind)
}

// telling reports whether the observation was made inside an identifier that
// says when or where it was made: the cookie id of the Sensors Analytics SDK.
func (o observation) telling() bool {
	return slices.ContainsFunc(o.Trail, func(step string) bool {
		return step == "sensors-id:first-visit" || step == "sensors-id:screen-area" || step == "sensors-id:user-agent-check"
	})
}
