package protect_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"telltale/collect/gatetest"
	"telltale/collect/noise"
	"telltale/collect/protect"
	"telltale/personal"
)

const (
	pages    = personal.Kind("behaviour/navigation/url")
	searches = personal.Kind("behaviour/search/query")
)

// release fills a counter and ends its epoch.
func release(t testing.TB, b protect.Budget, seed uint64, fill func(c *protect.Counter)) []protect.Count {
	t.Helper()
	c := protect.NewCounter(b)
	fill(c)
	counts, spent, err := c.Release(gatetest.Start, noise.NewStream(seed))
	if err != nil {
		t.Fatal(err)
	}
	if c.Len() != 0 {
		t.Error("something is left after the epoch")
	}
	for _, s := range spent {
		if s.Epsilon != b.Epsilon || s.Delta != b.Delta || !s.Epoch.Equal(gatetest.Start) {
			t.Errorf("the ledger says %+v", s)
		}
	}
	return counts
}

// Values go up the ladder until enough users share them.
func TestLadder(t *testing.T) {
	b := protect.Budget{Epsilon: 1000, Delta: 8, Values: 1, K: 20}
	counts := release(t, b, 1, func(c *protect.Counter) {
		who := uint64(0)
		add := func(n int, format string) {
			for range n {
				who++
				page := format
				if page[len(page)-1] == '#' {
					page = fmt.Sprintf("%s%d?q=secret", page[:len(page)-1], who)
				}
				if !c.Add("p", pages, page, who) {
					t.Fatalf("%s was not counted", page)
				}
			}
		}
		add(300, "https://shop.example.com/cart?session=secret#x")
		add(300, "https://shop.example.com/item/#")    // each its own: a template
		add(300, "https://user:pw@news.example.org/#") // the template has no more in it than the host
		add(300, "https://www.tiny.example.net/only-me")
		add(3, "https://rare.example.com/secret-page")
	})
	got := make(map[string]int64)
	for _, c := range counts {
		got[c.Rung()+" "+c.Value()] = c.Users()
	}
	for _, want := range []string{"value https://shop.example.com/cart", "template https://shop.example.com/item/*", "template https://news.example.org/*", "value https://www.tiny.example.net/only-me"} {
		if n := got[want]; n < 200 || n > 400 {
			t.Errorf("%s: %d users, want about 300, in %v", want, n, got)
		}
		delete(got, want)
	}
	for name, n := range got {
		t.Errorf("%s was released with %d users", name, n)
	}
}

// Below k nothing is released, whatever the noise says.
func TestBelowK(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := protect.Budget{
			Epsilon: rapid.Int64Range(1, 20_000).Draw(t, "epsilon"), Delta: rapid.IntRange(1, 12).Draw(t, "delta"),
			Values: rapid.IntRange(1, 8).Draw(t, "values"), K: rapid.IntRange(2, 40).Draw(t, "k"),
		}
		c := protect.NewCounter(b)
		for who := range b.K - 1 {
			c.Add("p", searches, "rare words", uint64(who)+1)
			c.Add("p", pages, "https://a.example.com/x", uint64(who)+1)
		}
		counts, _, err := c.Release(gatetest.Start, noise.NewStream(rapid.Uint64().Draw(t, "seed")))
		if err != nil || len(counts) != 0 {
			t.Fatalf("got %v, %v", counts, err)
		}
	})
}

// One user more or less changes the chance that a value is released by a factor
// of e^ε at most, and by δ. At the threshold, with ε = ln 3 and no other value.
func TestPartitionSelection(t *testing.T) {
	b := protect.Budget{Epsilon: 1099, Delta: 2, Values: 1, K: 5}
	const runs = 4000
	chance := func(users uint64) float64 {
		n := 0
		for seed := range uint64(runs) {
			if len(release(t, b, users*runs+seed, func(c *protect.Counter) {
				for who := range users {
					c.Add("p", searches, "words", who+1)
				}
			})) > 0 {
				n++
			}
		}
		return float64(n) / runs
	}
	last := 0.0
	for users := uint64(4); users < 24; users += 2 {
		p := chance(users)
		// Two users are e^2ε = 9; 0.02 is δ twice, and the rest chance.
		if p > 9*last+0.03 || 1-last > 9*(1-p)+0.03 {
			t.Errorf("%d users: %.3f after %.3f", users, p, last)
		}
		last = p
	}
	if last < 0.9 {
		t.Errorf("with many users it is released in %.3f of the runs only", last)
	}
}

// A user counts for a few values of a kind only, and for each once.
func TestContribution(t *testing.T) {
	c := protect.NewCounter(protect.Budget{Epsilon: 1000, Delta: 8, Values: 2, K: 2})
	for i, want := range []bool{true, true, false} {
		if got := c.Add("p", searches, fmt.Sprint("words ", i), 1); got != want {
			t.Errorf("value %d: %t", i, got)
		}
	}
	if !c.Add("p", searches, "words 0", 1) || !c.Add("p", pages, "https://a.example/", 1) || !c.Add("q", searches, "words 9", 1) {
		t.Error("the same value, another kind or another project did not count")
	}
	for _, bad := range []string{"", "not an address", "file:///etc/passwd", "javascript:alert(1)"} {
		if c.Add("p", pages, bad, 2) {
			t.Errorf("%q was counted", bad)
		}
	}
}

// Without randomness nothing is released.
func TestNoRandomness(t *testing.T) {
	c := protect.NewCounter(protect.Budget{Epsilon: 1000, Delta: 8, Values: 1, K: 2})
	for who := range uint64(500) {
		c.Add("p", searches, "words", who+1)
	}
	if counts, _, err := c.Release(gatetest.Start, iotest.ErrReader(errors.New("none"))); err == nil || len(counts) > 0 {
		t.Errorf("got %v, %v", counts, err)
	}
}
