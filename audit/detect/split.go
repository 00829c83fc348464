package detect

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"telltale/audit"
)

// The forms of a seed that was sent in pieces.
const (
	splitForm    = "split"          // over several values of one exhibit
	messagesForm = "split:messages" // over several messages of one connection
	partsForm    = "url:parts"      // host and path of an address, each by itself
)

// strands are the short values of an exhibit, and which of them may be pieces
// of one: what one layer holds, such as the fields of a form or the segments of
// a path, and what has the same trail but for numbers, such as the members of a
// list or the messages of a connection.
type strands struct {
	longest int
	values  []audit.Value
	starts  []int              // of the values of one layer in values
	alike   map[uint64]*strand // of one trail but for numbers, by its hash
	order   []*strand          // of alike
	key     []byte             // of the last strand
	thread  thread             // the last one
	all     strand             // all values
}

// A strand is a sequence of values: their indexes.
type strand []int

// newStrands makes room for values of up to longest bytes.
func newStrands(longest int) *strands {
	return &strands{longest: max(longest, maxSaltLen), alike: make(map[uint64]*strand)}
}

// reset forgets all values, and keeps the room for them.
func (ss *strands) reset() {
	clear(ss.values)
	clear(ss.alike)
	ss.values, ss.starts, ss.order = ss.values[:0], ss.starts[:0], ss.order[:0]
}

// add puts a value behind those that it belongs to. It comes after all values
// of the layers above it, and right after its neighbours.
func (ss *strands) add(v audit.Value) {
	step := v.Trail[len(v.Trail)-1]
	if n := v.Data.Len(); n == 0 || n > ss.longest || strings.Contains(step, "-name:") {
		return
	}
	i := len(ss.values)
	ss.values = append(ss.values, v)
	if i == 0 || !slices.Equal(above(ss.values[i-1]), above(v)) {
		ss.starts = append(ss.starts, i)
	}
	key, numbered := stem(v.Trail)
	if !numbered && v.Trail[0] != "message.out" {
		return
	}
	s := ss.alike[key]
	if s == nil {
		s = new(strand)
		ss.alike[key], ss.order = s, append(ss.order, s)
	}
	*s = append(*s, i)
}

func above(v audit.Value) audit.Trail { return v.Trail[:len(v.Trail)-1] }

// stem returns a hash (FNV-1a) of a trail without its digits, and whether it
// has some.
func stem(t audit.Trail) (hash uint64, numbered bool) {
	hash = 14695981039346656037
	for _, step := range t {
		for i := range len(step) {
			if '0' <= step[i] && step[i] <= '9' {
				numbered = true
			} else {
				hash = (hash ^ uint64(step[i])) * 1099511628211
			}
		}
		hash = (hash ^ 0xff) * 1099511628211
	}
	return hash, numbered
}

// A thread is the bytes of a strand.
type thread struct {
	data  []byte
	ends  []int // of the values in data
	which strand
}

// spin puts the values of a strand one behind the other, as they are read,
// without those that are shorter than least. The thread lasts until the next one
// is spun.
func (ss *strands) spin(s strand, least int, read func([]byte) []byte) thread {
	t := thread{ss.thread.data[:0], ss.thread.ends[:0], ss.thread.which[:0]}
	for _, i := range s {
		data := ss.values[i].Data.Reveal()
		if read != nil {
			data = read(data)
		}
		if len(data) >= max(1, least) {
			t.data = append(t.data, data...)
			t.ends, t.which = append(t.ends, len(t.data)), append(t.which, i)
		}
	}
	ss.thread = t
	return t
}

// pieceReadings are the digits that each piece may be written in by itself.
// They give nothing for other data.
var pieceReadings = []func([]byte) []byte{
	func(data []byte) []byte { return digitsOf(data, base64Digit, base64.StdEncoding.AppendDecode) },
	func(data []byte) []byte { return digitsOf(data, base64Digit, base64.RawURLEncoding.AppendDecode) },
	func(data []byte) []byte { return digitsOf(data, hexDigit, hex.AppendDecode) },
}

// digitsOf reads the digits of an alphabet, if they are those of text.
func digitsOf(data []byte, kind digitKind, read func(dst, src []byte) ([]byte, error)) []byte {
	for _, c := range data {
		if digitKinds[c]&kind == 0 && c != '=' {
			return nil
		}
	}
	text, err := read(nil, data)
	if err != nil || slices.ContainsFunc(text, func(b byte) bool { return unprintable[b] && b < utf8.RuneSelf }) {
		return nil
	}
	return text
}

// withoutPercent takes the percent encoding off a piece, if it has one.
func withoutPercent(data []byte) []byte {
	if bytes.IndexByte(data, '%') < 0 {
		return data
	}
	if text, err := url.PathUnescape(string(data)); err == nil {
		return []byte(text)
	}
	return data
}

