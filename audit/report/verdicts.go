package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"telltale/audit"
	"telltale/claims"
)

// A statementView is what the vendor said, with the results of all that
// follows from it.
type statementView struct {
	claims.Statement
	Link string // source, if it is a web address
	Rows []assertionView
}

type assertionView struct {
	ID      string
	Rule    string
	Results []resultView // one for each target
}

type resultView struct {
	resultWord
	Target target
	Detail string // how often it was seen
	Cites  number // the exhibits that the verdict rests on
	Says   said
	Anchor string // section with the evidence; empty if there is none
}

// statements lists the claims in the order of their file. A verdict on a claim
// that the file does not have stands at the end.
func (x *index) statements() []statementView { return x.claimed }

func (x *index) makeStatements() []statementView {
	var views []statementView
	known := make(map[string]bool)
	for _, s := range x.Claims.Statements {
		v := statementView{Statement: s, Link: webAddress(s.Source.URL)}
		for _, a := range s.Asserts {
			known[a.ID] = true
			v.Rows = append(v.Rows, x.assertion(a))
		}
		views = append(views, v)
	}
	rest := statementView{Statement: claims.Statement{Quote: x.lang.say("verdicts.unclaimed")}}
	for _, v := range x.Verdicts {
		if !known[v.Assertion] {
			known[v.Assertion] = true
			rest.Rows = append(rest.Rows, x.assertion(claims.Assertion{ID: v.Assertion}))
		}
	}
	if len(rest.Rows) > 0 {
		views = append(views, rest)
	}
	return views
}

func (x *index) assertion(a claims.Assertion) assertionView {
	v := assertionView{ID: a.ID, Rule: x.ruleWords(a)}
	for i, t := range x.targets {
		v.Results = append(v.Results, x.result(a.ID, t, i))
	}
	return v
}

func (x *index) result(assertion string, t target, n int) resultView {
	v, ok := x.verdicts[[2]string{assertion, t.Name}]
	if !ok {
		return resultView{resultWord: unjudged, Target: t}
	}
	r := resultView{resultWord: wordOf(v.Result), Target: t, Says: x.lang.phrase(v.Says)}
	if v.Result == audit.Refuted {
		r.Anchor = anchor(n, assertion)
		r.Detail = x.lang.say("verdicts.runs", v.Hits, v.Runs)
		if v.High > 0 {
			r.Detail = x.lang.say("verdicts.rate", v.Hits, v.Runs, fmt.Sprintf("%.0f", 100*v.Low), fmt.Sprintf("%.0f", 100*v.High))
		}
	}
	return r
}

// anchor names the section with the evidence on a target, by its number, and
// an assertion. It holds only letters, digits and hyphens.
func anchor(target int, assertion string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, assertion)
	return fmt.Sprintf("evidence-%d-%s", target+1, plain)
}

// Paraphrase reports whether the statement gives the vendor's words in
// substance only, so that it must not stand in quotation marks.
func (s statementView) Paraphrase() bool { return strings.HasPrefix(s.Quote, "(in substance") }

// ruleWords says what is asserted and when.
func (x *index) ruleWords(a claims.Assertion) string {
	if a.Rule == nil {
		return a.ID
	}
	words := x.lang.word(a.Rule.String())
	var when []string
	if a.When.Mode != "" {
		when = append(when, x.lang.known("when."+string(a.When.Mode), string(a.When.Mode)))
	}
	if a.When.Consent != "" {
		when = append(when, x.lang.known("when."+string(a.When.Consent), string(a.When.Consent)))
	}
	if len(when) > 0 {
		words = x.lang.say("when.mode", words, strings.Join(when, " "))
	}
	return words
}

// webAddress returns a URL that may be linked, "" if it is none.
func webAddress(s string) string {
	if strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") {
		return s
	}
	return ""
}

// tallies counts the results of a target.
func (x *index) tallies(t target) map[audit.Result]int {
	counts := make(map[audit.Result]int)
	for _, s := range x.statements() {
		for _, row := range s.Rows {
			if v, ok := x.verdicts[[2]string{row.ID, t.Name}]; ok {
				counts[v.Result]++
			}
		}
	}
	return counts
}

