package protect

import (
	"cmp"
	"io"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"telltale/collect/noise"
	"telltale/personal"
)

// A Count is a released number of users: so many, with noise, had the value in
// an epoch. Only [Counter.Release] makes one that has data.
type Count struct {
	project, value string
	kind           personal.Kind
	rung           string
	users          int64
	epoch          time.Time
}

// Project returns the project that was counted for.
func (c Count) Project() string { return c.project }

// Kind returns the kind of the value.
func (c Count) Kind() personal.Kind { return c.kind }

// Rung says how far the value was made coarser: "value" is not at all, "rest"
// is everything that no finer value was released for.
func (c Count) Rung() string { return c.rung }

// Value returns the value, "" on the last rung.
func (c Count) Value() string { return c.value }

// Users returns the number of users, with noise; it is at least 1.
func (c Count) Users() int64 { return c.users }

// Epoch returns the begin of the epoch.
func (c Count) Epoch() time.Time { return c.epoch }

// A Budget is how much the releases of one epoch may say about one user.
type Budget struct {
	// Epsilon is ε of differential privacy in thousandths, for one epoch, one
	// project and one kind, over all rungs together; 1000 is ε = 1.
	Epsilon int64
	// Delta is δ as the exponent of a power of ten: 8 is δ = 1e-8.
	Delta int
	// Values is how many values of a kind one user can count for in an epoch.
	Values int
	// K is the number of users that a released value is at least about.
	K int
}

// DefaultBudget is ε = 1, δ = 1e-8, four values of a user, k = 20.
var DefaultBudget = Budget{Epsilon: 1000, Delta: 8, Values: 4, K: DefaultK}

// Limits of a counter.
const (
	maxCounted = 500_000 // values in memory
	maxCounts  = 8 << 20 // users of values in memory
	maxValue   = 2048    // bytes of a value
)

// A Counter counts users of values, in memory only: a crash loses an epoch, and
// a disk never had it. What it releases at the end of an epoch is about at least
// k users, has noise, and says of a value no more than the finest rung of its
// ladder allows. It is safe for concurrent use.
type Counter struct {
	mu     sync.Mutex
	budget Budget
	groups map[group]*values
	total  int // values
	users  int // users of values
}

// A group is what one budget is for.
type group struct {
	project string
	kind    personal.Kind
}

// values are those of a group.
type values struct {
	users map[string]map[uint64]struct{}
	had   map[uint64]int // values of a user
}

// NewCounter returns an empty counter.
func NewCounter(b Budget) *Counter { return &Counter{budget: b, groups: make(map[group]*values)} }

// Add counts a user for a value. It is false if that did not count, because the
// user has had its share, the value is too long, or memory is full.
func (c *Counter) Add(project string, kind personal.Kind, value string, who uint64) bool {
	value = clean(kind, value)
	if value == "" || len(value) > maxValue {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.groups[group{project, kind}]
	if g == nil {
		g = &values{make(map[string]map[uint64]struct{}), make(map[uint64]int)}
		c.groups[group{project, kind}] = g
	}
	users, known := g.users[value]
	if _, again := users[who]; again {
		return true
	}
	if g.had[who] >= c.budget.Values || c.users >= maxCounts || !known && c.total >= maxCounted {
		return false
	}
	if !known {
		users = make(map[uint64]struct{})
		g.users[value] = users
		c.total++
	}
	users[who] = struct{}{}
	g.had[who]++
	c.users++
	return true
}

// Len returns how many values are being counted.
func (c *Counter) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}

// A Spent is a line of the ledger: what a release has cost.
type Spent struct {
	Epoch    time.Time `json:"epoch"`
	Project  string    `json:"project"`
	Kind     string    `json:"kind"`
	Epsilon  int64     `json:"epsilon_thousandths"`
	Delta    int       `json:"delta_exponent"`
	Values   int       `json:"values_per_user"`
	K        int       `json:"k"`
	Released int       `json:"released"`
}

