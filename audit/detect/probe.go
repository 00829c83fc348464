package detect

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"telltale/audit"
)

// The length probe looks at what nothing could read. The lab visits one page
// by random addresses of known lengths, in random order; if what is sent to a
// host during a visit grows with the length of the address, byte for byte or by
// the factor of an encoding, then the address is in it. That is statistical: it
// is never more than likely.

// A lane is a way that unread bytes take: from an arm to the endpoints of a
// host with one path, or with any.
type lane struct {
	arm, host, path string
	anyPath         bool
}

// An outlet is a part of the requests to an endpoint. If it could not be read
// once, all that was sent there counts: short pieces of what is encrypted are
// too short to be told from other bytes, and to leave them out would tilt the
// line.
type outlet struct{ host, path, part string }

func outletOf(ex audit.Exhibit) outlet { return outlet{ex.Host, template(ex.URL), ex.Part} }

// A series is what one lane carried during each visit of its arm.
type series struct {
	lane
	pairs   []audit.Pair
	shown   audit.Exhibit // sent during the visit with the longest address
	longest int
	used    int // visits during which something was sent
	total   int64
	line    line
	p       float64
}

// Bounds of the probe.
const (
	minUsed   = 4    // visits during which a series sent something
	minSlope  = 0.1  // less is a length in digits, or a time, and no address
	maxSeries = 1000 // those that carried most
	maxVisits = 5000 // of an arm
	maxChance = 0.01 // after correction
)

// A prober counts the bytes of each visit.
type prober struct {
	visits map[string][]audit.Visit // by arm, in order
	first  map[audit.Place]int      // the place's first visit in its arm's list
	series map[lane]*series
}

func newProber(visits []audit.Visit) *prober {
	p := &prober{make(map[string][]audit.Visit), make(map[audit.Place]int), make(map[lane]*series)}
	visits = slices.Clone(visits)
	slices.SortStableFunc(visits, func(a, b audit.Visit) int {
		return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Session, b.Session), a.From.Compare(b.From))
	})
	for _, v := range visits {
		list := p.visits[v.Arm]
		if len(list) >= maxVisits {
			continue
		}
		if _, known := p.first[v.Place]; !known {
			p.first[v.Place] = len(list)
		}
		p.visits[v.Arm] = append(list, v)
	}
	return p
}

// during returns the place of the visit during which something was sent in the
// list of its arm, or -1.
func (p *prober) during(ex audit.Exhibit) int {
	list := p.visits[ex.Arm]
	first, known := p.first[ex.Place]
	if !known {
		return -1
	}
	for i := first; i < len(list) && list[i].Place == ex.Place; i++ {
		if v := list[i]; !ex.Time.Before(v.From) && ex.Time.Before(v.Until) {
			return i
		}
	}
	return -1
}

// lengthFindings returns the findings of the length probe by exhibit: one for
// each series that grows with the address.
func lengthFindings(scenes []*scene, visits []audit.Visit) map[string][]audit.Finding {
	found := make(map[string][]audit.Finding)
	if len(visits) == 0 {
		return found
	}
	p := newProber(visits)
	p.count(scenes)
	for _, s := range p.growing() {
		found[s.shown.ID] = append(found[s.shown.ID], s.finding())
	}
	return found
}

// count adds up what was sent during the visits.
func (p *prober) count(scenes []*scene) {
	unread := make(map[outlet]bool)
	visit := make([]int, len(scenes))
	for i, s := range scenes {
		visit[i] = -1
		if s.exhibit.ID == "" || s.exhibit.Stage {
			continue
		}
		visit[i] = p.during(s.exhibit)
		if visit[i] >= 0 && (len(s.sealed) > 0 || s.exhibit.Part == "tunnel.out") {
			unread[outletOf(s.exhibit)] = true
		}
	}
	for i, s := range scenes {
		if at := outletOf(s.exhibit); visit[i] >= 0 && unread[at] {
			p.add(lane{arm: s.exhibit.Arm, host: at.host, path: at.path}, visit[i], s.exhibit)
			p.add(lane{arm: s.exhibit.Arm, host: at.host, anyPath: true}, visit[i], s.exhibit)
		}
	}
}

func (p *prober) add(l lane, visit int, ex audit.Exhibit) {
	s := p.series[l]
	if s == nil {
		s = &series{lane: l}
		for _, v := range p.visits[l.arm] {
			s.pairs = append(s.pairs, audit.Pair{Run: v.Run, Length: v.Length})
		}
		p.series[l] = s
	}
	pair := &s.pairs[visit]
	if pair.Bytes == 0 {
		s.used++
	}
	pair.Bytes += ex.Size
	s.total += ex.Size
	if pair.Length > s.longest {
		s.longest, s.shown = pair.Length, ex
	}
}

