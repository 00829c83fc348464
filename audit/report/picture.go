package report

import (
	"fmt"
	"math"
	"strings"
)

// A picture shows who received what from one target, in which mode: arms on
// the left, recipients on the right, a band where something was sent.
type picture struct {
	ID            string
	Target        target
	Desc          string
	Width, Height int
	Arms          []armMark
	Bands         []band
	Hosts         []hostMark
	More          int  // recipients that are not drawn
	Alone         bool // the software has no specimen in it
	Table         recipientTable
}

// An armMark is the bar of an arm, where its bands begin.
type armMark struct {
	Name, Count       string
	X, Y, W, H        int
	LabelX, LabelY    int
	LabelY2           int
	bands, total, top float64
}

// A band is what went from an arm to a host.
type band struct {
	Path  string
	Width string
	Class string // told, quiet, unread
	Title string
}

// A hostMark is a recipient with its labels.
type hostMark struct {
	X, Y   int
	DotX   int
	Told   bool
	Host   string
	Owner  string
	Title  string
	Lines  []line
	row    int // height
	centre float64
}

type line struct {
	X, Y int
	Text string
	Told bool
}

// The measures of the picture, in units of its view box.
const (
	picWidth  = 720
	picLeft   = 112 // right edge of the arms' bars
	picRight  = 282 // where the bands end
	picLabel  = 298 // where the labels of hosts begin
	picLine   = 17
	picTop    = 8
	picGap    = 14 // between hosts
	widestArm = 40.0
	maxHosts  = 40
	lineRunes = 58 // that fit into a label's line
)

func (x *index) pictures() []picture {
	var ps []picture
	widest := 1.0
	for _, t := range x.targets {
		for _, r := range x.recipients(t) {
			for _, f := range r.Flows {
				widest = max(widest, float64(f.Requests))
			}
		}
	}
	for i, t := range x.targets {
		if rs := x.recipients(t); len(rs) > 0 && len(t.Arms) > 0 {
			ps = append(ps, x.draw(fmt.Sprintf("picture-%d", i+1), t, rs, widest))
		}
	}
	return ps
}

// silent names the targets from which nothing was seen.
func (x *index) silent() []string {
	var names []string
	for _, t := range x.targets {
		if len(x.recipients(t)) == 0 && len(t.Arms) > 0 {
			names = append(names, t.Name)
		}
	}
	return names
}

func (x *index) draw(id string, t target, rs []recipient, widest float64) picture {
	p := picture{ID: id, Target: t, Width: picWidth, Alone: unaltered(t)}
	p.Desc = x.describe(t, rs)
	rs, p.More = first(rs, maxHosts)
	p.Table = x.recipientTable(t, rs)
	y := picTop
	for _, r := range rs {
		h := x.newHostMark(r, t, y)
		p.Hosts = append(p.Hosts, h)
		y += h.row + picGap
	}
	p.Height = max(y, 90)
	x.drawArms(&p, t, rs, widest)
	x.drawBands(&p, rs, t, widest)
	return p
}

// thickness of a band grows with the square root of the requests, so that one
// request can be seen beside a thousand.
func thickness(requests int, widest float64) float64 {
	return 1.5 + 12*math.Sqrt(float64(requests)/widest)
}

func (x *index) newHostMark(r recipient, t target, y int) hostMark {
	h := hostMark{
		X: picLabel, Y: y + 13, DotX: picRight + 6, Told: r.told(),
		Host: middle(r.Party.Host, 44), Owner: x.owner(r.Party),
		Title: r.Party.Host + x.lang.comma + x.owner(r.Party),
	}
	at := h.Y
	for _, l := range x.flowLines(r, t) {
		at += picLine
		h.Lines = append(h.Lines, line{h.X, at, l.Text, l.Told})
	}
	h.row = at - y + 4
	h.centre = float64(y) + 9
	return h
}

// flowLines says under a host what it received. Arms that sent the same share a line.
func (x *index) flowLines(r recipient, t target) []line {
	var lines []line
	var counts []string
	said := make(map[string][]string)
	told := make(map[string]bool)
	var order []string
	for _, f := range r.Flows {
		name := x.armWords(f.Arm, t)
		counts = append(counts, fmt.Sprintf("%s %s", name, thousands(f.Requests)))
		if len(f.Kinds) == 0 && !f.Unread {
			continue
		}
		what := x.carried(f)
		if said[what] == nil {
			order = append(order, what)
		}
		said[what] = append(said[what], name)
		told[what] = f.Told
	}
	lines = append(lines, line{Text: x.lang.say("recipients.requests", x.lang.list(counts))})
	for _, what := range order {
		for _, l := range wrap(strings.Join(said[what], x.lang.and)+": "+what, lineRunes) {
			lines = append(lines, line{Text: l, Told: told[what]})
		}
	}
	return lines
}

