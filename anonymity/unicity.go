package anonymity

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Unicity returns the share of subjects that p points of their trace, drawn at
// random, single out, for p from 1 to most (de Montjoye 2013). Up to draws
// subjects are tried, each once; those with fewer than p points are left out
// for that p. The points of a larger p contain those of a smaller one.
func (t Traces) Unicity(most, draws, resamples int, rng *rand.Rand) []Rate {
	hits := make([][]float64, most)
	for _, subject := range t.draw(draws, rng) {
		points := slices.Clone(t.points.row(subject))
		rng.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
		for p := 1; p <= min(most, len(points)); p++ {
			hit := 0.0
			if t.alone(points[:p]) {
				hit = 1
			}
			hits[p-1] = append(hits[p-1], hit)
		}
	}
	rates := make([]Rate, most)
	for i, h := range hits {
		rates[i] = Bootstrap(h, resamples, rng)
	}
	return rates
}

// draw chooses up to n of the subjects that have a point.
func (t Traces) draw(n int, rng *rand.Rand) []int {
	var subjects []int
	for i := range t.points.rows() {
		if len(t.points.row(i)) > 0 {
			subjects = append(subjects, i)
		}
	}
	for i := range min(n, len(subjects)) {
		j := i + rng.IntN(len(subjects)-i)
		subjects[i], subjects[j] = subjects[j], subjects[i]
	}
	return subjects[:min(n, len(subjects))]
}

// alone reports whether one subject only has all points. It walks along the
// shortest list of subjects and looks the others up, and stops at the second
// subject that it meets.
func (t Traces) alone(points []uint32) bool {
	lists := make([][]uint32, len(points))
	for i, p := range points {
		lists[i] = t.subjects.row(int(p))
	}
	slices.SortFunc(lists, func(a, b []uint32) int { return cmp.Compare(len(a), len(b)) })
	met := 0
	for _, subject := range lists[0] {
		missing := slices.ContainsFunc(lists[1:], func(list []uint32) bool {
			_, has := slices.BinarySearch(list, subject)
			return !has
		})
		if missing {
			continue
		}
		if met++; met > 1 {
			return false
		}
	}
	return met == 1
}

// curveForms are the granularities whose whole curve is drawn; the others are
// in the heat map at heatPoints points.
var curveForms = []Form{Full, Host, Domain}

const heatPoints = 4

func measureUnicity(ctx context.Context, s *study) (Result, error) {
	if s.One(Subject) == nil {
		return Result{}, skip("no column is the subject")
	}
	if s.CountSubjects() < 2 {
		return Result{}, skip("one subject is all there is to choose from")
	}
	ticks, forms := s.granularities()
	if len(ticks) == 1 && len(forms) == 1 && forms[0] == NoItem {
		return Result{}, skip("no column is an item or a time")
	}
	rng := random(s.Seed, "unicity")
	heat := &Heat{}
	for _, f := range forms {
		heat.Columns = append(heat.Columns, string(f))
	}
	var r Result
	var curves []Curve
	for _, tick := range ticks {
		heat.Rows = append(heat.Rows, tick.Name)
		cells := make([]Rate, 0, len(forms))
		for _, form := range forms {
			if err := ctx.Err(); err != nil {
				return Result{}, err
			}
			rates := s.Traces(form, tick).Unicity(s.Points, s.Draws, s.Resamples, rng)
			cells = append(cells, rates[min(heatPoints, len(rates))-1])
			if slices.Contains(curveForms, form) && (tick.Name == "hour" || tick.Name == "no time") || len(forms) == 1 {
				curves = append(curves, curve(string(form)+", "+tick.Name, rates))
			}
			if told(form, tick) || len(forms) == 1 {
				r.Attacks = append(r.Attacks, unicityAttack(form, tick, rates)...)
			}
		}
		heat.Cells = append(heat.Cells, cells)
	}
	r.Pictures = []Picture{
		{Title: "Share of subjects singled out by points of their trace", Curves: curves, Axes: [2]string{"points known", "share of subjects"}},
		{Title: fmt.Sprintf("Singled out by %d points, by grain of item and time", min(heatPoints, s.Points)), Heat: heat, Axes: [2]string{"item", "time"}},
	}
	r.Grids = []Grid{heat.grid(fmt.Sprintf("Singled out by %d points", min(heatPoints, s.Points)))}
	if len(r.Attacks) == 0 {
		return Result{}, skip("no subject has a point")
	}
	return r, nil
}

// told reports whether a granularity gets a sentence; all are in the grid.
func told(form Form, tick Tick) bool {
	return form == Full && tick.Seconds == 1 || form == Host && tick.Name == "hour" || form == Domain && (tick.Name == "day" || tick.Seconds == 0)
}

// grid writes the heat map as a table.
func (h *Heat) grid(title string) Grid {
	g := Grid{Title: title, Head: append([]string{"time"}, h.Columns...)}
	for i, name := range h.Rows {
		row := []string{name}
		for _, r := range h.Cells[i] {
			row = append(row, cellOf(r))
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

// granularities are the grids that the columns allow.
func (s *study) granularities() ([]Tick, []Form) {
	ticks, forms := Ticks, Forms
	if s.Times == nil {
		ticks = Ticks[len(Ticks)-1:]
	}
	c := s.One(Item)
	switch {
	case c == nil:
		forms = []Form{NoItem}
		ticks = ticks[:max(1, len(ticks)-1)]
	case !slices.ContainsFunc(c.Values, func(v string) bool { return Coarse(v, Host) != v }):
		forms = []Form{Full} // no item is an address
	}
	return ticks, forms
}

// unicityAttack is the sentence for heatPoints points, for fewer if no subject
// has so many.
func unicityAttack(form Form, tick Tick, rates []Rate) []Attack {
	for p := min(heatPoints, len(rates)); p >= 1; p-- {
		if rates[p-1].N == 0 {
			continue
		}
		what := "items (" + string(form) + ")"
		if form == NoItem {
			what = "times"
		}
		name := fmt.Sprintf("Singling out by %d %s", p, what)
		if tick.Seconds > 0 {
			name += " and their " + tick.Name
		}
		return []Attack{{
			ID: fmt.Sprintf("unicity/%d/%s/%s", p, form, tick.Name), Name: name, Rate: rates[p-1], Of: fmt.Sprintf("subjects with %d points or more", p),
		}}
	}
	return nil
}

func curve(name string, rates []Rate) Curve {
	c := Curve{Name: name}
	for i, r := range rates {
		if r.N > 0 {
			c.X = append(c.X, i+1)
			c.Points = append(c.Points, r)
		}
	}
	return c
}
