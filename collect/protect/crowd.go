package protect

import (
	"slices"
	"sync"

	"telltale/collect"
)

// maxValues bounds the values that a crowd looks at; more are rare.
const maxValues = 50_000

// A crowd knows which values enough users share, in one period. It is in memory
// only, and begins anew with each period: users of two periods cannot be told
// to be the same, and must not be counted twice.
type crowd struct {
	mu     sync.Mutex
	k      int
	period int64
	seen   map[string]*sharers
}

// sharers are users of a value, until there are enough.
type sharers struct {
	users  []uint64
	enough bool
}

// A sighting is who was seen, and in which period.
type sighting struct {
	who    uint64
	period int64
}

func newCrowd(k int) *crowd { return &crowd{k: k, seen: make(map[string]*sharers)} }

// shared notes that a user has the value, and reports whether at least k users
// have it.
func (c *crowd) shared(project string, p collect.Property, s sighting) bool {
	if s.who == 0 {
		return false
	}
	key := project + "\x00" + p.Name + "\x00" + string(appendValue(nil, p.Value))
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.period != c.period {
		clear(c.seen)
		c.period = s.period
	}
	v := c.seen[key]
	if v == nil {
		if len(c.seen) >= maxValues {
			return false
		}
		v = new(sharers)
		c.seen[key] = v
	}
	if v.enough {
		return true
	}
	if !slices.Contains(v.users, s.who) {
		v.users = append(v.users, s.who)
	}
	if v.enough = len(v.users) >= c.k; v.enough {
		v.users = nil
	}
	return v.enough
}
