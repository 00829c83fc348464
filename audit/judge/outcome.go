package judge

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"telltale/audit"
	"telltale/claims"
	"telltale/personal"
)

// refuted makes the verdict of findings that stand against a claim. says is its
// sentence without the counts.
func (t *target) refuted(when claims.Condition, found []observation, says string) audit.Verdict {
	ids := make([]string, len(found))
	exhibits, records, runs := make(map[string]bool), make(map[string]bool), make(map[int]bool)
	for i, o := range found {
		ids[i] = o.ID
		exhibits[o.Exhibit] = true
		records[o.record()] = true
		runs[o.run] = true
	}
	visits := 0
	if statistical(found) {
		visits = probed(found, runs)
	}
	n := max(t.runs(when), len(runs))
	shown := count(len(records), "record")
	if visits > 0 {
		says += " (statistical: what was sent grows with the address, and could not be read)"
		shown = count(visits, "visit")
	}
	low, high := Interval(len(runs), n)
	return audit.Verdict{
		Result: audit.Refuted, Findings: ids, Exhibits: len(exhibits), Runs: n, Hits: len(runs), Low: rounded(low), High: rounded(high),
		Says: fmt.Sprintf("%s in %d of %d runs, %s.", says, len(runs), n, shown),
	}
}

// probed adds the runs of the length probe behind the findings, and returns
// the most visits that one of them was told by.
func probed(found []observation, runs map[int]bool) (visits int) {
	for _, o := range found {
		visits = max(visits, len(o.Slope.Visits))
		for _, v := range o.Slope.Visits {
			runs[v.Run] = true
		}
	}
	return visits
}

// unrefuted makes the verdict where nothing stands against a claim about kinds:
// that depends on whether it was tested and what could be read.
func (t *target) unrefuted(when claims.Condition, kinds []personal.Kind) audit.Verdict {
	arms := t.under(when)
	if len(arms) == 0 {
		return notTested("No arm of the experiment meets the condition " + conditionWords(when) + ".")
	}
	n := t.runs(when)
	v := t.unread(when)
	if n == 0 {
		return v
	}
	planted := t.planted(when, kinds)
	if planted == 0 && !untold(kinds, n) {
		return notTested("Nothing of these kinds was planted, so none could be met.")
	}
	if v.Result == audit.Supported {
		v.Says = fmt.Sprintf("Nothing against it: %s planted, %s read, 0 of %d runs; the true rate may still be up to %.0f%% of runs.",
			count(planted, "value"), count(t.requests(when), "request"), n, 100*v.Bound) + t.unplanted(when, kinds)
	}
	return v
}

// unread makes the verdict of arms in which nothing stands against a claim: it
// cannot tell if something could not be read, and supports it otherwise.
func (t *target) unread(when claims.Condition) audit.Verdict {
	n, unread := t.runs(when), 0
	hosts := make(map[string]bool)
	for _, arm := range t.under(when) {
		c := t.coverage[arm]
		unread += c.Opaque + c.Refused + c.Tunnels + int(min(c.Lost, 1)) // what is lost is counted in packets
		for _, h := range c.Unread {
			hosts[h] = true
		}
	}
	if n == 0 {
		return notTested("No run of the experiment was completed under this condition.")
	}
	if unread > 0 {
		says := "Nothing against it in what was read, but some of it could not be read"
		if len(hosts) > 0 {
			says += ": " + list(slices.Sorted(maps.Keys(hosts)), 3)
		}
		return audit.Verdict{Result: audit.CannotTell, Runs: n, Says: says + "."}
	}
	bound := Upper(n)
	return audit.Verdict{
		Result: audit.Supported, Runs: n, Bound: rounded(bound),
		Says: fmt.Sprintf("Nothing against it: %s read, 0 of %d runs; the true rate may still be up to %.0f%% of runs.",
			count(t.requests(when), "request"), n, 100*bound),
	}
}

// requests returns how many requests the arms that meet a condition made.
func (t *target) requests(when claims.Condition) (n int) {
	for _, arm := range t.under(when) {
		n += t.coverage[arm].Requests
	}
	return n
}

// unplanted names the kinds of a claim that nothing was planted of, in a
// sentence of its own.
func (t *target) unplanted(when claims.Condition, kinds []personal.Kind) string {
	var missing []string
	for _, k := range kinds {
		if one := []personal.Kind{k}; !untold(one, t.runs(when)) && t.planted(when, one) == 0 {
			missing = append(missing, k.Short())
		}
	}
	if len(missing) == 0 {
		return ""
	}
	return " Not planted, so not tested: " + list(missing, len(missing)) + "."
}

// untold reports whether any of the kinds shows without being planted: the id
// of an installation does, over two runs. An id of the device does not: with
// one device it looks like any constant.
func untold(kinds []personal.Kind, runs int) bool { return runs >= 2 && under("id/install", kinds) }

func notTested(says string) audit.Verdict { return audit.Verdict{Result: audit.NotTested, Says: says} }

// under returns the names of the arms that meet a condition, sorted.
func (t *target) under(when claims.Condition) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(t.arms)) {
		if arm := t.arms[name]; when.Holds(arm.Mode, arm.Consent) {
			names = append(names, name)
		}
	}
	return names
}

// runs returns how many runs the arms that meet a condition have; arms of one
// run share its profile, so they are not counted twice.
func (t *target) runs(when claims.Condition) int {
	n := 0
	for _, name := range t.under(when) {
		n = max(n, t.coverage[name].Runs)
	}
	return n
}

// planted counts the seeds of any of the kinds that were really planted under
// a condition: those of steps that were done, and the identity of a specimen.
func (t *target) planted(when claims.Condition, kinds []personal.Kind) int {
	arms, n := t.under(when), 0
	specimen := slices.ContainsFunc(arms, func(name string) bool { return t.arms[name].Specimen != "" })
	for _, s := range t.seeds {
		if !under(s.Kind, kinds) {
			continue
		}
		if (s.Arm == "" && specimen) || (slices.Contains(arms, s.Arm) && t.done[s.Name]) {
			n++
		}
	}
	return n
}

// recipients names the hosts of findings with their organisations.
func (t *target) recipients(found []observation) string {
	hosts := make(map[string]bool)
	for _, o := range found {
		hosts[o.exhibit.Host] = true
	}
	var names []string
	for _, h := range slices.Sorted(maps.Keys(hosts)) {
		if org := t.parties[h].Organisation; org != "" {
			h += " (" + org + ")"
		}
		names = append(names, h)
	}
	return list(names, 3)
}

// shorts names the kinds of findings in few words.
func shorts(found []observation) string {
	var names []string
	for _, o := range found {
		if name := o.Kind.Short(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return list(names, 4)
}

func conditionWords(when claims.Condition) string {
	var words []string
	if when.Mode != "" {
		words = append(words, "mode "+string(when.Mode))
	}
	if when.Consent != "" {
		words = append(words, "consent "+string(when.Consent))
	}
	return strings.Join(words, " and ")
}

// list joins names, the first most of them.
func list(names []string, most int) string {
	rest := ""
	if len(names) > most {
		rest = fmt.Sprintf(" and %d more", len(names)-most)
		names = names[:most]
	} else if len(names) > 1 {
		rest = " and " + names[len(names)-1]
		names = names[:len(names)-1]
	}
	return strings.Join(names, ", ") + rest
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// sentence begins with a capital.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
