package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"telltale/audit"
	"telltale/claims"
	"telltale/personal"
)

// An index is a case with the ways through it.
type index struct {
	Case
	exhibits map[string]audit.Exhibit
	order    map[string]int // of exhibits in the log
	findings map[string]audit.Finding
	of       map[string][]audit.Finding // findings by exhibit
	arms     map[string]audit.Arm
	parties  map[string]audit.Party
	seeds    map[string]audit.Seed
	verdicts map[[2]string]audit.Verdict // by assertion and target
	targets  []target
	mask     masker
	lang     *language
	steps    []audit.Event // what the lab did, in the order of time

	claimed  []statementView        // see statements
	received map[string][]recipient // see recipients, by target
	register *register
}

// A target is what verdicts are about: one software with or without its specimen.
type target struct {
	Name    string
	Control bool
	Arms    []audit.Arm
}

// Role says what the target is for, in the words of facts.
func (t target) Role() string {
	if t.Control {
		return "control"
	}
	return "subject"
}

func newIndex(c Case) (*index, error) {
	lang, err := languageOf(c.Lang)
	if err != nil {
		return nil, err
	}
	x := &index{
		Case: c, lang: lang, received: make(map[string][]recipient),
		exhibits: make(map[string]audit.Exhibit),
		order:    make(map[string]int),
		findings: make(map[string]audit.Finding),
		of:       make(map[string][]audit.Finding),
		arms:     make(map[string]audit.Arm),
		parties:  make(map[string]audit.Party),
		seeds:    make(map[string]audit.Seed),
		verdicts: make(map[[2]string]audit.Verdict),
	}
	for i, e := range c.Exhibits {
		x.exhibits[e.ID], x.order[e.ID] = e, i
	}
	for _, f := range c.Findings {
		x.findings[f.ID] = f
		x.of[f.Exhibit] = append(x.of[f.Exhibit], f)
	}
	for _, p := range c.Parties {
		x.parties[p.Host] = p
	}
	for _, s := range c.Seeds {
		x.seeds[s.Name] = s
	}
	for _, v := range c.Verdicts {
		x.verdicts[[2]string{v.Assertion, v.Target}] = v
	}
	x.targets = targets(c)
	for _, t := range x.targets {
		for _, a := range t.Arms {
			x.arms[a.Name] = a
		}
	}
	x.mask = newMasker(c)
	x.steps = steps(c.Steps)
	x.claimed = x.makeStatements()
	x.register = newRegister(x)
	x.citeStatements()
	return x, nil
}

// steps are those that do something, in the order of time.
func steps(log []audit.Event) []audit.Event {
	var list []audit.Event
	for _, e := range log {
		if e.Step != nil && e.Step.Action != audit.Done {
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b audit.Event) int { return a.Time.Compare(b.Time) })
	return list
}

// citeStatements tells the results where the exhibits stand that they count.
func (x *index) citeStatements() {
	for _, s := range x.claimed {
		for _, row := range s.Rows {
			for i, r := range row.Results {
				if r.Anchor != "" {
					row.Results[i].Cites = x.register.byVerdict[[2]string{row.ID, r.Target.Name}]
				}
			}
		}
	}
}

// outsidePlan names the target of exhibits whose arm no plan has.
const outsidePlan = "not in the plan"

// targets lists the targets of a case, subjects before controls. One that only
// a verdict or an exhibit names stands at the end: nothing is left out.
func targets(c Case) []target {
	var ts []target
	add := func(name string, control bool) *target {
		i := slices.IndexFunc(ts, func(t target) bool { return t.Name == name })
		if i < 0 {
			ts = append(ts, target{Name: name, Control: control})
			i = len(ts) - 1
		}
		return &ts[i]
	}
	known := make(map[string]bool)
	for _, a := range c.Case.Arms {
		t := add(a.Target(), a.Control)
		t.Arms = append(t.Arms, a)
		known[a.Name] = true
	}
	slices.SortStableFunc(ts, func(a, b target) int { return cmp.Compare(rank(a.Control), rank(b.Control)) })
	for _, v := range c.Verdicts {
		add(v.Target, false)
	}
	for _, e := range c.Exhibits {
		if !known[e.Arm] {
			known[e.Arm] = true
			t := add(outsidePlan, false)
			t.Arms = append(t.Arms, audit.Arm{Name: e.Arm})
		}
	}
	return ts
}

// rank sorts what is last behind the rest.
func rank(last bool) int {
	if last {
		return 1
	}
	return 0
}

// runs returns the repetitions of the case: what was planned, or what was seen
// if that is more.
func (x *index) runs() int {
	n := max(0, x.Case.Case.Runs)
	for _, e := range x.Exhibits {
		n = max(n, e.Run)
	}
	return min(n, maxRuns)
}

// maxRuns bounds what a number in a damaged fact stream can cost.
const maxRuns = 200

// recipient names a host and, where it is known, whose it is.
func (x *index) recipient(host string) string {
	if org := x.parties[host].Organisation; org != "" {
		return host + " (" + org + ")"
	}
	return host
}

// armWords says what is special about an arm within its target.
func (x *index) armWords(a audit.Arm, t target) string {
	if a.Mode == "" {
		return a.Name
	}
	words := x.modeWord(a.Mode)
	consents := make(map[claims.Consent]bool)
	for _, other := range t.Arms {
		consents[other.Consent] = true
	}
	if len(consents) > 1 {
		words = x.lang.say("arm.consent", words, x.consentWord(a.Consent))
	}
	for _, other := range t.Arms {
		if other.Name != a.Name && other.Mode == a.Mode && other.Consent == a.Consent {
			return x.lang.say("arm.named", words, a.Name)
		}
	}
	return words
}

func (x *index) modeWord(m claims.Mode) string {
	return x.lang.known("mode."+string(m), string(m))
}

func (x *index) consentWord(c claims.Consent) string {
	if c == "" {
		return x.lang.say("method.unset")
	}
	return x.lang.known("consent."+string(c), string(c))
}

// kindSet returns the kinds of findings in the order of package personal.
func kindSet(fs []audit.Finding) []personal.Kind {
	set := make(map[personal.Kind]bool)
	for _, f := range fs {
		set[f.Kind] = true
	}
	kinds := slices.Sorted(maps.Keys(set))
	slices.SortStableFunc(kinds, func(a, b personal.Kind) int { return cmp.Compare(kindRank(a), kindRank(b)) })
	return kinds
}

func kindRank(k personal.Kind) int {
	if i := slices.Index(personal.Kinds(), k); i >= 0 {
		return i
	}
	return len(personal.Kinds())
}

// count writes a number with its noun: "1 request", "1,200 requests".
func count[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

func thousands[N int | int64](n N) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
