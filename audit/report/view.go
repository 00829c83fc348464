package report

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"telltale/audit"
	"telltale/claims"
	"telltale/personal"
)

// A view is what page.html shows, section by section, in the order of the page.
type view struct {
	CSS         template.CSS
	Lang        string
	Case        audit.Case
	Title       string
	Started     string
	Ended       string
	Network     string
	Tools       string
	Partial     said
	Changed     said
	Reveal      bool
	Imported    bool
	Software    []software
	Statements  []statementView
	Targets     []target
	Sections    []section
	Pictures    []picture
	Silent      []string // targets that sent nothing
	Scatters    []scatter
	Timelines   []timeline
	Parties     []partyView
	MoreParties int
	Map         worldMap
	Identifiers []identifier
	Grid        *grid
	MoreIDs     int
	Sessions    int // identifiers that end with the program
	Groups      []armGroup
	Coverage    []coverageView
	Limits      []string
	Problems    []problemView
	MoreFailed  int
	MoreLengths int
	Arms        []armView
	Steps       []said
	Seeds       []seedView
	Planted     int
	Programs    []programView
	Rules       []ruleView
	Words       []resultWord
	Terms       []string
	Register    *register
}

// software is one target in the head of the page.
type software struct {
	target
	Tally    string
	Specimen string
}

// Bounds of the page's lists; the rest is in facts.jsonl.
const (
	maxIdentifiers = 40
	maxProblems    = 25
)

func newView(x *index) (view, error) {
	css, err := files.ReadFile("page.css")
	if err != nil {
		return view{}, fmt.Errorf("reading the style of the report: %w", err)
	}
	v := view{
		CSS: template.CSS(css), Lang: x.lang.tag, //nolint:gosec // our own file
		Case: x.Case.Case, Title: x.subjectName(), Started: x.started(), Network: x.network(), Tools: x.tools(),
		Partial: x.lang.phrase(x.Partial), Changed: x.lang.phrase(x.Changed), Reveal: x.Reveal, Imported: x.Imported,
		Statements: x.statements(), Targets: x.targets, Sections: x.sections(),
		Pictures: x.pictures(), Silent: x.silent(), Timelines: x.timelines(), Map: x.worldMap(),
		Groups: x.armGroups(), Coverage: x.coverage(), Limits: x.limits(), Problems: x.problems(),
		Arms: x.armViews(), Steps: x.stepViews(), Seeds: x.seedViews(), Planted: len(x.Case.Case.Seeds),
		Programs: x.programs(), Rules: x.rules(), Words: resultWords, Terms: terms, Register: x.register,
	}
	if !x.Ended.IsZero() {
		v.Ended = x.lang.time(x.Ended)
	}
	for _, t := range x.targets {
		v.Software = append(v.Software, software{t, x.tally(t), specimen(t)})
	}
	v.Identifiers, v.MoreIDs, v.Sessions = x.identifiers()
	v.Grid = x.grid(v.Identifiers)
	v.Scatters, v.MoreLengths = first(x.scatters(), maxScatters)
	v.Parties, v.MoreParties = first(x.partyViews(), maxParties)
	v.Problems, v.MoreFailed = first(v.Problems, maxProblems)
	return v, nil
}

// started says when the experiment began, and how long it took.
func (x *index) started() string {
	from, to := x.Case.Case.Started, x.Ended
	words := x.lang.time(from)
	if from.IsZero() || to.Before(from) {
		return words
	}
	return x.lang.say("fact.took", words, x.lang.lasted(to.Sub(from)))
}

// network says what answered.
func (x *index) network() string {
	switch {
	case x.Imported:
		return x.lang.say("network.imported")
	case x.Case.Case.Online:
		return x.lang.say("network.online")
	default:
		return x.lang.say("network.offline")
	}
}

// tools names the programs that took part.
func (x *index) tools() string {
	var names []string
	for _, t := range x.Case.Case.Tools {
		names = append(names, strings.TrimSpace(t.Name+" "+t.Version))
	}
	if x.Case.Case.Machine == "" {
		return x.lang.list(names)
	}
	return x.lang.say("fact.on", x.lang.list(names), x.Case.Case.Machine)
}

// first returns at most n elements and the number of those left out.
func first[E any](list []E, n int) (head []E, more int) {
	if len(list) <= n {
		return list, 0
	}
	return list[:n], len(list) - n
}

