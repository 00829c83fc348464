package anonymity

import (
	"math/bits"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// A sparse is a list of small lists of numbers, in two arrays.
type sparse struct {
	start []uint32
	ids   []uint32
}

func (s sparse) rows() int { return len(s.start) - 1 }

func (s sparse) row(i int) []uint32 { return s.ids[s.start[i]:s.start[i+1]] }

// transposed returns for each of n numbers the rows that hold it, in order.
func (s sparse) transposed(n int) sparse {
	t := sparse{start: make([]uint32, n+1), ids: make([]uint32, len(s.ids))}
	for _, id := range s.ids {
		t.start[id+1]++
	}
	for i := range n {
		t.start[i+1] += t.start[i]
	}
	next := slices.Clone(t.start)
	for i := range s.rows() {
		for _, id := range s.row(i) {
			t.ids[next[id]] = uint32(i)
			next[id]++
		}
	}
	return t
}

// A Form is how exactly an item is seen.
type Form string

// The forms of an item, fine to coarse. What is no address is the same in all
// of them.
const (
	Full     Form = "full"     // as it is
	Template Form = "template" // host and path, with {} for parts that look like ids; names of the query only
	Host     Form = "host"
	Domain   Form = "domain" // registrable domain, by the public suffix list
	NoItem   Form = "none"   // all items are one: only times count
)

// Forms lists the forms, fine to coarse.
var Forms = []Form{Full, Template, Host, Domain}

// Coarse returns an item in a form. An address has a scheme and a host; a host
// may stand alone.
func Coarse(item string, form Form) string {
	switch {
	case form == NoItem:
		return "*"
	case form == Full:
		return item
	case bareHost(item):
		if form == Domain {
			return domain(strings.ToLower(item))
		}
		return strings.ToLower(item)
	case !strings.Contains(item, "://"):
		return item
	}
	u, err := url.Parse(item)
	if err != nil || u.Host == "" {
		return item
	}
	host := strings.ToLower(u.Hostname())
	switch form {
	case Host:
		return host
	case Domain:
		return domain(host)
	default:
		return u.Scheme + "://" + host + template(u)
	}
}

// bareHost reports whether an item is a host without a scheme: a domain that
// the public suffix list knows a suffix for.
func bareHost(item string) bool {
	if !strings.Contains(item, ".") || strings.ContainsAny(item, "/: @?#") {
		return false
	}
	_, known := publicsuffix.PublicSuffix(strings.ToLower(item))
	return known
}

// domain returns the registrable domain of a host, the host itself if it has
// none.
func domain(host string) string {
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	if d, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return d
	}
	return host
}

// template returns path and names of the query, without what names one thing.
func template(u *url.URL) string {
	parts := strings.Split(u.EscapedPath(), "/")
	for i, part := range parts {
		if looksLikeID(part) {
			parts[i] = "{}"
		}
	}
	path := strings.Join(parts, "/")
	names := make([]string, 0, 4)
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if name, _, _ := strings.Cut(pair, "="); name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return path
	}
	slices.Sort(names)
	return path + "?" + strings.Join(slices.Compact(names), "&")
}