// threads calls look for each way in which the values of a strand may belong
// together; inOrder has them in the order of the numbers of their names.
func (ss *strands) threads(s, inOrder strand, look func(thread)) {
	all := ss.spin(s, 1, nil)
	encoded := bytes.IndexByte(all.data, '%') >= 0
	look(all)
	if longer := ss.spin(s, leastPiece, nil); len(longer.ends) < len(all.ends) {
		look(longer)
	}
	if encoded {
		look(ss.spin(s, 1, withoutPercent))
	}
	for _, read := range pieceReadings {
		look(ss.spin(s, 1, read))
	}
	for _, other := range []strand{inOrder, backwards(s)} {
		look(ss.spin(other, 1, withoutPercent))
	}
}

func backwards(s strand) strand {
	s = slices.Clone(s)
	slices.Reverse(s)
	return s
}

// numbered returns the values whose names end in a number in the order of
// these, nothing if they are in it already.
func (ss *strands) numbered(s strand) strand {
	type place struct{ number, index int }
	byNumber := func(a, b place) int { return cmp.Compare(a.number, b.number) }
	var few [32]place
	places := few[:0]
	for _, i := range s {
		step := ss.values[i].Trail[len(ss.values[i].Trail)-1]
		if n, ok := lastNumber(step); ok {
			places = append(places, place{n, i})
		}
	}
	if slices.IsSortedFunc(places, byNumber) {
		return nil
	}
	slices.SortStableFunc(places, byNumber)
	list := make(strand, len(places))
	for i, p := range places {
		list[i] = p.index
	}
	return list
}

// lastNumber returns the number that a step ends with.
func lastNumber(step string) (n int, ok bool) {
	if c := step[len(step)-1]; c < '0' || c > '9' {
		return 0, false
	}
	n, err := strconv.Atoi(step[len(strings.TrimRight(step, "0123456789")):])
	return n, err == nil
}

// at returns which value of the thread holds the byte at a place.
func (t thread) at(place int) int { return sort.SearchInts(t.ends, place+1) }

// leastPiece is the length of a piece that may have shorter values, such as the
// numbers of the pieces, between it and the next one.
const leastPiece = 4

// meet returns the seeds that stand in several values, each once, in the layer
// that holds all pieces. layer returns the bytes of a layer. Strands in which no
// seed goes on are noted.
func (ss *strands) meet(notes *notebook, layer func(audit.Value) (audit.Secret, bool)) []meeting {
	var met []meeting
	var had map[int]bool
	dull := true
	look := func(t thread) {
		if len(t.ends) < 2 {
			return
		}
		notes.seeds.whole(t.data, func(seed int, sp *spelling, start, end int) {
			dull = false
			first, last := t.at(start), t.at(end-1)
			if first == last || had[seed] {
				return
			}
			m, ok := ss.around(ss.values[t.which[first]], ss.values[t.which[last]])
			if !ok {
				return
			}
			if m.value.Data, ok = layer(m.value); !ok {
				return
			}
			had = noted(had, seed)
			m.Match.Seed, m.Form, m.Confidence, m.rank = seed, splitForm, sp.confidence(), asWhole
			m.says = fmt.Sprintf("in %d pieces", last-first+1)
			met = append(met, m)
		})
	}
	follow := func(s strand) {
		inOrder := ss.numbered(s)
		noted := inOrder == nil && ss.write(s)
		if noted && notes.dull[string(ss.key)] {
			return
		}
		dull = true
		ss.threads(s, inOrder, look)
		if noted && dull {
			notes.grow(len(ss.key))
			notes.dull[string(ss.key)] = true
		}
	}
	for i, start := range ss.starts {
		end := len(ss.values)
		if i+1 < len(ss.starts) {
			end = ss.starts[i+1]
		}
		if end-start < 2 {
			continue
		}
		for len(ss.all) < end {
			ss.all = append(ss.all, len(ss.all))
		}
		follow(ss.all[start:end:end])
	}
	for _, s := range ss.order {
		if len(*s) > 1 {
			follow(*s)
		}
	}
	return met
}

// write makes the key of a strand, its values with their lengths, and reports
// whether it is short enough to be noted.
func (ss *strands) write(s strand) bool {
	ss.key = ss.key[:0]
	for _, i := range s {
		data := ss.values[i].Data.Reveal()
		ss.key = append(binary.AppendUvarint(ss.key, uint64(len(data))), data...)
		if len(ss.key) > maxStrand {
			return false
		}
	}
	return true
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
func (s *Seeds) whole(data []byte, hit func(seed int, sp *spelling, start, end int)) {
	s.text.find(data, func(i, start int) {
		for _, w := range s.words[i] {
			if !w.cut && (!w.spelling.use.has(ofPart) || w.spelling.use.has(inPieces)) {
				hit(w.seed, w.spelling, start, start+len(w.text))
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
	tails map[connection]tail
}

// A connection is one, and the hash of a trail in its messages.
type connection struct {
	place audit.Place
	url   string
	stem  uint64
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
	for _, strand := range ss.order {
		s := ss.spin(*strand, 1, nil)
		stem, _ := stem(ss.values[s.which[0]].Trail)
		key := connection{ex.Place, ex.URL, stem}
		before, known := c.tails[key]
		data := append(bytes.Clone(before.data), s.data...)
		c.seeds.whole(data, func(seed int, _ *spelling, start, end int) {
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