// Release ends an epoch: it returns the counts that may be told, and what that
// has cost, and forgets everything else. An error of the random source releases
// nothing.
func (c *Counter) Release(epoch time.Time, random io.Reader) (counts []Count, spent []Spent, err error) {
	c.mu.Lock()
	groups := c.groups
	c.groups, c.total, c.users = make(map[group]*values), 0, 0
	c.mu.Unlock()
	source := noise.New(random)
	for _, g := range slices.SortedFunc(maps.Keys(groups), func(a, b group) int {
		return cmp.Or(cmp.Compare(a.project, b.project), cmp.Compare(a.kind, b.kind))
	}) {
		released := c.budget.release(g, groups[g].users, source)
		for i := range released {
			released[i].epoch = epoch
		}
		counts = append(counts, released...)
		spent = append(spent, Spent{epoch, g.project, string(g.kind), c.budget.Epsilon, c.budget.Delta, c.budget.Values, c.budget.K, len(released)})
	}
	if err := source.Err(); err != nil {
		return nil, nil, err
	}
	return counts, spent, nil
}

// release goes up the ladder. What is not released on a rung goes on to the
// next, coarser one, with all its users.
func (b Budget) release(g group, users map[string]map[uint64]struct{}, source *noise.Source) (out []Count) {
	ladder := ladderOf(g.kind)
	m := b.mechanism(len(ladder))
	for _, rung := range ladder {
		coarser := make(map[string]map[uint64]struct{})
		for value, who := range users {
			v := rung.of(value)
			if coarser[v] == nil {
				coarser[v] = make(map[uint64]struct{}, len(who))
			}
			maps.Copy(coarser[v], who)
		}
		left := make(map[string]map[uint64]struct{})
		for _, value := range slices.Sorted(maps.Keys(coarser)) {
			n, ok := m.choose(int64(len(coarser[value])), source)
			if !ok {
				left[value] = coarser[value]
				continue
			}
			out = append(out, Count{project: g.project, kind: g.kind, rung: rung.name, value: value, users: n})
		}
		// The next rung begins with the values as they came.
		users = only(users, func(v string) bool { return left[rung.of(v)] != nil })
	}
	return out
}

func only(users map[string]map[uint64]struct{}, keep func(string) bool) map[string]map[uint64]struct{} {
	out := make(map[string]map[uint64]struct{})
	for v, who := range users {
		if keep(v) {
			out[v] = who
		}
	}
	return out
}

// A mechanism adds noise and decides whether a value may be told.
type mechanism struct {
	k         int64
	threshold int64 // above k-1, with noise
	draw      func(*noise.Source) int64
}

// mechanism returns the one for a ladder. A user counts for up to b.Values
// values on each rung, so that Values·rungs counts change by one if the user is
// taken away. The noise is discrete Gaussian from five of them, where it is the
// smaller one, and discrete Laplace below, or with an ε above 1, for which the
// Gaussian's bound does not hold.
//
// A value must have k users, and the number of those above k-1, with noise,
// must pass a threshold that noise alone passes with a probability of at most δ:
// partition selection (Desfontaines, Voss and Gipson 2022) after a first
// threshold of k.
func (b Budget) mechanism(rungs int) mechanism {
	touched := int64(max(b.Values, 1) * rungs)
	epsilon, delta := float64(b.Epsilon)/1000, math.Pow(10, -float64(b.Delta))
	m := mechanism{k: int64(b.K)}
	if touched <= 4 || b.Epsilon > 1000 {
		// The scale is touched/ε; the tail of each of the counts has δ/touched.
		num, den := touched*1000, b.Epsilon
		tail := float64(touched) / epsilon * math.Log(float64(touched)/(2*delta))
		m.threshold = 1 + int64(math.Ceil(tail))
		m.draw = func(s *noise.Source) int64 { return s.Laplace(num, den) }
		return m
	}
	// Half of δ is for the noise, half for the threshold. The variance is the
	// classic one, which holds for ε up to 1 (Dwork and Roth 2014, theorem A.1).
	variance := int64(math.Ceil(2 * float64(touched) * math.Log(1.25/(delta/2)) / (epsilon * epsilon)))
	m.threshold = 1 + int64(math.Ceil(math.Sqrt(2*float64(variance)*math.Log(float64(touched)/delta))))
	m.draw = func(s *noise.Source) int64 { return s.Gaussian(variance) }
	return m
}

// choose returns a number of users with noise, and whether it may be told.
func (m mechanism) choose(users int64, source *noise.Source) (int64, bool) {
	if users < m.k || users == 0 {
		return 0, false
	}
	n := m.draw(source)
	if users-(m.k-1)+n < m.threshold {
		return 0, false
	}
	return max(users+n, 1), true
}
