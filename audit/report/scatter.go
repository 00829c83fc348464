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
	Caption, Says string
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
		ID: id, Width: scatterWidth, Height: scatterHeight, X0: scatterLeft, Y0: scatterBottom, X1: scatterRight, Says: f.Says,
		Caption: fmt.Sprintf("Finding %s, %s: sent to %s, arm %s", f.ID, f.Confidence, x.recipient(e.Host), e.Arm),
	}
	shown, more := first(f.Slope.Visits, maxVisits)
	s.More = more
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
			X: place(right(float64(v.Length))), Y: place(up(float64(v.Bytes))),
			Title: fmt.Sprintf("run %d: address of %s, %s sent", v.Run, count(v.Length, "byte", "bytes"), count(v.Bytes, "byte", "bytes")),
		})
	}
	end := f.Slope.Base + f.Slope.Estimate*float64(longest)
	s.Axes = fmt.Sprintf("M%d %dL%d %dL%d %d", scatterLeft, scatterTop, scatterLeft, scatterBottom, scatterRight, scatterBottom)
	s.Line = fmt.Sprintf("M%s %sL%s %s", place(right(0)), place(up(f.Slope.Base)), place(right(float64(longest))), place(up(end)))
	s.Right = "address of " + count(longest, "byte", "bytes")
	s.Top = count(most, "byte", "bytes") + " sent during the visit"
	s.Desc = fmt.Sprintf("%s. A dot for each of %s; the line rises by %.2f bytes for each byte of the address.",
		s.Caption, count(len(f.Slope.Visits), "visit", "visits"), f.Slope.Estimate)
	return s
}

// place writes a coordinate. A number that no picture can show, out of a
// damaged case, stands at the edge.
func place(at float64) string {
	if math.IsNaN(at) {
		at = 0
	}
	return fmt.Sprintf("%.1f", min(max(at, 0), scatterWidth))
}
