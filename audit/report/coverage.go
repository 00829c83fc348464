package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"telltale/audit"
)

// A coverageView is the coverage of one arm with what could not be read.
type coverageView struct {
	audit.Coverage
	Where  string // target and mode
	Rest   string // what stands under the numbers
	Anchor string // of the arm's requests; empty if none are listed
	Visits string // of those that were the plan's own
	Unread string // of the exhibits that could not be read
}

// coverage lists the arms in the order of the targets; an arm without figures
// is said to have none.
func (x *index) coverage() []coverageView {
	var views []coverageView
	listed := make(map[string]bool)
	for _, t := range x.targets {
		for _, a := range t.Arms {
			listed[a.Name] = true
			i := slices.IndexFunc(x.Coverage, func(c audit.Coverage) bool { return c.Arm == a.Name })
			if i < 0 {
				views = append(views, coverageView{Coverage: audit.Coverage{Arm: a.Name}, Where: t.Name, Rest: x.lang.say("coverage.none")})
				continue
			}
			views = append(views, x.coverageOf(x.Coverage[i], t.Name))
		}
	}
	for _, c := range x.Coverage {
		if !listed[c.Arm] {
			views = append(views, x.coverageOf(c, x.lang.say("coverage.unplanned")))
		}
	}
	return views
}

func (x *index) coverageOf(c audit.Coverage, where string) coverageView {
	return coverageView{c, where, x.unread(c), x.register.arm(c.Arm), x.register.visits(c.Arm), x.register.unread(c.Arm)}
}

func (x *index) unread(c audit.Coverage) string {
	var words []string
	if len(c.Unread) > 0 {
		words = append(words, x.lang.say("coverage.unread", x.lang.list(c.Unread)))
	}
	if len(c.Skipped) > 0 {
		skipped := make([]string, len(c.Skipped))
		for i, s := range c.Skipped {
			skipped[i] = x.lang.word(s)
		}
		words = append(words, x.lang.say("coverage.skipped", x.lang.list(skipped)))
	}
	return strings.Join(words, ". ")
}

// limits says in sentences what the report does not show.
func (x *index) limits() []string {
	keys := []string{"limit.proxy", "limit.past-proxy"}
	switch {
	case x.Imported:
		keys = []string{"limit.imported", "limit.outside", "limit.whose"}
	case x.Case.Case.Online:
		keys = append(keys, "limit.online")
	default:
		keys = append(keys, "limit.offline")
	}
	var says []string
	for _, k := range keys {
		says = append(says, x.lang.say(k))
	}
	says = append(says, x.lang.say("limit.supported", x.boundWords(x.runs())))
	if !x.Imported {
		says = append(says, x.lang.say("limit.steps"))
	}
	if n := x.unreadCount(); n > 0 {
		says = append(says, x.lang.say("limit.unread", n))
	}
	if slices.ContainsFunc(x.Case.Case.Arms, func(a audit.Arm) bool { return a.Specimen != "" }) {
		says = append(says, x.lang.say("limit.specimen"))
	}
	if x.Case.Case.Rules == "" && len(x.Verdicts) > 0 {
		says = append(says, x.lang.say("limit.rules"))
	}
	if !x.Reveal {
		says = append(says, x.lang.say("limit.masked"))
	}
	return says
}

// boundWords says what n runs without a sighting allow.
func (x *index) boundWords(n int) string {
	if n < 1 {
		return x.lang.say("limit.no-run")
	}
	return x.lang.say("limit.bound", x.lang.say("n.runs", n), fmt.Sprintf("%.0f", 100*upperBound(n)))
}

func (x *index) unreadCount() int {
	n := 0
	for _, c := range x.Coverage {
		n += c.Opaque + c.Refused + c.Tunnels + int(c.Lost)
	}
	return n
}

// upperBound is the one-sided 95% upper bound of a rate per run that showed in
// none of n runs.
func upperBound(n int) float64 { return 1 - math.Pow(0.05, 1/float64(n)) }
