package ingest

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
)

// Limits of what [Names] holds.
const (
	maxNames  = 2000
	maxDigits = 4 // in a name; one with more may be an id
)

// Names counts names that the plan does not have, so that its makers learn of
// them. A name comes from the sender and may be anything: it is shown when at
// least K users sent it, and counts as "other" until then. It is in memory only,
// and safe for concurrent use.
type Names struct {
	K int

	mu   sync.Mutex
	seed maphash.Seed
	seen map[string]*nameCount
	rest int64
}

type nameCount struct {
	n     int64
	users []uint64 // until there are K
}

// A NameCount is a name and how often it came.
type NameCount struct {
	Name string `json:"name"`
	N    int64  `json:"n"`
}

// Add counts a name that a user sent.
func (s *Names) Add(name, who string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen, s.seed = make(map[string]*nameCount), maphash.MakeSeed()
	}
	c := s.seen[name]
	if c == nil {
		if who == "" || len(s.seen) >= maxNames || digits(name) > maxDigits {
			s.rest++
			return
		}
		c = new(nameCount)
		s.seen[name] = c
	}
	c.n++
	if len(c.users) >= s.K || who == "" {
		return
	}
	if u := maphash.String(s.seed, who); !slices.Contains(c.users, u) {
		c.users = append(c.users, u)
	}
}

func digits(s string) int {
	return len(s) - len(strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, s))
}

// Shown returns the names that may be shown, the most frequent first, and how
// often others came.
func (s *Names) Shown() (shown []NameCount, other int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	other = s.rest
	for name, c := range s.seen {
		if len(c.users) < s.K {
			other += c.n
			continue
		}
		shown = append(shown, NameCount{name, c.n})
	}
	slices.SortFunc(shown, func(a, b NameCount) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Name, b.Name)) })
	return shown, other
}
