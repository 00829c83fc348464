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
	Where string // target and mode
	Rest  string // what stands under the numbers
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
				views = append(views, coverageView{Coverage: audit.Coverage{Arm: a.Name}, Where: t.Name, Rest: "no figures: nothing is known of this arm"})
				continue
			}
			views = append(views, coverageView{x.Coverage[i], t.Name, unread(x.Coverage[i])})
		}
	}
	for _, c := range x.Coverage {
		if !listed[c.Arm] {
			views = append(views, coverageView{c, "not in the plan", unread(c)})
		}
	}
	return views
}

func unread(c audit.Coverage) string {
	var words []string
	if len(c.Unread) > 0 {
		words = append(words, "not read: "+strings.Join(c.Unread, ", "))
	}
	if len(c.Skipped) > 0 {
		words = append(words, "steps not done: "+strings.Join(c.Skipped, "; "))
	}
	return strings.Join(words, ". ")
}

// limits says in sentences what the report does not show.
func (x *index) limits() []string {
	says := []string{
		"It shows what the software sent through our proxy. What the servers did with it, a capture at the client cannot show.",
		"What software sends past a proxy, such as UDP, is not seen.",
	}
	if x.Case.Case.Online {
		says = append(says, "Requests went to the real servers. Another day, another network or another country may be answered differently.")
	} else {
		says = append(says, "The software was offline: a sinkhole answered in place of the servers. What depends on a server's real answer was not exercised.")
	}
	says = append(says, fmt.Sprintf("“Supported” is no proof of absence. %s", boundWords(x.runs())))
	says = append(says, "Only the planned steps were done. What the software sends after days of use, or in parts of it that nobody opened, was not seen.")
	if n := x.unreadCount(); n > 0 {
		says = append(says, count(n, "thing", "things")+" could not be read (unknown encodings, refused connections, tunnels). They may hold anything; the hosts are named above.")
	}
	if slices.ContainsFunc(x.Case.Case.Arms, func(a audit.Arm) bool { return a.Specimen != "" }) {
		says = append(says, "A specimen was tested: software of the laboratory that rebuilds a behaviour on purpose. The verdicts are about the specimen; for the product that it rebuilds they are as good as the rebuilding.")
	}
	if x.Case.Case.Rules == "" && len(x.Verdicts) > 0 {
		says = append(says, "The plan of this case does not name the rules that it was to be judged by. They may have been chosen after the capture.")
	}
	if !x.Reveal {
		says = append(says, "Captured bytes are masked: planted values, the names of the fields that lead to them, and hosts are shown, all else is dots. The case folder has the bytes.")
	}
	return says
}

// boundWords says what n runs without a sighting allow.
func boundWords(n int) string {
	if n < 1 {
		return "No run is in this case, and so nothing is bounded."
	}
	return fmt.Sprintf("If something shows in 0 of %s, it may still happen in up to %.0f%% of runs (95%% confidence).",
		count(n, "run", "runs"), 100*upperBound(n))
}

func (x *index) unreadCount() int {
	n := 0
	for _, c := range x.Coverage {
		n += c.Opaque + c.Refused + c.Tunnels
	}
	return n
}

// upperBound is the one-sided 95% upper bound of a rate per run that showed in
// none of n runs.
func upperBound(n int) float64 { return 1 - math.Pow(0.05, 1/float64(n)) }
