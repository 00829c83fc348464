package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"telltale/audit"
)

// A timeline shows one arm in one run: what the laboratory did, as numbered
// lines, and below a lane for each recipient with a dot for each request.
type timeline struct {
	ID, Caption, Desc string
	Width, Height     int
	Ticks             []tick
	Lanes             []lane
	Rows              []timelineRow // the same as a table
	End               string
	Bottom            int
}

type tick struct {
	X, Y string
	Text string // number of the step; empty if it stands too near to the one before
}

type lane struct {
	Y, TextY int
	Host     string
	Told     bool
	Dots     []timelineDot
}

type timelineDot struct {
	X     string
	Y     int
	Told  bool
	Title string
}

type timelineRow struct {
	N        string
	Anchor   string
	After    string
	Did      string
	Skipped  said
	Sent     int
	Told     string // what was carried
	Hosts    string
	Exhibits []exhibitMark
	More     int
}

// The measures of a timeline, in units of its view box, and its bounds.
const (
	timeWidth   = 720
	timeLeft    = 216
	timeRight   = 706
	timeTop     = 34
	timeLane    = 22
	maxLanes    = 10
	maxTimeline = 8  // pictures
	maxInStep   = 12 // exhibits that a step names
	maxSteps    = 200
)

// A sending is one request on a timeline.
type sending struct {
	at    time.Time
	id    string
	host  string
	kinds []audit.Finding
	told  bool
}

// timelines draws the arms of each target in the run in which most was told.
func (x *index) timelines() []timeline {
	if len(x.steps) == 0 {
		return nil
	}
	sent := x.sendings()
	var list []timeline
	for _, t := range x.targets {
		run := x.tellingRun(t, sent)
		for _, a := range t.Arms {
			at := audit.Place{Arm: a.Name, Run: run}
			if len(list) < maxTimeline && (len(sent[at]) > 0 || len(x.stepsAt(at)) > 0) {
				list = append(list, x.timeline(fmt.Sprintf("timeline-%d", len(list)+1), t, a, at, sent[at]))
			}
		}
	}
	return list
}

// sendings lists the requests by arm and run, in the order of time. The plan's
// own visits are left out unless they told something.
func (x *index) sendings() map[audit.Place][]sending {
	by := make(map[audit.Place][]sending)
	for _, row := range x.requestRows() {
		e := row.exhibits[0]
		if row.visit || e.Time.IsZero() {
			continue
		}
		p := audit.Place{Arm: e.Arm, Run: e.Run}
		told := slices.ContainsFunc(row.found, func(f audit.Finding) bool { return !hint(f) })
		by[p] = append(by[p], sending{e.Time, e.ID, e.Host, row.found, told})
	}
	for _, list := range by {
		slices.SortStableFunc(list, func(a, b sending) int { return a.at.Compare(b.at) })
	}
	return by
}

func (x *index) tellingRun(t target, sent map[audit.Place][]sending) int {
	best, most := 1, -1
	for run := 1; run <= x.runs(); run++ {
		n := 0
		for _, a := range t.Arms {
			for _, s := range sent[audit.Place{Arm: a.Name, Run: run}] {
				if s.told {
					n++
				}
			}
		}
		if n > most {
			best, most = run, n
		}
	}
	return best
}

func (x *index) stepsAt(p audit.Place) []audit.Event {
	var steps []audit.Event
	for _, e := range x.steps {
		if e.Arm == p.Arm && e.Run == p.Run && len(steps) < maxSteps {
			steps = append(steps, e)
		}
	}
	return steps
}

func (x *index) timeline(id string, t target, a audit.Arm, at audit.Place, sent []sending) timeline {
	steps := x.stepsAt(at)
	from, to := span(steps, sent)
	right := func(when time.Time) float64 {
		return timeLeft + (timeRight-timeLeft)*float64(when.Sub(from))/float64(max(to.Sub(from), 1))
	}
	tl := timeline{
		ID: id, Width: timeWidth, Caption: x.lang.say("timeline.caption", t.Name, x.armWords(a, t), at.Run),
		End: x.lang.say("timeline.end", seconds(to.Sub(from))), Rows: x.timelineRows(id, steps, sent, from),
	}
	last := -100.0
	for i, s := range steps {
		px := right(s.Time)
		mark := tick{X: coordinate(px, timeWidth), Y: "16"}
		if px-last >= 13 {
			mark.Text = strconv.Itoa(i + 1)
			last = px
		}
		tl.Ticks = append(tl.Ticks, mark)
	}
	x.lanes(&tl, sent, from, right)
	told := 0
	for _, s := range sent {
		if s.told {
			told++
		}
	}
	tl.Desc = x.lang.say("timeline.desc", x.lang.say("n.requests", len(sent)), x.lang.say("timeline.end", seconds(to.Sub(from))), told)
	return tl
}

// span is the time that a picture covers.
func span(steps []audit.Event, sent []sending) (from, to time.Time) {
	var all []time.Time
	for _, s := range steps {
		all = append(all, s.Time)
	}
	for _, s := range sent {
		all = append(all, s.at)
	}
	return slices.MinFunc(all, time.Time.Compare), slices.MaxFunc(all, time.Time.Compare)
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) }

