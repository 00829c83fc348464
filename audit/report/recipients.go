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
	rs, ok := x.received[t.Name]
	if !ok {
		rs = x.makeRecipients(t)
		x.received[t.Name] = rs
	}
	return rs
}

func (x *index) makeRecipients(t target) []recipient {
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
	number := make(map[string]int, len(t.Arms))
	for i, a := range t.Arms {
		number[a.Name] = i
	}
	for _, e := range x.Exhibits {
		if i, ok := number[e.Arm]; ok && (!e.Stage || len(x.of[e.ID]) > 0) {
			x.receive(get(e.Host), e, i)
		}
	}
	for _, c := range x.Coverage {
		for _, host := range c.Unread {
			if i, ok := number[c.Arm]; ok {
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
	r.Parts = include(r.Parts, x.partWord(e.Part))
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
func (x *index) owner(p audit.Party) string {
	if p.Organisation == "" {
		return x.lang.say("owner.unknown")
	}
	return p.Organisation
}

// carried says what a flow carried, never more than was seen.
func (x *index) carried(f flow) string {
	var words []string
	if f.Told {
		words = append(words, x.lang.list(x.kindWords(f.Kinds)))
	} else if len(f.Kinds) > 0 {
		words = append(words, x.lang.say("carried.hints", x.lang.list(x.kindWords(f.Kinds))))
	}
	if f.Unread {
		words = append(words, x.lang.say("carried.unread"))
	}
	switch {
	case len(words) > 0:
		return strings.Join(words, "; ")
	case f.Requests == 0:
		return x.lang.say("carried.unsent")
	default:
		return x.lang.say("carried.nothing")
	}
}
