package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"slices"
	"strings"

	"telltale/anonymity"
)

// Sizes of pictures, in units of the drawing.
const (
	width, height = 720.0, 320.0
	left, right   = 60.0, 190.0
	above, below  = 14.0, 46.0
)

// A pen writes SVG elements. All text goes through it and is escaped.
type pen struct{ b strings.Builder }

func (p *pen) write(format string, args ...any) { fmt.Fprintf(&p.b, format, args...) }

func (p *pen) open(w, h float64, title string) {
	p.write(`<svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, w, h, html.EscapeString(clean(title)))
}

func (p *pen) text(x, y float64, class, s string) {
	p.write(`<text x="%.1f" y="%.1f" class="%s">%s</text>`, x, y, class, html.EscapeString(clean(s)))
}

func (p *pen) line(x1, y1, x2, y2 float64, class string) {
	p.write(`<path d="M%.1f %.1fL%.1f %.1f" class="%s"/>`, x1, y1, x2, y2, class)
}

func (p *pen) end() template.HTML {
	p.write("</svg>")
	return template.HTML(p.b.String()) //nolint:gosec // what came from outside is escaped in text and open
}

// frame draws the axes of a picture whose vertical axis goes from 0 to 100 %.
func (p *pen) frame(axes [2]string) {
	bottom := height - below
	for _, share := range []float64{0, 0.25, 0.5, 0.75, 1} {
		y := bottom - share*(bottom-above)
		p.line(left, y, width-right, y, "grid")
		p.text(left-8, y+4, "end small", fmt.Sprintf("%.0f %%", 100*share))
	}
	p.text((left+width-right)/2, height-6, "middle", axes[0])
}

// drawCurves draws shares over whole numbers, with their intervals as bands.
// Each curve has its own dashes and its name at its end: the picture can be
// printed without colour.
func drawCurves(pic anonymity.Picture) template.HTML {
	p := &pen{}
	p.open(width, height, pic.Title)
	p.frame(pic.Axes)
	most := 1
	for _, c := range pic.Curves {
		for _, x := range c.X {
			most = max(most, x)
		}
	}
	bottom := height - below
	at := func(x int, share float64) (float64, float64) {
		return left + float64(x-1)/math.Max(1, float64(most-1))*(width-left-right), bottom - share*(bottom-above)
	}
	for x := 1; x <= most; x++ {
		px, _ := at(x, 0)
		p.text(px, bottom+18, "middle small", fmt.Sprint(x))
	}
	ends := spread(pic.Curves, func(share float64) float64 { _, y := at(1, share); return y })
	for i, c := range pic.Curves {
		if len(c.X) == 0 {
			continue
		}
		var line, band strings.Builder
		for j, x := range c.X {
			px, py := at(x, c.Points[j].Share)
			_, low := at(x, c.Points[j].Low)
			fmt.Fprintf(&line, "%c%.1f %.1f", "LM"[b2i(j == 0)], px, py)
			fmt.Fprintf(&band, "%c%.1f %.1f", "LM"[b2i(j == 0)], px, low)
		}
		for j, x := range slices.Backward(c.X) {
			px, high := at(x, c.Points[j].High)
			fmt.Fprintf(&band, "L%.1f %.1f", px, high)
		}
		p.write(`<path d="%sZ" class="band c%d"/><path d="%s" class="curve c%d"/>`, band.String(), i%6, line.String(), i%6)
		px, py := at(c.X[len(c.X)-1], c.Points[len(c.Points)-1].Share)
		p.line(px+3, py, width-right+14, ends[i]-4, "lead")
		p.text(width-right+18, ends[i], "small name", c.Name)
	}
	return p.end()
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// spread places the names of curves near their ends, with room between them.
func spread(curves []anonymity.Curve, y func(share float64) float64) []float64 {
	const room = 15
	ends := make([]float64, len(curves))
	order := make([]int, 0, len(curves))
	for i, c := range curves {
		if len(c.Points) > 0 {
			ends[i] = y(c.Points[len(c.Points)-1].Share) + 4
		}
		at := len(order)
		for at > 0 && ends[order[at-1]] > ends[i] {
			at--
		}
		order = append(order[:at], append([]int{i}, order[at:]...)...)
	}
	for j := 1; j < len(order); j++ {
		ends[order[j]] = math.Max(ends[order[j]], ends[order[j-1]]+room)
	}
	return ends
}

// drawBars draws a histogram. Bars below the threshold are dark.
func drawBars(pic anonymity.Picture) template.HTML {
	const right = 20.0
	p := &pen{}
	p.open(width, height, pic.Title)
	bottom, most := height-below, 1
	for _, b := range pic.Histogram {
		most = max(most, b.Count)
	}
	step := (width - left - right) / float64(max(1, len(pic.Histogram)))
	p.line(left, bottom, width-right, bottom, "grid")
	for i, b := range pic.Histogram {
		x, h := left+float64(i)*step, float64(b.Count)/float64(most)*(bottom-above-18)
		class := "bar"
		if b.Risk {
			class = "bar risk"
		}
		p.write(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" class="%s"/>`, x+step*0.1, bottom-h, step*0.8, h, class)
		p.text(x+step/2, bottom-h-5, "middle small", number(b.Count))
		p.text(x+step/2, bottom+18, "middle small", b.Name)
	}
	p.text((left+width-right)/2, height-6, "middle", pic.Axes[0])
	return p.end()
}

// drawHeat draws a grid of rates; the figure stands in each cell.
func drawHeat(pic anonymity.Picture) template.HTML {
	const cellW, cellH, side, top = 130.0, 44.0, 90.0, 26.0
	h := pic.Heat
	p := &pen{}
	p.open(side+cellW*float64(len(h.Columns))+4, top+cellH*float64(len(h.Rows))+4, pic.Title)
	for j, name := range h.Columns {
		p.text(side+(float64(j)+0.5)*cellW, top-8, "middle name", name)
	}
	for i, name := range h.Rows {
		y := top + float64(i)*cellH
		p.text(side-8, y+cellH/2+4, "end name", name)
		for j, r := range h.Cells[i] {
			x := side + float64(j)*cellW
			if r.N == 0 {
				p.text(x+cellW/2, y+cellH/2+4, "middle small", "–")
				continue
			}
			p.write(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" class="heat" fill-opacity="%.2f"/>`, x+1, y+1, cellW-2, cellH-2, 0.04+0.86*r.Share)
			class := "middle cell"
			if r.Share > 0.5 {
				class += " light"
			}
			p.text(x+cellW/2, y+19, class, fmt.Sprintf("%.1f %%", 100*r.Share))
			p.text(x+cellW/2, y+34, class+" small", fmt.Sprintf("%.1f–%.1f %%", 100*r.Low, 100*r.High))
		}
	}
	return p.end()
}
