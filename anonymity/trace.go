package anonymity

import (
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

func (s sparse) rows() int { return max(0, len(s.start)-1) }

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
	Major    Form = "major"  // of a version: what is before the first dot
)

// Forms lists the forms, fine to coarse.
var Forms = []Form{Full, Template, Host, Domain}

// Coarse returns an item in a form. An address has a scheme and a host; a host
// may stand alone.
func Coarse(item string, form Form) string {
	switch {
	case form == NoItem:
		return "*"
	case form == Full || Missing(item):
		return item
	case form == Major:
		head, _, _ := strings.Cut(item, ".")
		return head
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

// coarse returns for each code of a column in memory the number of its form, in
// the order in which forms first come.
func (c *Column) coarse(form Form) []uint32 {
	if done := c.known[form]; done != nil {
		return done
	}
	index := make(map[string]uint32)
	done := make([]uint32, len(c.Values))
	for i, v := range c.Values {
		v = Coarse(v, form)
		id, had := index[v]
		if !had {
			id = uint32(len(index)) //nolint:gosec // not more than values
			index[v] = id
		}
		done[i] = id
	}
	if c.known == nil {
		c.known = make(map[Form][]uint32)
	}
	c.known[form] = done
	return done
}
