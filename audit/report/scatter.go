package report

import (
	"fmt"
	"math"

	"telltale/audit"
)

// A scatter shows one finding of the length probe: a dot for each visit, the
// length of the address to the right and what was sent upwards, and the line
// through the dots.
type scatter struct {
	ID            string
	Finding       string
	Caption       string
	Says          said
	Visits        []audit.Pair // the same in numbers
	Desc          string
	Width, Height int
	Axes, Line    string // paths
	Dots          []dot
	Right, Top    string // what the ends of the axes stand for
	More          int    // visits that are not drawn
	X0, Y0, X1    int    // corners, for the labels
}

type dot struct{ X, Y, Title string }

// The measures of a scatter, in units of its view box.
const (
	scatterWidth  = 480
	scatterHeight = 260
	scatterLeft   = 20
	scatterRight  = scatterWidth - 20
	scatterTop    = 30
	scatterBottom = scatterHeight - 30
	maxVisits     = 400
	maxScatters   = 24
)

// scatters lists the findings of the length probe in the order of the findings.
func (x *index) scatters() []scatter {
	var all []scatter
	for _, f := range x.Findings {
		if f.Slope != nil {
			all = append(all, x.scatter(fmt.Sprintf("length-%d", len(all)+1), f))
		}
	}
	return all
}

func (x *index) scatter(id string, f audit.Finding) scatter {
	e := x.exhibits[f.Exhibit]
	s := scatter{
		ID: id, Width: scatterWidth, Height: scatterHeight, X0: scatterLeft, Y0: scatterBottom, X1: scatterRight, Says: x.lang.phrase(capital(f.Says)),
		Caption: x.lang.say("lengths.caption", f.ID, x.lang.known("confidence."+string(f.Confidence), string(f.Confidence)), x.recipient(e.Host), e.Arm),
	}
	shown, more := first(f.Slope.Visits, maxVisits)
	s.More, s.Visits, s.Finding = more, shown, f.ID
	longest, most := 1, int64(1)
	for _, v := range shown {
		longest, most = max(longest, v.Length), max(most, v.Bytes)
	}
	right := func(length float64) float64 {
		return scatterLeft + (scatterRight-scatterLeft)*length/float64(longest)
	}
	up := func(bytes float64) float64 {
		return scatterBottom - (scatterBottom-scatterTop)*bytes/float64(most)
	}
	for _, v := range shown {
		s.Dots = append(s.Dots, dot{
			X: coordinate(right(float64(v.Length)), scatterWidth), Y: coordinate(up(float64(v.Bytes)), scatterWidth),
			Title: x.lang.say("lengths.dot", v.Run, x.lang.say("n.bytes", v.Length), x.lang.say("n.bytes", v.Bytes)),
		})
	}
	end := f.Slope.Base + f.Slope.Estimate*float64(longest)
	s.Axes = fmt.Sprintf("M%d %dL%d %dL%d %d", scatterLeft, scatterTop, scatterLeft, scatterBottom, scatterRight, scatterBottom)
	s.Line = fmt.Sprintf("M%s %sL%s %s", coordinate(right(0), scatterWidth), coordinate(up(f.Slope.Base), scatterWidth), coordinate(right(float64(longest)), scatterWidth), coordinate(up(end), scatterWidth))
	s.Right = x.lang.say("lengths.right", x.lang.say("n.bytes", longest))
	s.Top = x.lang.say("lengths.top", x.lang.say("n.bytes", most))
	s.Desc = x.lang.say("lengths.desc", s.Caption, x.lang.say("n.visits", len(f.Slope.Visits)), fmt.Sprintf("%.2f", f.Slope.Estimate))
	return s
}

// coordinate writes one of a picture of a width. A number that no picture can
// show, out of a damaged case, stands at the edge.
func coordinate(at, width float64) string {
	if math.IsNaN(at) {
		at = 0
	}
	return fmt.Sprintf("%.1f", min(max(at, 0), width))
}
