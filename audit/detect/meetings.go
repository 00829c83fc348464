package detect

import (
	"bytes"
	"slices"
	"strings"

	"telltale/audit"
)

// A meeting is a match with the value that it stands in.
type meeting struct {
	Match
	value audit.Value
	says  string // of the finding
}

// meetings are the meetings of one exhibit. A seed is met once on one way
// down: in the layer that says most.
type meetings struct {
	list []meeting
	at   map[spot]int // index in list
}

// A spot is where a seed was met, readable or in one form of digest.
type spot struct {
	seed  int
	form  string
	trail string
}

// spot is where m would have been met after the first n steps of its trail.
func (m meeting) spot(n int) spot {
	s := spot{m.Seed, m.Form, m.value.Trail[:n].String()}
	if m.rank != digested {
		s.form = "readable"
	}
	return s
}

// add takes a meeting in, instead of the one in a layer above it if it says
// more. Layers come from the top.
func (ms *meetings) add(m meeting) {
	depth := len(m.value.Trail)
	for n := depth; n > 0; n-- {
		i, ok := ms.at[m.spot(n)]
		if !ok {
			continue
		}
		above, below := ms.list[i], m.value.Trail[n:]
		switch {
		case m.rank > above.rank && !isApart(below): // less of the seed, but in a field of its own
			ms.append(m)
		case m.rank < above.rank, m.rank == above.rank && n < depth && !refines(below, above.value.Trail):
			delete(ms.at, m.spot(n))
			ms.at[m.spot(depth)], ms.list[i] = i, m
		}
		return
	}
	ms.append(m)
}

func (ms *meetings) append(m meeting) {
	if ms.at == nil {
		ms.at = make(map[spot]int)
	}
	ms.at[m.spot(len(m.value.Trail))] = len(ms.list)
	ms.list = append(ms.list, m)
}

// refines reports whether steps only take an address apart that stands in a
// field of its own: there the whole address says more than its part.
func refines(steps, above audit.Trail) bool { return len(above) > 1 && isApart(steps) }

// isApart reports whether steps only take an address apart.
func isApart(steps audit.Trail) bool {
	for _, step := range steps {
		name, _, _ := strings.Cut(step, ":")
		switch name {
		case "path", "query", "fragment", "host", "percent", "userinfo":
		default:
			return false
		}
	}
	return true
}

// joinParts makes one finding of the host and the path of an address that were
// met in different values. Each has enough random bits by itself.
func (s *Seeds) joinParts(ms *meetings) {
	whole, hosts := make(map[int]bool), make(map[int]int)
	for i, m := range ms.list {
		switch {
		case m.isWhole():
			whole[m.Seed] = true
		case m.rank >= asPart && s.namesHost(m):
			hosts[m.Seed] = i
		}
	}
	gone := make(map[int]bool)
	for i := range ms.list {
		m := &ms.list[i]
		at, ok := hosts[m.Seed]
		if !ok || whole[m.Seed] || m.rank != asPart || s.namesHost(*m) || !strings.HasPrefix(m.Form, "url:path") {
			continue
		}
		m.Form, m.Confidence, m.rank = partsForm, audit.Certain, asWhole
		m.says = "with the host at " + ms.list[at].value.Trail.String()
		gone[at] = true
	}
	ms.remove(func(i int) bool { return gone[i] })
}

func (m meeting) isWhole() bool { return m.rank != digested && m.rank < asPart }

// namesHost reports whether the host of the seed stands in the match.
func (s *Seeds) namesHost(m meeting) bool {
	p := takeApart(s.seeds[m.Seed].Value)
	match := m.value.Data.Reveal()[m.Span.Start:m.Span.End]
	return p.url != nil && bytes.Contains(folded(string(match)), folded(p.url.Hostname()))
}

// addSplit takes in seeds that stand in pieces, unless they are met whole. A
// piece by itself then says nothing more.
func (ms *meetings) addSplit(split []meeting) {
	whole := make(map[int]bool)
	for _, m := range ms.list {
		whole[m.Seed] = whole[m.Seed] || m.isWhole()
	}
	added := make(map[int]bool)
	split = slices.DeleteFunc(split, func(m meeting) bool {
		added[m.Seed] = !whole[m.Seed]
		return whole[m.Seed]
	})
	ms.remove(func(i int) bool { return added[ms.list[i].Seed] && ms.list[i].rank >= asPart })
	ms.list = append(ms.list, split...)
}

// dropJoined leaves out seeds in what decoding has put together, if they are
// met without that.
func (ms *meetings) dropJoined() {
	apart := make(map[int]bool)
	for _, m := range ms.list {
		apart[m.Seed] = apart[m.Seed] || m.rank < asPart && !m.isJoined()
	}
	ms.remove(func(i int) bool { return apart[ms.list[i].Seed] && ms.list[i].isJoined() })
}

func (m meeting) isJoined() bool {
	return slices.ContainsFunc(m.value.Trail, func(step string) bool { return strings.HasSuffix(step, "-join") })
}

// remove leaves out meetings by their places; nothing can be added with
// [meetings.add] afterwards.
func (ms *meetings) remove(gone func(i int) bool) {
	var kept []meeting
	for i, m := range ms.list {
		if !gone(i) {
			kept = append(kept, m)
		}
	}
	ms.list = kept
}
