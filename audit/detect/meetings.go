package detect

import (
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
	if ms.at == nil {
		ms.at = make(map[spot]int)
	}
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
