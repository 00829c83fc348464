package packet

import (
	"net/netip"
	"slices"
)

// A fragmentKey is what the fragments of one datagram have in common.
type fragmentKey struct {
	src, dst netip.Addr
	proto    uint8
	id       uint32
}

// Bounds of what waits to be put together.
const (
	maxDatagram = 64 << 10
	maxPartial  = 256 // datagrams
)

// fragments puts datagrams together. What waits for longest makes room.
type fragments struct {
	waiting map[fragmentKey]*partial
	order   []fragmentKey // by the time of the first fragment
	held    tally         // what waits
	lost    tally         // what waited in vain
}

// A tally counts fragments.
type tally struct{ fragments, bytes int64 }

func (t *tally) add(o tally, sign int64) {
	t.fragments += sign * o.fragments
	t.bytes += sign * o.bytes
}

// A partial is a datagram of which some fragments are there.
type partial struct {
	data  []byte
	have  []span // sorted, apart from each other
	total int    // 0 while the last fragment is not there
	tally tally
	proto uint8
}

type span struct{ from, to int }

// add takes a fragment, and returns the datagram if it is complete now. Of
// bytes that come twice the first are kept.
func (f *fragments) add(key fragmentKey, g Datagram, offset int, more bool) Datagram {
	end := offset + len(g.Payload)
	one := tally{1, int64(len(g.Payload))}
	if end > maxDatagram || g.Short > 0 {
		f.lost.add(one, 1)
		return Datagram{}
	}
	p := f.waiting[key]
	if p == nil {
		p = f.open(key)
	}
	f.held.add(one, 1)
	p.tally.add(one, 1)
	if offset == 0 {
		p.proto = g.Proto
	}
	if !more && p.total == 0 {
		p.total = end
	}
	p.put(offset, g.Payload)
	if p.total == 0 || len(p.have) != 1 || p.have[0].from != 0 || p.have[0].to < p.total {
		return Datagram{}
	}
	f.drop(key)
	f.held.add(p.tally, -1)
	g.Proto, g.Payload = p.proto, p.data[:p.total]
	return g
}

// open makes a place for a datagram, if need be that of the one that has
// waited for longest.
func (f *fragments) open(key fragmentKey) *partial {
	if f.waiting == nil {
		f.waiting = make(map[fragmentKey]*partial)
	}
	if len(f.waiting) >= maxPartial {
		oldest := f.waiting[f.order[0]]
		f.lost.add(oldest.tally, 1)
		f.held.add(oldest.tally, -1)
		f.drop(f.order[0])
	}
	p := &partial{}
	f.waiting[key] = p
	f.order = append(f.order, key)
	return p
}

func (f *fragments) drop(key fragmentKey) {
	delete(f.waiting, key)
	f.order = slices.DeleteFunc(f.order, func(k fragmentKey) bool { return k == key })
}

// put writes b at an offset, where nothing is yet.
func (p *partial) put(offset int, b []byte) {
	end := offset + len(b)
	if end > len(p.data) {
		p.data = append(p.data, make([]byte, end-len(p.data))...)
	}
	at := offset
	for _, s := range p.have {
		if s.from > at {
			n := min(s.from, end)
			copy(p.data[at:max(n, at)], b[at-offset:])
		}
		at = min(max(at, s.to), end)
	}
	copy(p.data[at:end], b[at-offset:])
	p.have = join(append(p.have, span{offset, end}))
}

// join merges spans that touch.
func join(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return a.from - b.from })
	joined := spans[:1]
	for _, s := range spans[1:] {
		last := &joined[len(joined)-1]
		if s.from > last.to {
			joined = append(joined, s)
			continue
		}
		last.to = max(last.to, s.to)
	}
	return joined
}
