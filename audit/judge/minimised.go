package judge

import (
	"bytes"
	"slices"
	"strings"

	"telltale/audit"
	"telltale/claims"
	"telltale/personal"
)

// needless are kinds that are too much wherever they stand.
var needless = []personal.Kind{"behaviour/search/query", "behaviour/navigation/title", "behaviour/form"}

func judgeMinimised(t *target, a claims.Assertion) audit.Verdict {
	rule := a.Rule.(claims.Minimised) //nolint:forcetypeassert // the table pairs them
	found := slices.DeleteFunc(read(solid(t.about(rule.Kinds, a.When), rule.Kinds)), func(o observation) bool {
		return !under(o.Kind, needless) && !o.inQuery()
	})
	if len(found) == 0 {
		return t.unrefuted(a.When, rule.Kinds)
	}
	return t.refuted(a.When, found, "Query, fragment or words of "+shorts(found)+" sent to "+t.recipients(found))
}

// inQuery reports whether a planted value stands behind the ? or the # of an
// address that was sent: of an address in the layer that it was met in, or of
// one that was taken apart on the way there.
func (o observation) inQuery() bool {
	if o.Seed == "" || o.Form != "plain" && o.Form != "folded" {
		return false
	}
	for i, step := range o.Trail {
		kind, _, _ := strings.Cut(step, ":")
		if i > 1 && (kind == "query" || kind == "fragment") { // the request's own is how it is sent, not what
			return true
		}
	}
	return behindMark(o.Value.Reveal(), o.Span)
}

// behindMark reports whether what lies at span in data is part of an address
// with a ? or a # before it.
func behindMark(data []byte, span audit.Span) bool {
	if span.Start < 0 || span.Start > len(data) || span.End > len(data) {
		return false // the layer is too large to be kept with the finding
	}
	address := data[bytes.LastIndexAny(data[:span.Start], " \t\r\n\"'<>")+1 : span.Start]
	scheme := bytes.LastIndex(address, []byte("://"))
	return scheme >= 0 && bytes.ContainsAny(address[scheme:], "?#")
}
