package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"telltale/audit"
)

// A register lists the requests of a case by arm and recipient, and the
// exhibits behind each number of the report, so that every number can be
// counted again. Requests in which something was found are listed first in
// line: what is too much is left out of the others.
type register struct {
	Arms        []*armList
	Cites       []citeList // what each verdict rests on
	Unread      []citeList // what could not be decoded, by arm
	Identifiers []citeList // where each identifier stood
	byArm       map[string]*armList
	byVerdict   map[[2]string]number
	byCell      map[cellKey]number
	byUnread    map[string]string
	anchors     map[string]string // of exhibits that are listed
	links       int               // that may still be made
}

// Bounds of the register: some five megabytes at the most.
const (
	maxRequests = 11_000
	maxLinks    = 50_000
	maxKinds    = 6 // that are named behind a request
)

// A number is a figure of the report, and where the exhibits stand that it
// counts.
type number struct {
	Text string
	Href string // anchor; empty if nothing is listed
}

// An armList lists what was sent in one arm.
type armList struct {
	Anchor, Name, Where string
	Count               int
	Hosts               []*hostList
	Visits              *hostList // of the plan itself
	byHost              map[string]*hostList
}

// A hostList lists what one host received from one arm.
type hostList struct {
	Anchor, Host, Owner string
	Requests            []*requestRow // those that are listed
	Count               int           // of all
}

// More is the number of requests that are not listed.
func (h hostList) More() int { return h.Count - len(h.Requests) }

// A requestRow is one request, message or tunnel with its exhibits.
type requestRow struct {
	Exhibits []exhibitMark
	Time     string
	Where    string // run and start
	Method   string
	Host     string // of a visit, whose list has several
	Parts    string
	Carries  string // what was found in it
	Told     bool   // by more than a hint
	found    []audit.Finding
	exhibits []audit.Exhibit
	visit    bool
}

type exhibitMark struct{ Anchor, ID string }

// A citeList links to the exhibits that one number counts.
type citeList struct {
	Anchor, Title string
	Exhibits      []exhibitMark
	More          int
}

// cellKey names a cell of the grid of identifiers.
type cellKey struct {
	label string
	at    audit.Place
}

func newRegister(x *index) *register {
	r := &register{
		byArm: make(map[string]*armList), byVerdict: make(map[[2]string]number), byCell: make(map[cellKey]number),
		byUnread: make(map[string]string), anchors: make(map[string]string), links: maxLinks,
	}
	for _, t := range x.targets {
		for _, a := range t.Arms {
			r.add(a, t, x)
		}
	}
	rows := x.requestRows()
	r.place(x, rows)
	r.citeVerdicts(x)
	r.citeIdentifiers(x)
	r.citeUnread(x)
	return r
}

func (r *register) add(a audit.Arm, t target, x *index) {
	l := &armList{Anchor: fmt.Sprintf("a%d", len(r.Arms)+1), Name: a.Name, Where: t.Name, byHost: make(map[string]*hostList)}
	if a.Mode != "" {
		l.Where += x.lang.comma + x.armWords(a, t)
	}
	r.Arms = append(r.Arms, l)
	r.byArm[a.Name] = l
}

// requestRows puts the exhibits of one request together, in the order of the log.
func (x *index) requestRows() []*requestRow {
	var rows []*requestRow
	byEvent := make(map[int]*requestRow)
	for _, e := range x.Exhibits {
		row := byEvent[e.Event]
		if e.Event == 0 || row == nil {
			row = &requestRow{visit: e.Stage}
			rows = append(rows, row)
			byEvent[e.Event] = row
		}
		row.exhibits = append(row.exhibits, e)
		row.found = append(row.found, x.of[e.ID]...)
		row.visit = row.visit && len(row.found) == 0
	}
	return rows
}

// place counts all requests in their lists, and lists as many as there is room
// for: what told something before what did not.
func (r *register) place(x *index, rows []*requestRow) {
	room := maxRequests
	for _, row := range rows {
		if len(row.found) > 0 {
			room--
		}
	}
	listed := maxRequests
	for _, row := range rows {
		h := r.hostOf(x, row)
		h.Count++
		r.byArm[row.exhibits[0].Arm].Count++
		if len(row.found) == 0 {
			room--
		}
		if listed == 0 || len(row.found) == 0 && room < 0 {
			continue
		}
		listed--
		x.describeRow(row)
		for i, e := range row.exhibits {
			m := exhibitMark{fmt.Sprintf("e%d", x.order[e.ID]+1), e.ID}
			if _, twice := r.anchors[e.ID]; !twice {
				r.anchors[e.ID] = m.Anchor
				row.Exhibits = append(row.Exhibits, m)
			}
			row.exhibits[i] = audit.Exhibit{} // no more needed
		}
		h.Requests = append(h.Requests, row)
	}
}

// hostOf returns the list that a request belongs to.
func (r *register) hostOf(x *index, row *requestRow) *hostList {
	e := row.exhibits[0]
	arm := r.byArm[e.Arm]
	if row.visit {
		if arm.Visits == nil {
			arm.Visits = &hostList{Anchor: arm.Anchor + "v", Host: x.lang.say("exhibits.visited")}
		}
		return arm.Visits
	}
	h := arm.byHost[e.Host]
	if h == nil {
		h = &hostList{Anchor: fmt.Sprintf("%sh%d", arm.Anchor, len(arm.Hosts)+1), Host: e.Host, Owner: x.owner(x.party(e.Host))}
		arm.Hosts = append(arm.Hosts, h)
		arm.byHost[e.Host] = h
	}
	return h
}

