package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"telltale/audit"
)

// An identifier is a value by which a person, a device or an installation can
// be known again, and where it stood.
type identifier struct {
	Label, Kind, Hosts string
	Cells              []cell // for each arm, for each run
	Arms               int    // in which it stood
}

type cell struct {
	Arm   string
	Run   int
	Here  bool
	Last  bool   // of its arm
	Count number // exhibits in which it stood
}

// A labelled is an identifier with its findings.
type labelled struct {
	label    string
	findings []audit.Finding
	arms     int
}

// labels lists the identifiers, those first that stood in most arms, then in
// the order of first sight. What ends with the program is left out.
func (x *index) labels() []labelled {
	var list []labelled
	at := make(map[string]int)
	for _, f := range x.Findings {
		if f.Label == "" {
			continue
		}
		i, ok := at[f.Label]
		if !ok {
			i = len(list)
			at[f.Label] = i
			list = append(list, labelled{label: f.Label})
		}
		list[i].findings = append(list[i].findings, f)
	}
	list = slices.DeleteFunc(list, func(l labelled) bool {
		return !slices.ContainsFunc(l.findings, func(f audit.Finding) bool { return !hint(f) })
	})
	for i := range list {
		arms := make(map[string]bool)
		for _, f := range list[i].findings {
			arms[x.exhibits[f.Exhibit].Arm] = true
		}
		list[i].arms = len(arms)
	}
	slices.SortStableFunc(list, func(a, b labelled) int { return cmp.Compare(b.arms, a.arms) })
	return list
}

// identifiers lists the first of the identifiers, and counts the rest and those
// that end with the program.
func (x *index) identifiers() (list []identifier, more, sessions int) {
	all := make(map[string]bool)
	for _, f := range x.Findings {
		if f.Label != "" {
			all[f.Label] = true
		}
	}
	labels := x.labels()
	sessions = len(all) - len(labels)
	labels, more = first(labels, maxIdentifiers)
	for _, l := range labels {
		list = append(list, x.identifier(l))
	}
	return list, more, sessions
}

func (x *index) identifier(l labelled) identifier {
	id := identifier{Label: l.label, Kind: x.lang.list(x.kindWords(kindSet(l.findings))), Arms: l.arms}
	var hosts []string
	for _, f := range l.findings {
		hosts = include(hosts, x.exhibits[f.Exhibit].Host)
	}
	id.Hosts = strings.Join(hosts, ", ")
	runs := x.runs()
	for _, t := range x.targets {
		for _, a := range t.Arms {
			for run := 1; run <= runs; run++ {
				n, here := x.register.byCell[cellKey{l.label, audit.Place{Arm: a.Name, Run: run}}]
				id.Cells = append(id.Cells, cell{a.Name, run, here, run == runs, n})
			}
		}
	}
	return id
}

// A grid shows the identifiers as rows, and the runs of each arm as columns: a
// filled square where a value stood, and a line between the squares of a row.
type grid struct {
	Width, Height int
	KindX         int // where the kinds begin
	Desc          string
	Heads         []gridHead
	Rows          []gridRow
}

// A gridHead names a target, an arm or a run above its columns.
type gridHead struct {
	X, Y  int
	Text  string
	Class string
}

type gridRow struct {
	Y, TextY int
	Label    string
	Kind     string
	X1, X2   int // of the line; the same if nothing is joined
	Squares  []gridSquare
}

type gridSquare struct {
	X, Y  int
	Here  bool
	Title string
}

// The measures of the grid, in units of its view box.
const (
	gridKinds  = 190 // room for the kinds, between labels and columns
	gridColumn = 22
	gridGap    = 14 // between arms
	gridTop    = 58
	gridLine   = 26
	gridSide   = 14
	maxColumns = 60
	maxLabel   = 24 // characters
)

// grid draws the identifiers; nil if there are none, or more columns than can
// be seen: the table has them all.
func (x *index) grid(list []identifier) *grid {
	if len(list) == 0 || len(list[0].Cells) == 0 || len(list[0].Cells) > maxColumns {
		return nil
	}
	g := &grid{Height: gridTop + len(list)*gridLine + 6}
	for _, id := range list {
		g.KindX = max(g.KindX, textWidth(middle(id.Label, maxLabel))+10)
	}
	columns := g.columns(x)
	var desc []string
	for i, id := range list {
		row := gridRow{Y: gridTop + i*gridLine, Label: middle(id.Label, maxLabel), Kind: middle(id.Kind, 26)}
		row.TextY = row.Y + gridSide - 2
		var where []string
		for j, c := range id.Cells {
			s := gridSquare{X: columns[j], Y: row.Y, Here: c.Here}
			s.Title = x.lang.say("identifiers.cell", id.Label, c.Arm, c.Run, cmp.Or(c.Count.Text, "0"))
			row.Squares = append(row.Squares, s)
			if c.Here {
				if row.X1 == 0 {
					row.X1 = s.X + gridSide/2
				}
				row.X2 = s.X + gridSide/2
				where = append(where, x.lang.say("place", c.Arm, c.Run))
			}
		}
		g.Rows = append(g.Rows, row)
		desc = append(desc, x.lang.say("identifiers.desc", id.Label, id.Kind, x.lang.list(where)))
	}
	g.Desc = strings.Join(desc, x.lang.stop)
	return g
}

// columns places the runs of all arms from left to right, with their heads,
// and returns where each begins.
func (g *grid) columns(x *index) []int {
	var at []int
	right := g.KindX + gridKinds
	for _, t := range x.targets {
		if len(t.Arms) == 0 {
			continue
		}
		start := right
		g.Heads = append(g.Heads, gridHead{start, 14, t.Name, "name"})
		for _, a := range t.Arms {
			words, from := x.armWords(a, t), right
			g.Heads = append(g.Heads, gridHead{from, 32, words, ""})
			for run := range x.runs() {
				g.Heads = append(g.Heads, gridHead{right + 3, 49, fmt.Sprint(run + 1), "small"})
				at = append(at, right)
				right += gridColumn
			}
			right = max(right, from+textWidth(words)) + gridGap
		}
		right = max(right, start+textWidth(t.Name)+gridGap)
	}
	g.Width = right
	return at
}

// textWidth is about how wide a text is, in units of the view box: Chinese
// characters are twice as wide as Latin letters.
func textWidth(s string) int {
	width := 0
	for _, r := range s {
		width += 8
		if r > 0x2e7f {
			width += 5
		}
	}
	return width
}