// subject says what the claims are about: the plan's word, or the claims file's.
func (x *index) subject() claims.Subject {
	if x.Case.Case.Subject.Name != "" {
		return x.Case.Case.Subject
	}
	return x.Claims.Subject
}

func (x *index) subjectName() string {
	s := x.subject()
	name := strings.TrimSpace(s.Name + " " + s.Version)
	switch {
	case name == "":
		return x.lang.say("unnamed")
	case s.Publisher != "":
		return name + " (" + s.Publisher + ")"
	default:
		return name
	}
}

func specimen(t target) string {
	for _, a := range t.Arms {
		if a.Specimen != "" {
			return a.Specimen
		}
	}
	return ""
}

// A problemView is something that could not be done to an exhibit.
type problemView struct {
	Exhibit, Anchor, Trail string
	Message                said
}

func (x *index) problems() []problemView {
	views := make([]problemView, len(x.Problems))
	for i, p := range x.Problems {
		views[i] = problemView{p.Exhibit, x.register.anchor(p.Exhibit), x.mask.trail(p.Trail), x.lang.phrase(p.Message)}
	}
	return views
}

// An armGroup heads the columns of a target.
type armGroup struct {
	Target string
	Arms   []string
	Runs   []int
}

// Columns is the number of columns of the group.
func (g armGroup) Columns() int { return len(g.Arms) * len(g.Runs) }

func (x *index) armGroups() []armGroup {
	var groups []armGroup
	for _, t := range x.targets {
		if len(t.Arms) == 0 {
			continue
		}
		g := armGroup{Target: t.Name}
		for _, a := range t.Arms {
			g.Arms = append(g.Arms, x.armWords(a, t))
		}
		for run := range x.runs() {
			g.Runs = append(g.Runs, run+1)
		}
		groups = append(groups, g)
	}
	return groups
}

// An armView is an arm in words.
type armView struct{ Name, Software, Specimen, Mode, Consent, Role string }

func (x *index) armViews() []armView {
	var views []armView
	for _, a := range x.Case.Case.Arms {
		v := armView{a.Name, a.Software, a.Specimen, x.modeWord(a.Mode), x.consentWord(a.Consent), x.lang.say("role." + target{Control: a.Control}.Role())}
		if a.Specimen == "" {
			v.Specimen = x.lang.say("method.none")
		}
		views = append(views, v)
	}
	return views
}

// stepViews are the steps of each run; each start of the program is one.
func (x *index) stepViews() []said {
	var views []said
	for _, s := range x.Case.Case.Steps {
		views = append(views, x.lang.phrase(s))
	}
	return views
}

// A programView is a program that took part.
type programView struct {
	Name, Version string
	Detail        said
}

func (x *index) programs() []programView {
	var views []programView
	for _, t := range x.Case.Case.Tools {
		views = append(views, programView{t.Name, t.Version, x.lang.phrase(t.Detail)})
	}
	return views
}

// A seedView is one sort of planted value.
type seedView struct {
	Kind    personal.Kind
	Means   string
	Planted int
	Names   string
}

// seedViews groups the planted values by kind.
func (x *index) seedViews() []seedView {
	names := make(map[personal.Kind][]string)
	planted := make(map[personal.Kind]int)
	var fs []audit.Finding
	for _, s := range x.Case.Case.Seeds {
		planted[s.Kind]++
		short := strings.TrimPrefix(s.Name, fmt.Sprintf("%s/%d/", s.Arm, s.Run))
		names[s.Kind] = include(names[s.Kind], short)
		fs = append(fs, audit.Finding{Kind: s.Kind})
	}
	var views []seedView
	for _, k := range kindSet(fs) {
		list, more := first(names[k], 8)
		v := seedView{k, x.lang.word(k.Meaning()), planted[k], x.lang.list(list)}
		if more > 0 {
			v.Names += " " + x.lang.say("more.names", more)
		}
		views = append(views, v)
	}
	return views
}

// A ruleView is a judging rule in words.
type ruleView struct {
	ID                 string
	Refutes, CannotSee said
}

// rules lists the rules that gave a verdict, in the order of the verdicts.
func (x *index) rules() []ruleView {
	if x.Rules == nil {
		return nil
	}
	var views []ruleView
	for _, v := range x.Verdicts {
		if slices.ContainsFunc(views, func(r ruleView) bool { return r.ID == v.Rule }) {
			continue
		}
		refutes, cannotSee := x.Rules(v.Rule)
		views = append(views, ruleView{v.Rule, x.lang.phrase(refutes), x.lang.phrase(cannotSee)})
	}
	return views
}
