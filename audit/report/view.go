package report

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"telltale/audit"
	"telltale/claims"
	"telltale/personal"
)

// A view is what page.html shows, section by section, in the order of the page.
type view struct {
	CSS          template.CSS
	Case         audit.Case
	Title        string
	Ended        time.Time
	Lasted       string
	Partial      string
	Changed      string
	Reveal       bool
	Software     []software
	Statements   []statementView
	Targets      []target
	Sections     []section
	Pictures     []picture
	Scatters     []scatter
	Parties      []partyView
	MoreParties  int
	Natives      []native
	Identifiers  []identifier
	MoreIDs      int
	Sessions     int // identifiers that end with the program
	Groups       []armGroup
	Coverage     []coverageView
	Limits       []string
	Problems     []problemView
	MoreFailed   int
	MoreScatters int
	Seeds        []seedView
	Planted      int
	Rules        []ruleView
	Words        []resultWord
	Terms        []term
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
		CSS:        template.CSS(css), //nolint:gosec // our own file
		Case:       x.Case.Case,
		Title:      subjectName(x.subject()),
		Ended:      x.Ended,
		Lasted:     lasted(x.Case.Case.Started, x.Ended),
		Partial:    x.Partial,
		Changed:    x.Changed,
		Reveal:     x.Reveal,
		Statements: x.statements(),
		Targets:    x.targets,
		Sections:   x.sections(),
		Pictures:   x.pictures(),
		Natives:    x.natives(),
		Groups:     x.armGroups(),
		Coverage:   x.coverage(),
		Limits:     x.limits(),
		Problems:   x.problems(),
		Seeds:      x.seedViews(),
		Planted:    len(x.Case.Seeds),
		Rules:      x.rules(),
		Words:      resultWords,
		Terms:      terms,
	}
	for _, t := range x.targets {
		v.Software = append(v.Software, software{t, x.tally(t), specimen(t)})
	}
	v.Identifiers, v.Sessions = x.identifiers()
	v.Identifiers, v.MoreIDs = first(v.Identifiers, maxIdentifiers)
	v.Scatters, v.MoreScatters = first(x.scatters(), maxScatters)
	v.Parties, v.MoreParties = first(x.partyViews(), maxParties)
	v.Problems, v.MoreFailed = first(v.Problems, maxProblems)
	return v, nil
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

func subjectName(s claims.Subject) string {
	name := strings.TrimSpace(s.Name + " " + s.Version)
	switch {
	case name == "":
		return "Software without a name"
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

func lasted(from, to time.Time) string {
	if from.IsZero() || to.Before(from) {
		return ""
	}
	return to.Sub(from).Round(time.Second).String()
}

// A problemView is something that could not be done to an exhibit.
type problemView struct{ Exhibit, Trail, Message string }

func (x *index) problems() []problemView {
	views := make([]problemView, len(x.Problems))
	for i, p := range x.Problems {
		views[i] = problemView{p.Exhibit, x.mask.trail(p.Trail), p.Message}
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
			g.Arms = append(g.Arms, armWords(a, t))
		}
		for run := range x.runs() {
			g.Runs = append(g.Runs, run+1)
		}
		groups = append(groups, g)
	}
	return groups
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
		v := seedView{k, k.Meaning(), planted[k], strings.Join(slices.Clip(list), ", ")}
		if more > 0 {
			v.Names += fmt.Sprintf(" and %d more", more)
		}
		views = append(views, v)
	}
	return views
}

// A ruleView is a judging rule in words.
type ruleView struct{ ID, Refutes, CannotSee string }

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
		views = append(views, ruleView{v.Rule, refutes, cannotSee})
	}
	return views
}
