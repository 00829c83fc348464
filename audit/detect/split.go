package detect

import (
	"bytes"
	"fmt"
	"sort"
	"strings"

	"telltale/audit"
)

// The forms of a seed that was sent in pieces.
const (
	splitForm    = "split"          // over several values of one exhibit
	messagesForm = "split:messages" // over several messages of one connection
	partsForm    = "url:parts"      // host and path of an address, each by itself
)

// strands are the values of an exhibit, put one behind the other where a value
// may have been sent in pieces: what one layer holds, such as the fields of a
// form or the segments of a path, and what has the same trail but for numbers,
// such as the members of a list or the messages of a connection. Values that
// are longer than any spelling are no pieces.
type strands struct {
	longest int
	values  []audit.Value
	byKey   map[string]*strand
	list    []*strand
	key     []byte
}

// A strand is a sequence of values.
type strand struct {
	key   string
	alike bool // of one trail but for numbers; otherwise of one layer
	data  []byte
	ends  []int // of the values in data
	which []int // index in strands.values
}

func newStrands(longest int) *strands {
	return &strands{longest: longest, byKey: make(map[string]*strand)}
}

// add puts a value behind those that it belongs to.
func (ss *strands) add(v audit.Value) {
	data, last := v.Data.Reveal(), len(v.Trail)-1
	step := v.Trail[last]
	if len(data) == 0 || len(data) > ss.longest || strings.Contains(step, "-name:") {
		return
	}
	ss.values = append(ss.values, v)
	if last > 0 && strings.Contains(step, ":") {
		ss.key = append(ss.key[:0], "in "...)
		for _, s := range v.Trail[:last] {
			ss.key = append(append(ss.key, s...), 0)
		}
		ss.extend(data, false)
	}
	ss.key = append(ss.key[:0], "as "...)
	for _, s := range v.Trail {
		for i := range len(s) {
			if charClassOf(s[i]) != digitClass {
				ss.key = append(ss.key, s[i])
			}
		}
		ss.key = append(ss.key, 0)
	}
	ss.extend(data, true)
}

// extend puts the last value behind the strand of ss.key.
func (ss *strands) extend(data []byte, alike bool) {
	s := ss.byKey[string(ss.key)]
	if s == nil {
		s = &strand{key: string(ss.key), alike: alike}
		ss.byKey[s.key] = s
		ss.list = append(ss.list, s)
	}
	s.data = append(s.data, data...)
	s.ends, s.which = append(s.ends, len(s.data)), append(s.which, len(ss.values)-1)
}

// at returns which value of the strand holds the byte at a place.
func (s *strand) at(place int) int { return sort.SearchInts(s.ends, place+1) }

// meet returns the seeds that stand in several values, each once, in the layer
// that holds all pieces. layer returns the bytes of a layer.
func (ss *strands) meet(seeds *Seeds, layer func(audit.Value) (audit.Secret, bool)) []meeting {
	var met []meeting
	had := make(map[int]bool)
	for _, s := range ss.list {
		if len(s.ends) < 2 {
			continue
		}
		seeds.whole(s.data, func(seed, start, end int) {
			first, last := s.at(start), s.at(end-1)
			if first == last || had[seed] {
				return
			}
			m, ok := ss.around(ss.values[s.which[first]], ss.values[s.which[last]])
			if !ok {
				return
			}
			if m.value.Data, ok = layer(m.value); !ok {
				return
			}
			had[seed] = true
			m.Match.Seed, m.Form, m.Confidence, m.rank = seed, splitForm, audit.Certain, asWhole
			m.says = fmt.Sprintf("in %d pieces", last-first+1)
			met = append(met, m)
		})
	}
	return met
}

// around returns the layer that two values were taken from, without its data,
// and the range from the one to the other in it.
func (ss *strands) around(first, last audit.Value) (meeting, bool) {
	n := 0
	for n < min(len(first.Trail), len(last.Trail)) && first.Trail[n] == last.Trail[n] && (n == 0 || first.Spans[n-1] == last.Spans[n-1]) {
		n++
	}
	if n == 0 || n == len(first.Trail) || n == len(last.Trail) {
		return meeting{}, false
	}
	a, b := first.Spans[n-1], last.Spans[n-1]
	span := audit.Span{Start: min(a.Start, b.Start), End: max(a.End, b.End)}
	v := audit.Value{Exhibit: first.Exhibit, Trail: first.Trail[:n:n], Spans: first.Spans[: n-1 : n-1]}
	return meeting{Match: Match{Span: span}, value: v}, true
}

// whole calls hit for every place at which a seed stands readable and whole.
func (s *Seeds) whole(data []byte, hit func(seed, start, end int)) {
	s.text.find(data, func(i, start int) {
		for _, w := range s.words[i] {
			if !w.cut && !w.spelling.use.has(ofPart) {
				hit(w.seed, start, start+len(w.text))
			}
		}
	})
}

// layer takes an exhibit apart again, up to one layer.
func (l looker) layer(ex audit.Exhibit, want audit.Value) (audit.Secret, bool) {
	trail, spans := want.Trail.String(), fmt.Sprint(want.Spans)
	for v, err := range l.peel(ex) {
		if err == nil && len(v.Trail) == len(want.Trail) && v.Trail.String() == trail && fmt.Sprint(v.Spans) == spans {
			return v.Data, true
		}
	}
	return audit.Secret{}, false
}

// connections remember the ends of what was sent over each connection: a seed
// may go on in the next message.
type connections struct {
	seeds *Seeds
	tails map[string]tail
}

// A tail is the end of a strand.
type tail struct {
	data    []byte
	exhibit string // that it ends in
}

// maxTails bounds the strands that are remembered. Further ones are searched
// by themselves only.
const maxTails = 1 << 16

// meet returns the seeds that begin in an earlier message of the same
// connection and end in this one.
func (c *connections) meet(ex audit.Exhibit, ss *strands) []meeting {
	var met []meeting
	had := make(map[int]bool)
	for _, s := range ss.list {
		if !s.alike {
			continue
		}
		key := fmt.Sprint(ex.Place, ex.URL) + s.key
		before, known := c.tails[key]
		data := append(bytes.Clone(before.data), s.data...)
		c.seeds.whole(data, func(seed, start, end int) {
			from := len(before.data)
			if start >= from || end <= from || had[seed] || c.seeds.seeds[seed].AtHome(ex.Host) {
				return
			}
			had[seed] = true
			i := s.at(end - from - 1)
			v := ss.values[s.which[i]]
			span := audit.Span{End: end - from - (s.ends[i] - v.Data.Len())}
			m := Match{Seed: seed, Form: messagesForm, Span: span, Confidence: audit.Certain, rank: asWhole}
			met = append(met, meeting{m, v, "goes on from " + before.exhibit})
		})
		if known || len(c.tails) < maxTails {
			c.tails[key] = tail{data[max(0, len(data)-ss.longest+1):], ex.ID}
		}
	}
	return met
}