// lanes places the recipients, those first that were told something, and a dot
// for each request. Dots that would hide each other are one.
func (x *index) lanes(tl *timeline, sent []sending, from time.Time, right func(time.Time) float64) {
	count, told := make(map[string]int), make(map[string]bool)
	var hosts []string
	for _, s := range sent {
		if count[s.host] == 0 {
			hosts = append(hosts, s.host)
		}
		count[s.host]++
		told[s.host] = told[s.host] || s.told
	}
	slices.SortStableFunc(hosts, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(!told[a]), rank(!told[b])), cmp.Compare(count[b], count[a]))
	})
	row := make(map[string]int)
	for i, h := range hosts {
		row[h] = min(i, maxLanes)
		if i <= maxLanes {
			l := lane{Y: timeTop + i*timeLane + timeLane/2, Host: middle(h, 30), Told: told[h]}
			if i == maxLanes {
				l.Host, l.Told = x.lang.say("timeline.others"), false
			}
			l.TextY = l.Y + 4
			tl.Lanes = append(tl.Lanes, l)
		}
	}
	type place struct {
		lane, x int
		told    bool
	}
	taken := make(map[place]bool)
	for _, s := range sent {
		px := right(s.at)
		p := place{row[s.host], int(px) / 3, s.told}
		if taken[p] {
			continue
		}
		taken[p] = true
		l := &tl.Lanes[p.lane]
		what := x.lang.list(x.kindWords(kindSet(s.kinds)))
		l.Dots = append(l.Dots, timelineDot{
			X: coordinate(px, timeWidth), Y: l.Y, Told: s.told,
			Title: x.lang.say("timeline.dot", s.host, cmp.Or(what, x.lang.say("carried.nothing")), seconds(s.at.Sub(from))),
		})
	}
	tl.Bottom = timeTop + len(tl.Lanes)*timeLane
	tl.Height = tl.Bottom + 22
}

// timelineRows says for each step what was done, and what was sent before the
// next one.
func (x *index) timelineRows(id string, steps []audit.Event, sent []sending, from time.Time) []timelineRow {
	var rows []timelineRow
	next := 0
	take := func(row timelineRow, until time.Time, rest bool) timelineRow {
		var found []audit.Finding
		var hosts []string
		for ; next < len(sent) && (rest || sent[next].at.Before(until)); next++ {
			s := sent[next]
			row.Sent++
			if s.told {
				found = append(found, s.kinds...)
				hosts = include(hosts, s.host)
			}
			if anchor := x.register.anchor(s.id); anchor != "" && len(row.Exhibits) < maxInStep {
				row.Exhibits = append(row.Exhibits, exhibitMark{anchor, s.id})
			} else {
				row.More++
			}
		}
		row.Told, row.Hosts = x.lang.list(x.kindWords(kindSet(found))), x.lang.list(hosts)
		return row
	}
	if len(steps) == 0 {
		return []timelineRow{take(timelineRow{N: "–", Anchor: id + "-0", Did: x.lang.say("timeline.before")}, time.Time{}, true)}
	}
	if before := take(timelineRow{N: "–", Anchor: id + "-0", Did: x.lang.say("timeline.before")}, steps[0].Time, false); before.Sent > 0 {
		rows = append(rows, before)
	}
	for i, s := range steps {
		row := timelineRow{N: strconv.Itoa(i + 1), Anchor: fmt.Sprintf("%s-%d", id, i+1), After: seconds(s.Time.Sub(from)), Did: x.didWords(s)}
		if i > 0 && s.Session > steps[i-1].Session {
			row.Did = x.lang.say("timeline.start", s.Session, row.Did)
		}
		if s.Step.Skipped != "" {
			row.Skipped = x.lang.phrase(s.Step.Skipped)
		}
		last := i == len(steps)-1
		until := time.Time{}
		if !last {
			until = steps[i+1].Time
		}
		rows = append(rows, take(row, until, last))
	}
	return rows
}

// stepTargets names what the plan's steps are done to.
var stepTargets = map[string]string{
	"a news article": "article", "a product of a shop": "product", "a long article, for two seconds": "reading",
	"the address bar": "address-bar", "an account with an e-mail address": "account", "a file": "file",
}

// didWords says what a step did.
func (x *index) didWords(e audit.Event) string {
	to := e.Step.Target
	if key := stepTargets[to]; key != "" {
		to = x.lang.say("target." + key)
	}
	if wait, err := time.ParseDuration(to); err == nil {
		to = x.lang.say("timeline.end", seconds(wait))
	}
	if e.Step.Length > 0 {
		to = x.lang.say("n.bytes", e.Step.Length)
	}
	action := "action." + map[string]string{"sign in": "sign-in"}[e.Step.Action]
	if action == "action." {
		action += e.Step.Action
	}
	return x.lang.known(action, x.lang.say("action.other", e.Step.Action, to), to)
}