// tally says the results of a target in words, the weightiest first.
func (x *index) tally(t target) string {
	counts, n := x.tallies(t), 0
	for _, c := range counts {
		n += c
	}
	var words []string
	for _, w := range resultWords {
		if c := counts[w.Result]; c > 0 {
			words = append(words, thousands(c)+" "+x.resultName(w))
		}
	}
	if n == 0 {
		return x.lang.say("tally.none")
	}
	return x.lang.say("tally", n, x.lang.list(words))
}

func (x *index) resultName(w resultWord) string { return x.lang.say("result." + w.Class) }

// A section is the evidence against one claim.
type section struct {
	Anchor    string
	Statement statementView
	Row       assertionView
	Result    resultView
	Exhibit   *exhibitView
	Others    []findingRow
	More      int // findings that are only in facts.jsonl
	Refutes   said
}

// sections lists the evidence: the subjects' first, in the order of the claims.
func (x *index) sections() []section {
	var sections []section
	shown := make(map[string]shownAt) // by finding
	for i := range x.targets {
		for _, s := range x.statements() {
			for _, row := range s.Rows {
				if r := row.Results[i]; r.Anchor != "" {
					sections = append(sections, x.section(s, row, r, shown))
				}
			}
		}
	}
	return sections
}

// maxOthers bounds the findings that a section lists.
const maxOthers = 8

func (x *index) section(s statementView, row assertionView, r resultView, shown map[string]shownAt) section {
	v := x.verdicts[[2]string{row.ID, r.Target.Name}]
	sec := section{Anchor: r.Anchor, Statement: s, Row: row, Result: r}
	if x.Rules != nil {
		refutes, _ := x.Rules(v.Rule)
		sec.Refutes = x.lang.phrase(refutes)
	}
	fs := x.ranked(v.Findings)
	if len(fs) == 0 {
		return sec
	}
	best := fs[0]
	view := x.exhibit(best)
	if at, ok := shown[best.ID]; ok {
		view.Above = &at
	} else {
		shown[best.ID] = shownAt{r.Anchor, row.ID}
		view.Layers, view.Problem = x.layers(best)
	}
	sec.Exhibit = &view
	rest := spread(fs[1:], x.group)
	sec.More = max(0, len(rest)-maxOthers)
	for _, f := range rest[:len(rest)-sec.More] {
		sec.Others = append(sec.Others, x.findingRow(f))
	}
	return sec
}

// ranked returns the findings, the one that shows the most first: seen in
// private mode, certain, in plain form, below the most layers, the earliest.
func (x *index) ranked(ids []string) []audit.Finding {
	var fs []audit.Finding
	for _, id := range ids {
		if f, ok := x.findings[id]; ok {
			fs = append(fs, f)
		}
	}
	slices.SortStableFunc(fs, func(a, b audit.Finding) int {
		return cmp.Or(
			cmp.Compare(rank(x.armOf(a).Mode != claims.Private), rank(x.armOf(b).Mode != claims.Private)),
			cmp.Compare(rank(a.Confidence != audit.Certain), rank(b.Confidence != audit.Certain)),
			cmp.Compare(rank(a.Form != "plain"), rank(b.Form != "plain")),
			cmp.Compare(len(b.Trail), len(a.Trail)),
			cmp.Compare(x.order[a.Exhibit], x.order[b.Exhibit]),
		)
	})
	return fs
}

// spread reorders findings so that each group is shown before any group is
// shown again.
func spread(fs []audit.Finding, group func(audit.Finding) string) []audit.Finding {
	seen := make(map[string]int)
	turn := make(map[string]int, len(fs))
	for _, f := range fs {
		g := group(f)
		turn[f.ID] = seen[g]
		seen[g]++
	}
	slices.SortStableFunc(fs, func(a, b audit.Finding) int { return cmp.Compare(turn[a.ID], turn[b.ID]) })
	return fs
}

// group tells findings apart by what a reader would call different.
func (x *index) group(f audit.Finding) string {
	e := x.exhibits[f.Exhibit]
	return strings.Join([]string{e.Host, string(f.Kind), e.Arm, f.Form}, "\x00")
}

// armOf returns the arm in which a finding's behaviour happened: that of its
// seed, even when it was sent later.
func (x *index) armOf(f audit.Finding) audit.Arm {
	e := x.exhibits[f.Exhibit]
	if s, ok := x.seeds[f.Seed]; ok && s.Arm != "" {
		if a, ok := x.arms[s.Arm]; ok && a.Target() == x.arms[e.Arm].Target() {
			return a
		}
	}
	return x.arms[e.Arm]
}
