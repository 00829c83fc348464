package judge

import (
	"slices"
	"strings"

	"telltale/audit"
	"telltale/claims"
)

// encodings are the steps of a trail that someone may take for encryption.
var encodings = []string{"base64", "gzip", "zlib", "hex", "percent", "deflate"}

func judgeConfidential(t *target, a claims.Assertion) audit.Verdict {
	rule := a.Rule.(claims.Confidential) //nolint:forcetypeassert // the table pairs them
	found := solid(t.about(rule.Kinds, a.When), nil)
	if len(found) == 0 {
		v := t.unrefuted(a.When, rule.Kinds)
		if v.Result == audit.Supported {
			v = notTested("Nothing that was planted was sent, so its encryption was not tested.")
		}
		return v
	}
	says := sentence(shorts(found)) + " readable without any key"
	if undone := undone(found); len(undone) > 0 {
		says += " (" + list(undone, len(undone)) + " hide nothing)"
	}
	return t.refuted(a.When, found, says)
}

// undone lists the encodings that were taken off on the way to the findings.
func undone(found []observation) []string {
	var names []string
	for _, name := range encodings {
		if slices.ContainsFunc(found, func(o observation) bool {
			return slices.ContainsFunc(o.Trail, func(step string) bool { kind, _, _ := strings.Cut(step, ":"); return kind == name })
		}) {
			names = append(names, name)
		}
	}
	return names
}
