package claims

import (
	"reflect"
	"slices"
	"strings"

	"telltale/personal"
)

// A promise is an assertion about one kind, or one pair of kinds: the smallest
// thing that can be kept, dropped or changed.
type promise struct {
	when Condition
	rule Rule
}

// promises takes an assertion apart.
func promises(a Assertion) []promise {
	var ps []promise
	for _, rule := range single(a.Rule) {
		ps = append(ps, promise{a.When, rule})
	}
	return ps
}

// single returns rules about one kind each that say together what rule says.
func single(rule Rule) (rules []Rule) {
	each := func(ks []personal.Kind, make func(one []personal.Kind) Rule) []Rule {
		if len(ks) == 0 {
			return []Rule{make(nil)}
		}
		for _, k := range ks {
			rules = append(rules, make([]personal.Kind{k}))
		}
		return rules
	}
	switch r := rule.(type) {
	case Never:
		return each(r.Kinds, func(one []personal.Kind) Rule { return Never{one} })
	case Unlinked:
		for _, to := range r.To {
			each(r.Kinds, func(one []personal.Kind) Rule { return Unlinked{one, []personal.Kind{to}} })
		}
		return rules
	case Aggregated:
		return each(r.Kinds, func(one []personal.Kind) Rule { return Aggregated{one, r.K} })
	case Confidential:
		return each(r.Kinds, func(one []personal.Kind) Rule { return Confidential{one, r.Transit} })
	case OnlyTo:
		return each(r.Kinds, func(one []personal.Kind) Rule { return OnlyTo{r.Organisations, r.Countries, one} })
	case Random:
		return each(r.Kinds, func(one []personal.Kind) Rule { return Random{one} })
	case Minimised:
		return each(r.Kinds, func(one []personal.Kind) Rule { return Minimised{one} })
	case OnePlace:
		return each(r.Kinds, func(one []personal.Kind) Rule { return OnePlace{one} })
	case Deleted:
		return each(r.Kinds, func(one []personal.Kind) Rule { return Deleted{one} })
	default:
		return []Rule{rule}
	}
}

// weight returns how much a rule costs to compare: its promises, times what is
// named beside the kinds.
func weight(rule Rule) int {
	n := max(1, len(Kinds(rule)))
	switch r := rule.(type) {
	case Unlinked:
		return n * max(1, len(r.To))
	case OnlyTo:
		return n * max(1, len(r.Organisations)+len(r.Countries))
	default:
		return n
	}
}

// implies reports whether whoever keeps p keeps q as well: p holds wherever q
// does, and asks for at least as much.
func (p promise) implies(q promise) bool {
	if !p.when.covers(q.when) {
		return false
	}
	if never, ok := p.rule.(Never); ok && neverImplies(never.Kinds, p.when, q.rule) {
		return true
	}
	return reflect.TypeOf(p.rule) == reflect.TypeOf(q.rule) && asMuch(p.rule, q.rule)
}

// asMuch reports whether p asks for as much as q, a rule of the same type.
func asMuch(p, q Rule) bool {
	if !cover(Kinds(p), Kinds(q)) {
		return false
	}
	switch p := p.(type) {
	case Unlinked:
		r, ok := q.(Unlinked)
		return ok && cover(p.To, r.To)
	case Aggregated:
		r, ok := q.(Aggregated)
		return ok && max(p.K, 2) >= max(r.K, 2)
	case Confidential:
		r, ok := q.(Confidential)
		return ok && (r.Transit || !p.Transit)
	case OnlyTo:
		r, ok := q.(OnlyTo)
		return ok && within(p.Organisations, r.Organisations) && within(p.Countries, r.Countries)
	case Rotates:
		r, ok := q.(Rotates)
		return ok && p.Within <= r.Within
	case Retained:
		r, ok := q.(Retained)
		return ok && p.AtMost <= r.AtMost
	case Untestable:
		return q == Rule(p)
	default:
		return true
	}
}

// neverImplies reports whether what is never sent cannot break q either.
func neverImplies(ks []personal.Kind, when Condition, q Rule) bool {
	covered := len(Kinds(q)) > 0 && cover(ks, Kinds(q))
	switch q := q.(type) {
	case Unlinked: // an identifier of another time joins too
		return covered || when == Condition{} && cover(ks, q.To)
	case Deleted: // it is sent when the condition no longer holds
		return covered && when == Condition{}
	default:
		return covered
	}
}

// Kinds returns the kinds that a rule is about; none are all, or the rule is
// not about kinds.
func Kinds(rule Rule) []personal.Kind {
	switch r := rule.(type) {
	case Never:
		return r.Kinds
	case Unlinked:
		return r.Kinds
	case Aggregated:
		return r.Kinds
	case Confidential:
		return r.Kinds
	case OnlyTo:
		return r.Kinds
	case Rotates:
		return []personal.Kind{r.Kind}
	case Random:
		return r.Kinds
	case Minimised:
		return r.Kinds
	case OnePlace:
		return r.Kinds
	case Deleted:
		return r.Kinds
	default:
		return nil
	}
}

// covers reports whether c holds wherever d holds.
func (c Condition) covers(d Condition) bool {
	return (c.Mode == "" || c.Mode == d.Mode) && (c.Consent == "" || c.Consent == d.Consent)
}

// cover reports whether each of the kinds lies below one of those above; no
// kinds are all kinds.
func cover(above, kinds []personal.Kind) bool {
	if len(above) == 0 || len(kinds) == 0 {
		return len(above) == 0
	}
	for _, k := range kinds {
		if !slices.ContainsFunc(above, k.Under) {
			return false
		}
	}
	return true
}

// within reports whether few names nobody whom many does not; an empty list
// names everybody.
func within(few, many []string) bool {
	if len(many) == 0 || len(few) == 0 {
		return len(many) == 0
	}
	for _, name := range few {
		if !slices.ContainsFunc(many, func(m string) bool { return strings.EqualFold(m, name) }) {
			return false
		}
	}
	return true
}