func (x *index) describeRow(row *requestRow) {
	e := row.exhibits[0]
	row.Time, row.Method = e.Time.UTC().Format(time.TimeOnly), e.Method
	if e.Time.IsZero() {
		row.Time = ""
	}
	row.Where = fmt.Sprintf("%d", e.Run)
	if e.Session > 0 {
		row.Where = fmt.Sprintf("%d.%d", e.Run, e.Session)
	}
	if row.visit {
		row.Host = e.Host
	}
	parts := make([]string, len(row.exhibits))
	for i, e := range row.exhibits {
		parts[i] = x.partWord(e.Part) + " " + thousands(e.Size)
	}
	row.Parts = strings.Join(parts, " + ")
	kinds, more := first(x.kindWords(kindSet(row.found)), maxKinds)
	row.Carries = x.lang.list(kinds)
	if more > 0 {
		row.Carries += " " + x.lang.say("more.names", more)
	}
	row.Told = slices.ContainsFunc(row.found, func(f audit.Finding) bool { return !hint(f) })
	row.found = nil
}

// cite links to exhibits, as far as they are listed and links may be made.
func (r *register) cite(anchor, title string, exhibits []audit.Exhibit) citeList {
	c := citeList{Anchor: anchor, Title: title}
	for _, e := range exhibits {
		at, ok := r.anchors[e.ID]
		if !ok || r.links == 0 {
			c.More++
			continue
		}
		r.links--
		c.Exhibits = append(c.Exhibits, exhibitMark{at, e.ID})
	}
	return c
}

func (r *register) citeVerdicts(x *index) {
	for _, v := range x.rulings() {
		exhibits := x.citedExhibits(v.Verdict)
		if len(exhibits) == 0 {
			continue
		}
		c := r.cite(fmt.Sprintf("c%d", len(r.Cites)+1), x.lang.say("exhibits.cite", v.Assertion, v.Target.Name), exhibits)
		r.Cites = append(r.Cites, c)
		r.byVerdict[[2]string{v.Assertion, v.Target.Name}] = number{x.lang.say("n.exhibits", len(exhibits)), c.Anchor}
	}
}

// citeIdentifiers lists the exhibits of each cell of the grid of identifiers.
func (r *register) citeIdentifiers(x *index) {
	for i, id := range x.labels() {
		if i == maxIdentifiers {
			return
		}
		at := make(map[audit.Place][]audit.Exhibit)
		var places []audit.Place
		for _, e := range x.exhibitsOf(id.findings) {
			p := audit.Place{Arm: e.Arm, Run: e.Run}
			if at[p] == nil {
				places = append(places, p)
			}
			at[p] = append(at[p], e)
		}
		for j, p := range places {
			c := r.cite(fmt.Sprintf("i%dp%d", i+1, j+1), x.lang.say("exhibits.cite", id.label, x.lang.say("place", p.Arm, p.Run)), at[p])
			r.Identifiers = append(r.Identifiers, c)
			r.byCell[cellKey{id.label, p}] = number{thousands(len(at[p])), c.Anchor}
		}
	}
}

// exhibitsOf returns the exhibits of findings, each once, in the order of the log.
func (x *index) exhibitsOf(fs []audit.Finding) []audit.Exhibit {
	seen := make(map[string]bool)
	var list []audit.Exhibit
	for _, f := range fs {
		if e, ok := x.exhibits[f.Exhibit]; ok && !seen[e.ID] {
			seen[e.ID] = true
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b audit.Exhibit) int { return x.order[a.ID] - x.order[b.ID] })
	return list
}

// citeUnread lists by arm the exhibits that could not be read, or not to their end.
func (r *register) citeUnread(x *index) {
	unread := make(map[string]bool)
	for _, v := range x.Sealed {
		unread[v.Exhibit] = true
	}
	for _, p := range x.Problems {
		unread[p.Exhibit] = true
	}
	byArm := make(map[string][]audit.Exhibit)
	for _, e := range x.Exhibits {
		if (unread[e.ID] || e.Cut) && !e.Stage {
			byArm[e.Arm] = append(byArm[e.Arm], e)
		}
	}
	for _, l := range r.Arms {
		if exhibits := byArm[l.Name]; len(exhibits) > 0 {
			c := r.cite(l.Anchor+"u", x.lang.say("exhibits.cite", l.Name, x.lang.say("exhibits.unread")), exhibits)
			r.Unread = append(r.Unread, c)
			r.byUnread[l.Name] = c.Anchor
		}
	}
}

// anchor returns where an exhibit is listed, "" if it is not.
func (r *register) anchor(id string) string { return r.anchors[id] }

// arm returns where the requests of an arm are listed.
func (r *register) arm(name string) string {
	if l := r.byArm[name]; l != nil && l.Count > 0 {
		return l.Anchor
	}
	return ""
}

// visits returns where the plan's own visits of an arm are listed.
func (r *register) visits(name string) string {
	if l := r.byArm[name]; l != nil && l.Visits != nil {
		return l.Visits.Anchor
	}
	return ""
}

func (r *register) unread(name string) string { return r.byUnread[name] }

// host returns where the requests of an arm to a host are listed.
func (r *register) host(arm, host string) string {
	if l := r.byArm[arm]; l != nil && l.byHost[host] != nil {
		return l.byHost[host].Anchor
	}
	return ""
}
