package anonymity

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
)

// Traces are the points of subjects: a point is an item in a step of time. A
// subject has each point once, however often it was there.
type Traces struct {
	table *Table
	keys  []Key // of the subject, then of its points
	ids   int   // how many keys say who it is
}

// Traces returns the traces of a table at one granularity. Rows without a
// subject are left out, and rows without a time unless tick has no width. Rows
// without an item are left out if there is an item column.
func (t *Table) Traces(form Form, tick Tick) Traces {
	subject := t.One(Subject)
	if subject == nil {
		return Traces{}
	}
	r := Traces{table: t, ids: 1, keys: []Key{{Column: subject, Need: true}}}
	if t.life > 0 {
		r.keys, r.ids = append(r.keys, Key{Step: t.life}), 2
	}
	if item := t.One(Item); item != nil {
		r.keys = append(r.keys, Key{Column: item, Form: form, Need: true})
	}
	if tick.Seconds > 0 {
		r.keys = append(r.keys, Key{Step: tick.Seconds})
	}
	return r
}

// A pair is who it is about, or a point: two numbers.
type pair [2]int64

func pairOf(values []int64) (p pair) {
	copy(p[:], values)
	return p
}

// mixed returns a number that looks random and depends on all that is given.
func (p pair) mixed(seed uint64) uint64 {
	return mix(mix(seed^uint64(p[0])) ^ uint64(p[1])) //nolint:gosec // any bits will do
}

// mix is the last step of SplitMix64 (Steele 2014): one to one, and each bit
// depends on all.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// each yields the trace of each subject that has a point: ascending, and valid
// until the next one. Subjects that are not wanted may be left out.
func (r Traces) each(wanted func(subject int64) bool) iter.Seq2[pair, []pair] {
	return func(yield func(pair, []pair) bool) {
		if r.table == nil {
			return
		}
		var who pair
		var points []pair
		for tuple := range r.table.tuplesOf(wanted, r.keys) {
			if now := pairOf(tuple[:r.ids]); now != who {
				if len(points) > 0 && !yield(who, points) {
					return
				}
				who, points = now, points[:0]
			}
			points = append(points, pairOf(tuple[r.ids:]))
		}
		if len(points) > 0 {
			yield(who, points)
		}
	}
}

// A draw is a subject with some points of its trace.
type draw struct {
	who    pair
	order  uint64
	points []pair
	shared int // so many of the points, from the first on, another subject has too
}

// Unicity returns the share of subjects that p points of their trace, drawn at
// random, single out, for p from 1 to most (de Montjoye 2013). Up to draws
// subjects are tried, each once; those with fewer than p points are left out
// for that p. The points of a larger p contain those of a smaller one.
//
// It goes through all traces twice, and keeps one at a time: first to draw, then
// to see who else has what was drawn.
func (r Traces) Unicity(most, draws, resamples int, rng *rand.Rand) []Rate {
	drawn := r.draw(most, draws, rng.Uint64())
	r.share(drawn)
	hits := make([][]float64, most)
	for _, d := range drawn {
		for p := 1; p <= len(d.points); p++ {
			hit := 0.0
			if p > d.shared {
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

// draw chooses up to n subjects and up to most points of each. Subjects and
// points are ordered by a number that is random but depends on them and the seed
// alone, and the first ones are taken: so the choice needs to be no list of all.
func (r Traces) draw(most, n int, seed uint64) []draw {
	var drawn []draw
	bound := ^uint64(0)
	early := func(subject int64) bool { return r.ids > 1 || pair{subject}.mixed(seed) <= bound }
	for who, points := range r.each(early) {
		order := who.mixed(seed)
		if order > bound {
			continue
		}
		drawn = append(drawn, draw{who: who, order: order, points: firstPoints(points, most, order)})
		if len(drawn) >= 2*n {
			drawn = lowest(drawn, n)
			bound = drawn[n-1].order
		}
	}
	return lowest(drawn, n)
}

// lowest returns the n draws that come first, in order.
func lowest(drawn []draw, n int) []draw {
	slices.SortFunc(drawn, func(a, b draw) int { return cmp.Compare(a.order, b.order) })
	return drawn[:min(n, len(drawn))]
}

// firstPoints returns the points that come first in a random order.
func firstPoints(points []pair, most int, seed uint64) []pair {
	type ranked struct {
		rank  uint64
		point pair
	}
	list := make([]ranked, 0, min(most, len(points))+1)
	for _, p := range points {
		next := ranked{p.mixed(seed), p}
		at, _ := slices.BinarySearchFunc(list, next, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
		if at < most {
			list = slices.Insert(list, at, next)
			list = list[:min(most, len(list))]
		}
	}
	first := make([]pair, len(list))
	for i, x := range list {
		first[i] = x.point
	}
	return first
}

// share finds out, for each draw, how many of its points another subject has.
func (r Traces) share(drawn []draw) {
	holders := make(map[pair][]*draw) // by the first point
	var sieve sieve
	for i := range drawn {
		d := &drawn[i]
		holders[d.points[0]] = append(holders[d.points[0]], d)
		sieve.add(d.points[0])
	}
	for who, points := range r.each(nil) {
		for _, p := range points {
			if !sieve.has(p) {
				continue
			}
			for _, d := range holders[p] {
				if d.who != who {
					d.compare(points)
				}
			}
		}
	}
}

// compare holds the trace of another subject against the draw. What counts is
// only whether it has more of the points than the best one so far; so the first
// point that nobody else had is looked for first.
func (d *draw) compare(trace []pair) {
	for i := d.shared; i < len(d.points) && has(trace, d.points[i]); i++ {
		if i == d.shared && slices.ContainsFunc(d.points[1:max(1, i)], func(p pair) bool { return !has(trace, p) }) {
			return
		}
		d.shared = i + 1
	}
}

// has reports whether a trace has a point.
func has(trace []pair, p pair) bool {
	low, high := 0, len(trace)
	for low < high {
		mid := int(uint(low+high) >> 1)
		if q := trace[mid]; q[0] < p[0] || q[0] == p[0] && q[1] < p[1] {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low < len(trace) && trace[low] == p
}

// A sieve tells quickly of most points that they are not in a set.
type sieve [1 << 10]uint64

func (s *sieve) add(p pair) {
	h := p.mixed(0)
	s[h>>6&(1<<10-1)] |= 1 << (h & 63)
}

func (s *sieve) has(p pair) bool {
	h := p.mixed(0)
	return s[h>>6&(1<<10-1)]>>(h&63)&1 == 1
}

// curveForms are the granularities whose whole curve is drawn; the others are
// in the heat map at heatPoints points.
var curveForms = []Form{Full, Host, Domain}

const heatPoints = 4

func measureUnicity(ctx context.Context, s *study) (Result, error) {
	if s.One(Subject) == nil {
		return Result{}, skip("no column is the subject")
	}
	if err := s.several(); err != nil {
		return Result{}, err
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
	if !s.timely() {
		ticks = Ticks[len(Ticks)-1:]
	}
	c := s.One(Item)
	switch {
	case c == nil:
		forms = []Form{NoItem}
		ticks = ticks[:max(1, len(ticks)-1)]
	case !c.any(isCoarser):
		forms = []Form{Full} // no item is an address
	}
	return ticks, forms
}

// isCoarser reports whether an item is an address, of which there are coarser
// forms.
func isCoarser(item string) bool { return Coarse(item, Host) != item }

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