// looksLikeID reports whether a part of a path names one thing: it is long, or
// half of it or more is digits.
func looksLikeID(part string) bool {
	digits := 0
	for _, c := range []byte(part) {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	return len(part) > 24 || len(part) > 0 && 2*digits >= len(part)
}

// A Tick is the width of a step of time, in seconds.
type Tick struct {
	Name    string
	Seconds int64 // 0: time is not looked at
}

// Ticks lists the widths, fine to coarse.
var Ticks = []Tick{{"second", 1}, {"hour", 3600}, {"day", 86400}, {"week", 7 * 86400}, {"no time", 0}}

// Traces are the points of subjects: a point is an item in a step of time. A
// subject has each point once, however often it was there.
type Traces struct {
	points   sparse // of each subject, ascending
	subjects sparse // of each point, ascending
}

// Traces returns the traces of a table at one granularity. Rows without a
// subject are left out, and rows without a time unless tick has no width. Rows
// without an item are left out if there is an item column.
func (t *Table) Traces(form Form, tick Tick) Traces {
	of, n := t.subjects()
	item, coarse := t.items(form)
	rows := t.all()
	kept := rows[:0]
	for _, row := range rows {
		if of[row] >= 0 && (tick.Seconds == 0 || t.timed(int(row))) && (item == nil || coarse[item.Codes[row]] >= 0) {
			kept = append(kept, row)
		}
	}
	kept = bySubject(kept, of, n)
	keys, who := make([]uint64, len(kept)), make([]uint32, len(kept))
	first := t.earliest(kept, tick)
	for i, row := range kept {
		key := uint64(0)
		if item != nil {
			key = uint64(coarse[item.Codes[row]]) << 32 //nolint:gosec // checked above
		}
		if tick.Seconds > 0 {
			key |= uint64(uint32(t.Times[row]/tick.Seconds - first)) //nolint:gosec // 2^32 seconds are 136 years
		}
		keys[i], who[i] = key, uint32(of[row]) //nolint:gosec // checked above
	}
	radix(keys, who)
	return newTraces(keys, who, n)
}

// earliest returns the first step of time of the rows.
func (t *Table) earliest(rows []uint32, tick Tick) int64 {
	if tick.Seconds == 0 || len(rows) == 0 {
		return 0
	}
	first := t.Times[rows[0]]
	for _, row := range rows {
		first = min(first, t.Times[row])
	}
	return first / tick.Seconds
}

// items returns the item column, if there is one, and for each of its values
// the number of its form, -1 for the missing one.
func (t *Table) items(form Form) (*Column, []int32) {
	c := t.One(Item)
	if c == nil {
		return nil, nil
	}
	index := make(map[string]int32)
	of := make([]int32, len(c.Values))
	for i, v := range c.Values {
		if Missing(v) {
			of[i] = -1
			continue
		}
		v = Coarse(v, form)
		id, had := index[v]
		if !had {
			id = int32(len(index)) //nolint:gosec // not more than values
			index[v] = id
		}
		of[i] = id
	}
	return c, of
}

// bySubject sorts rows by subject, by counting.
func bySubject(rows []uint32, of []int32, n int) []uint32 {
	next := make([]uint32, n+1)
	for _, row := range rows {
		next[of[row]+1]++
	}
	for i := range n {
		next[i+1] += next[i]
	}
	sorted := make([]uint32, len(rows))
	for _, row := range rows {
		sorted[next[of[row]]] = row
		next[of[row]]++
	}
	return sorted
}

// radix sorts keys, and moves what belongs to them along. Equal keys keep
// their order. It goes by 11 bits at a time over the bits that differ.
func radix(keys []uint64, with []uint32) {
	var differing uint64
	for _, k := range keys {
		differing |= k ^ keys[0]
	}
	keys2, with2 := make([]uint64, len(keys)), make([]uint32, len(keys))
	from, fromWith := keys, with
	for shift := 0; shift < bits.Len64(differing); shift += 11 {
		if differing>>shift&2047 == 0 {
			continue
		}
		var next [2049]int
		for _, k := range from {
			next[k>>shift&2047+1]++
		}
		for i := range 2048 {
			next[i+1] += next[i]
		}
		for i, k := range from {
			at := &next[k>>shift&2047]
			keys2[*at], with2[*at] = k, fromWith[i]
			*at++
		}
		from, keys2 = keys2, from
		fromWith, with2 = with2, fromWith
	}
	if len(keys) > 0 && &from[0] != &keys[0] {
		copy(keys, from)
		copy(with, fromWith)
	}
}

// newTraces numbers the distinct keys and keeps each pair once. Keys come in
// order, and subjects in order for each key.
func newTraces(keys []uint64, who []uint32, subjects int) Traces {
	t := Traces{subjects: sparse{start: []uint32{0}}}
	ids := who[:0]
	for i := range keys {
		if i > 0 && keys[i] != keys[i-1] {
			t.subjects.start = append(t.subjects.start, uint32(len(ids))) //nolint:gosec // less than rows
		}
		if i == 0 || keys[i] != keys[i-1] || who[i] != ids[len(ids)-1] {
			ids = append(ids, who[i])
		}
	}
	if len(keys) > 0 {
		t.subjects.start = append(t.subjects.start, uint32(len(ids))) //nolint:gosec // see above
	}
	t.subjects.ids = slices.Clip(ids)
	t.points = t.subjects.transposed(subjects)
	return t
}