// arms places the bars on the left, one under the other over the whole height.
func (x *index) drawArms(p *picture, t target, rs []recipient, widest float64) {
	share := float64(p.Height) / float64(len(t.Arms))
	for i, a := range t.Arms {
		m := armMark{Name: middle(x.armWords(a, t), 16), X: picLeft - 6, W: 6}
		requests := 0
		for _, r := range rs {
			if f := r.Flows[i]; !f.empty() {
				m.bands += thickness(f.Requests, widest)
				requests += f.Requests
			}
		}
		m.Count = x.lang.say("n.requests", requests)
		m.total = min(max(m.bands, widestArm), share-8)
		m.top = share*float64(i) + (share-m.total)/2
		m.Y, m.H = int(m.top), int(math.Ceil(m.total))
		m.LabelX, m.LabelY = picLeft-14, int(m.top+m.total/2)-3
		m.LabelY2 = m.LabelY + picLine
		p.Arms = append(p.Arms, m)
	}
}

// bands draws a curve for each arm and host. At the arm bands lie side by side
// in the order of the hosts, and so they cross no more than they must.
func (x *index) drawBands(p *picture, rs []recipient, t target, widest float64) {
	for i := range p.Arms {
		m := &p.Arms[i]
		scale := 1.0
		if m.bands > m.total {
			scale = m.total / m.bands
		}
		at := m.top + (m.total-m.bands*scale)/2
		for j, r := range rs {
			f := r.Flows[i]
			if f.empty() {
				continue
			}
			w := thickness(f.Requests, widest)
			from, to := at+w*scale/2, p.Hosts[j].centre+spacing(i, len(p.Arms))
			at += w * scale
			p.Bands = append(p.Bands, x.newBand(f, r, x.armWords(f.Arm, t), curve{from, to, w}))
		}
	}
}

// spacing sets the ends of the arms' bands apart at a host.
func spacing(i, n int) float64 { return (float64(i) - float64(n-1)/2) * 7 }

type curve struct{ from, to, width float64 }

func (x *index) newBand(f flow, r recipient, arm string, c curve) band {
	const middle = (picLeft + picRight) / 2
	b := band{
		Path:  fmt.Sprintf("M%d %.1fC%d %.1f %d %.1f %d %.1f", picLeft, c.from, middle, c.from, middle, c.to, picRight, c.to),
		Width: fmt.Sprintf("%.1f", c.width),
		Class: "quiet",
		Title: x.lang.say("recipients.band", arm, r.Party.Host, x.lang.say("n.requests", f.Requests), x.carried(f)),
	}
	switch {
	case f.Told:
		b.Class = "told"
	case f.Unread:
		b.Class = "unread"
	}
	return b
}

// describe says in words what a picture shows, for those who cannot see it.
func (x *index) describe(t target, rs []recipient) string {
	var b strings.Builder
	for _, r := range rs {
		fmt.Fprintf(&b, "%s (%s): ", r.Party.Host, x.owner(r.Party))
		for i, f := range r.Flows {
			if i > 0 {
				b.WriteString("; ")
			}
			b.WriteString(x.lang.say("recipients.flow", x.armWords(f.Arm, t), x.lang.say("n.requests", f.Requests), x.carried(f)))
		}
		b.WriteString(". ")
	}
	return strings.TrimSpace(b.String())
}

// middle shortens a long name in its middle, so that both ends can be read.
func middle(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	head := (n - 1) / 2
	return string(r[:head]) + "…" + string(r[len(r)-(n-1-head):])
}

// wrap breaks text into lines of at most n characters, between words where it can.
func wrap(s string, n int) []string {
	var lines []string
	var cur []rune
	for word := range strings.FieldsSeq(s) {
		w := []rune(word)
		if len(cur) > 0 && len(cur)+1+len(w) > n {
			lines, cur = append(lines, string(cur)), nil
		}
		if len(cur) > 0 {
			cur = append(cur, ' ')
		}
		cur = append(cur, w...)
		for len(cur) > n {
			lines, cur = append(lines, string(cur[:n])), cur[n:]
		}
	}
	if len(cur) > 0 {
		lines = append(lines, string(cur))
	}
	return lines
}
