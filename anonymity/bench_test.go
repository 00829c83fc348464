package anonymity

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A fleet is a data set of the size that a vendor has: events of people with
// habits, spread over sites of which few are visited most.
func fleet(people, events, urls int) *Table {
	rng := rand.New(rand.NewPCG(1, 2))
	subject, item := &Column{Name: "s", Role: Subject}, &Column{Name: "u", Role: Item}
	model, version := &Column{Name: "m", Role: Quasi}, &Column{Name: "v", Role: Quasi}
	for i := range people {
		subject.Values = append(subject.Values, fmt.Sprint("subject-", i))
	}
	for i := range urls {
		item.Values = append(item.Values, fmt.Sprintf("https://www.site%d.example/story/%d", i/20, i%20))
	}
	for i := range 500 {
		model.Values = append(model.Values, fmt.Sprint("model ", i))
	}
	for i := range 40 {
		version.Values = append(version.Values, fmt.Sprintf("%d.%d.0", i/10, i%10))
	}
	skewed := func(n int, by float64) uint32 { return uint32(float64(n) * math.Pow(rng.Float64(), by)) }
	t := &Table{Columns: []*Column{subject, item, model, version}, Rows: events}
	models, versions := make([]uint32, people), make([]uint32, people)
	for i := range people {
		models[i], versions[i] = skewed(500, 3), skewed(40, 3)
	}
	for range events {
		who := uint32(rng.IntN(people))
		subject.Codes = append(subject.Codes, who)
		item.Codes = append(item.Codes, skewed(urls, 4))
		model.Codes, version.Codes = append(model.Codes, models[who]), append(version.Codes, versions[who])
		t.Times = append(t.Times, 1588550400+rng.Int64N(28*86400))
	}
	t.arrange()
	return t
}

// Ten million events of a million subjects: the classes of their
// quasi-identifiers, and the unicity curve by host and hour.
func BenchmarkFleet(b *testing.B) {
	t := fleet(1_000_000, 10_000_000, 400_000)
	b.ReportAllocs()
	for b.Loop() {
		u := t.Unique(t.With(Quasi), 20)
		r := t.Traces(Host, Ticks[1]).Unicity(10, 3000, 1000, random(1, "bench"))
		b.ReportMetric(u.Share(), "unique")
		b.ReportMetric(r[3].Share, "unicity4")
	}
}

// habits draws profiles of people in two windows: up to fifty sites each, of
// which so many are favourites and in both.
func habits(people, sites, same int) (from, among Profiles) {
	rng := rand.New(rand.NewPCG(3, 4))
	from, among = Profiles{items: sparse{start: []uint32{0}}}, Profiles{items: sparse{start: []uint32{0}}}
	site := func() uint32 { return uint32(float64(sites) * math.Pow(rng.Float64(), 3)) }
	for i := range people {
		var favourites []uint32
		for range same {
			favourites = append(favourites, site())
		}
		for _, p := range []*Profiles{&from, &among} {
			row := slices.Clone(favourites)
			for range 50 - same {
				row = append(row, site())
			}
			slices.Sort(row)
			row = slices.Compact(row)
			p.who = append(p.who, uint32(i))
			p.items.ids = append(p.items.ids, row...)
			p.items.start = append(p.items.start, uint32(len(p.items.ids)))
			for range row {
				p.visits = append(p.visits, 1)
			}
		}
	}
	return from, among
}

// A hundred thousand profiles looked for among a hundred thousand: people with
// habits, and people who have hardly any, for whom less can be skipped.
func BenchmarkLink(b *testing.B) {
	for _, same := range []int{25, 5} {
		from, among := habits(100_000, 100_000, same)
		by := Likenesses[0]
		b.Run(fmt.Sprintf("%s/%d", by.Name, same), func(b *testing.B) {
			for b.Loop() {
				matches, err := Link(context.Background(), from, among, by, 2)
				if err != nil {
					b.Fatal(err)
				}
				hits := 0.0
				for _, m := range matches {
					hits += m.Hit
				}
				b.ReportMetric(hits/float64(len(matches)), "found")
			}
		})
	}
}
