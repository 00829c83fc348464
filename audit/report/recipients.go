package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"telltale/audit"
	"telltale/personal"
)

// A flow is what went from one arm to one host.
type flow struct {
	Arm      audit.Arm
	Requests int
	Kinds    []personal.Kind // what of it was personal
	Told     bool            // by more than a hint
	Unread   bool            // something to this host could not be read
	findings []audit.Finding
	events   map[string]bool
}

// empty reports whether nothing is known to have been sent.
func (f flow) empty() bool { return f.Requests == 0 && len(f.Kinds) == 0 && !f.Unread }

// A recipient is a host with what each arm sent to it.
type recipient struct {
	Party   audit.Party
	Flows   []flow // one for each arm of the target, in its order
	Methods []string
	Parts   []string
	total   int
}

// told reports whether the recipient got anything personal.
func (r recipient) told() bool {
	return slices.ContainsFunc(r.Flows, func(f flow) bool { return f.Told })
}

// hint reports whether a finding stands on a name or a form alone: not enough
// to say that anything was told.
func hint(f audit.Finding) bool { return f.Confidence == audit.Hint }

// recipients lists who received something from a target, those first that
// received personal data. What the plan's own sites received is left out
// unless it gave something away: they are visited, and know it.
func (x *index) recipients(t target) []recipient {
	byHost := make(map[string]*recipient)
	get := func(host string) *recipient {
		r := byHost[host]
		if r == nil {
			r = &recipient{Party: x.party(host), Flows: make([]flow, len(t.Arms))}
			for i, a := range t.Arms {
				r.Flows[i] = flow{Arm: a, events: make(map[string]bool)}
			}
			byHost[host] = r
		}
		return r
	}
	for _, e := range x.Exhibits {
		i := slices.IndexFunc(t.Arms, func(a audit.Arm) bool { return a.Name == e.Arm })
		if i < 0 || e.Stage && len(x.of[e.ID]) == 0 {
			continue
		}
		x.receive(get(e.Host), e, i)
	}
	for _, c := range x.Coverage {
		i := slices.IndexFunc(t.Arms, func(a audit.Arm) bool { return a.Name == c.Arm })
		for _, host := range c.Unread {
			if i >= 0 {
				get(host).Flows[i].Unread = true
			}
		}
	}
	rs := make([]recipient, 0, len(byHost))
	for _, host := range slices.Sorted(maps.Keys(byHost)) {
		rs = append(rs, byHost[host].finished())
	}
	slices.SortStableFunc(rs, func(a, b recipient) int {
		return cmp.Or(cmp.Compare(rank(!a.told()), rank(!b.told())), cmp.Compare(b.total, a.total))
	})
	return rs
}

// receive counts an exhibit of arm i, and its findings for the arm in which
// they happened.
func (x *index) receive(r *recipient, e audit.Exhibit, i int) {
	event := e.ID
	if e.Event > 0 {
		event = fmt.Sprint(e.Event) // the parts of one request are one request
	}
	r.Flows[i].events[event] = true
	r.Methods = include(r.Methods, e.Method)
	r.Parts = include(r.Parts, partWord(e.Part))
	for _, f := range x.of[e.ID] {
		j := slices.IndexFunc(r.Flows, func(f2 flow) bool { return f2.Arm.Name == x.armOf(f).Name })
		if j < 0 {
			j = i
		}
		r.Flows[j].findings = append(r.Flows[j].findings, f)
	}
}

func (r *recipient) finished() recipient {
	for i := range r.Flows {
		f := &r.Flows[i]
		f.Requests, f.Kinds = len(f.events), kindSet(f.findings)
		f.Told = slices.ContainsFunc(f.findings, func(f audit.Finding) bool { return !hint(f) })
		r.total += f.Requests
	}
	return *r
}

// include adds a word to a sorted list that has each word once.
func include(words []string, w string) []string {
	i, found := slices.BinarySearch(words, w)
	if found || w == "" {
		return words
	}
	return slices.Insert(words, i, w)
}

func (x *index) party(host string) audit.Party {
	if p, ok := x.parties[host]; ok {
		return p
	}
	return audit.Party{Host: host}
}

// owner says whose a host is. Where it is, is another matter.
func owner(p audit.Party) string {
	if p.Organisation == "" {
		return "owner not known"
	}
	return p.Organisation
}

// carried says what a flow carried, never more than was seen.
func carried(f flow) string {
	var words []string
	if f.Told {
		words = append(words, strings.Join(kindList(f.Kinds), ", "))
	} else if len(f.Kinds) > 0 {
		words = append(words, "nothing planted was found; by form alone: "+strings.Join(kindList(f.Kinds), ", "))
	}
	if f.Unread {
		words = append(words, "something that could not be read")
	}
	switch {
	case len(words) > 0:
		return strings.Join(words, "; ")
	case f.Requests == 0:
		return "nothing was sent"
	default:
		return "nothing planted was found"
	}
}

// A native is what software sends that has no specimen in it.
type native struct {
	Target target
	Arms   []string
	Hosts  []recipient
}

// natives describes the requests of the software alone: of the control, or of
// the subject if nothing was loaded into it.
func (x *index) natives() []native {
	var ns []native
	for _, t := range x.targets {
		if slices.ContainsFunc(t.Arms, func(a audit.Arm) bool { return a.Specimen != "" }) || len(t.Arms) == 0 {
			continue
		}
		n := native{Target: t, Hosts: x.recipients(t)}
		for _, a := range t.Arms {
			n.Arms = append(n.Arms, armWords(a, t))
		}
		ns = append(ns, n)
	}
	return ns
}

// An identifier is a value by which a person, a device or an installation can
// be known again, and where it stood.
type identifier struct {
	Label, Kind, Hosts string
	Cells              []cell // for each arm, for each run
	Arms               int    // in which it stood
}

type cell struct {
	Arm  string
	Run  int
	Here bool
	Last bool // of its arm
}

// identifiers lists the identifiers by label, in the order of first sight. What
// ends with the program is left out, and counted.
func (x *index) identifiers() (ids []identifier, sessions int) {
	var labels []string
	by := make(map[string][]audit.Finding)
	for _, f := range x.Findings {
		if f.Label == "" {
			continue
		}
		if by[f.Label] == nil {
			labels = append(labels, f.Label)
		}
		by[f.Label] = append(by[f.Label], f)
	}
	for _, l := range labels {
		if !slices.ContainsFunc(by[l], func(f audit.Finding) bool { return !hint(f) }) {
			sessions++
			continue
		}
		ids = append(ids, x.identifier(l, by[l]))
	}
	slices.SortStableFunc(ids, func(a, b identifier) int { return cmp.Compare(b.Arms, a.Arms) })
	return ids, sessions
}

func (x *index) identifier(label string, fs []audit.Finding) identifier {
	id := identifier{Label: label, Kind: strings.Join(kindList(kindSet(fs)), ", ")}
	at := make(map[audit.Place]bool)
	var hosts []string
	for _, f := range fs {
		e := x.exhibits[f.Exhibit]
		at[audit.Place{Arm: e.Arm, Run: e.Run}] = true
		hosts = include(hosts, e.Host)
	}
	id.Hosts = strings.Join(hosts, ", ")
	runs := x.runs()
	for _, t := range x.targets {
		for _, a := range t.Arms {
			stood := false
			for run := 1; run <= runs; run++ {
				here := at[audit.Place{Arm: a.Name, Run: run}]
				stood = stood || here
				id.Cells = append(id.Cells, cell{a.Name, run, here, run == runs})
			}
			if stood {
				id.Arms++
			}
		}
	}
	return id
}