// growing returns the series that grow with the length of the address, in the
// order of their lanes. Which series are looked at depends on the bytes alone
// and not on the lengths, so that the probabilities stay what they are.
func (p *prober) growing() []*series {
	tried := p.tried()
	chances, order := make([]float64, len(tried)), make([]int, len(tried))
	for i, s := range tried {
		order[i], chances[i] = i, 1
		if l, ok := fit(s.pairs); ok && l.low > 0 && l.slope >= minSlope { // what does not grow needs no second opinion
			s.line, chances[i] = l, permuted(s.pairs)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(chances[a], chances[b]) })
	var growing []*series
	for i, chance := range holm(chances, order) {
		if tried[i].p = chance; chance < maxChance {
			growing = append(growing, tried[i])
		}
	}
	return withoutWholes(growing)
}

// tried returns the series that are worth a look, in the order of their lanes.
// A host whose unread bytes take one path has one series.
func (p *prober) tried() []*series {
	var tried []*series
	for l, s := range p.series {
		whole := p.series[lane{arm: l.arm, host: l.host, anyPath: true}]
		if s.used >= minUsed && (l.anyPath || s.total < whole.total) {
			tried = append(tried, s)
		}
	}
	slices.SortFunc(tried, func(a, b *series) int { return cmp.Or(cmp.Compare(b.total, a.total), a.compare(b.lane)) })
	tried = tried[:min(len(tried), maxSeries)]
	slices.SortFunc(tried, func(a, b *series) int { return a.compare(b.lane) })
	return tried
}

func (l lane) compare(o lane) int {
	whole := func(l lane) int { return map[bool]int{true: 1}[l.anyPath] }
	return cmp.Or(cmp.Compare(l.arm, o.arm), cmp.Compare(l.host, o.host), cmp.Compare(whole(l), whole(o)), cmp.Compare(l.path, o.path))
}

// withoutWholes leaves out the series of whole hosts of which a path is there
// already.
func withoutWholes(growing []*series) []*series {
	pathed := make(map[lane]bool)
	for _, s := range growing {
		if !s.anyPath {
			pathed[lane{arm: s.arm, host: s.host}] = true
		}
	}
	return slices.DeleteFunc(growing, func(s *series) bool { return s.anyPath && pathed[lane{arm: s.arm, host: s.host}] })
}

// A pace is a slope that an encoding of the address gives. The addresses have
// six random bits a character, so that a good compressor makes three quarters
// of them.
type pace struct {
	slope float64
	how   string
}

var paces = []pace{
	{0.75, "compressed"},
	{1, "as it is, or compressed and in base64"},
	{6.0 / 5, "compressed and in base32"},
	{4.0 / 3, "in base64"},
	{3.0 / 2, "compressed and in hexadecimal digits, or compressed twice over"},
	{8.0 / 5, "in base32"},
	{2, "twice, in hexadecimal digits, or in UTF-16"},
	{8.0 / 3, "twice in base64"},
	{3, "three times"},
	{4, "four times, or twice in hexadecimal digits"},
}

// paceTolerance is how far off a slope may be: padding to blocks, lengths that
// are written in digits and tables of a compressor bend the line a little.
const paceTolerance = 0.05

// pace returns the encoding whose slope is nearest to that of the line, and
// whether the line's interval meets it.
func (l line) pace() (pace, bool) {
	off := func(p pace) float64 { return math.Abs(math.Log(l.slope / p.slope)) }
	nearest := slices.MinFunc(paces, func(a, b pace) int { return cmp.Compare(off(a), off(b)) })
	return nearest, l.low <= nearest.slope*(1+paceTolerance) && l.high >= nearest.slope*(1-paceTolerance)
}

// finding makes the finding of a series that grows.
func (s *series) finding() audit.Finding {
	runs := make(map[int]bool)
	for _, p := range s.pairs {
		runs[p.Run] = true
	}
	f := audit.Finding{
		Kind: "behaviour/navigation/url", Form: audit.ByLength, Confidence: audit.Hint,
		Trail: audit.Trail{s.shown.Part}, Span: audit.Span{End: int(s.shown.Size)},
		Slope: &audit.Slope{
			Estimate: digits(s.line.slope, 4), Low: digits(s.line.low, 4), High: digits(s.line.high, 4),
			Base: digits(s.line.base, 1), P: s.p, Runs: len(runs), Visits: s.pairs,
		},
	}
	means := "no known encoding of the address gives that"
	if pace, ok := s.line.pace(); ok {
		f.Confidence = audit.Likely
		means = "as if the address was inside, " + pace.how
	}
	f.Says = fmt.Sprintf("statistical, nothing was read: what %s got grew by %.2f bytes for each byte of the visited address "+
		"(95%% interval %.2f to %.2f, permutation test p = %.2g after Holm's correction, %d visits, runs: %d), %s",
		s.host, s.line.slope, s.line.low, s.line.high, s.p, len(s.pairs), len(runs), means)
	return f
}

// digits rounds to so many decimal places, so that every machine writes the
// same.
func digits(x float64, places int) float64 {
	unit := math.Pow10(places)
	return math.Round(x*unit) / unit
}
