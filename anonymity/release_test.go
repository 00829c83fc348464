package anonymity_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"telltale/anonymity"
)

// One hidden cell in a row whose sum is shown is the rest of it; two are not,
// until a column tells one of them.
func TestDifferencing(t *testing.T) {
	for _, c := range []struct {
		name          string
		cells         [][]int
		found, hidden int
	}{
		{"one in its row", [][]int{{30, 40, 3}}, 1, 1},
		{"two in a row, told by columns", [][]int{{30, 3, 4}, {40, 50, 60}}, 2, 2},
		{"a square of four", [][]int{{3, 4, 30}, {4, 3, 30}, {30, 30, 30}}, 0, 4},
		{"one after the other", [][]int{{3, 4, 30}, {30, 3, 30}, {30, 30, 30}}, 3, 3},
		{"sums hidden too", [][]int{{1, 1}, {1, 1}}, 0, 4},
		{"zeros are known", [][]int{{0, 0, 25}}, 0, 0},
	} {
		found, hidden := anonymity.Counts{Cells: c.cells, Threshold: 20}.Differencing()
		if found != c.found || hidden != c.hidden {
			t.Errorf("%s: %d of %d, want %d of %d", c.name, found, hidden, c.found, c.hidden)
		}
	}
}

// Only what is determined is found: cells that could be otherwise, with the
// same release, are not.
func TestDifferencingSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells := make([][]int, 2)
		for i := range cells {
			for range 3 {
				cells[i] = append(cells[i], rapid.IntRange(0, 4).Draw(t, "count"))
			}
		}
		c := anonymity.Counts{Cells: cells, Threshold: 3}
		found, hidden := c.Differencing()
		if found > hidden || found < 0 {
			t.Fatalf("%d of %d", found, hidden)
		}
		free := 0
		for i := range cells {
			for j := range cells[i] {
				if n := cells[i][j]; n > 0 && n < 3 && otherwise(cells, i, j) {
					free++
				}
			}
		}
		if found > hidden-free {
			t.Fatalf("%v: found %d, but %d of %d could be otherwise", cells, found, free, hidden)
		}
	})
}

// otherwise reports whether another table with the same release has another
// count at a place. It tries all counts below the threshold.
func otherwise(cells [][]int, row, column int) bool {
	var places [][2]int
	for i := range cells {
		for j, n := range cells[i] {
			if n > 0 && n < 3 {
				places = append(places, [2]int{i, j})
			}
		}
	}
	want := release(cells)
	for code := range 1 << len(places) {
		other := [][]int{append([]int(nil), cells[0]...), append([]int(nil), cells[1]...)}
		for k, p := range places {
			other[p[0]][p[1]] = 1 + code>>k&1
		}
		if other[row][column] != cells[row][column] && release(other) == want {
			return true
		}
	}
	return false
}

// release writes what is shown of a two by three table.
func release(cells [][]int) [11]int {
	var out [11]int
	k := 0
	show := func(n int) {
		if out[k] = n; n > 0 && n < 3 {
			out[k] = -1
		}
		k++
	}
	for _, row := range cells {
		for _, n := range row {
			show(n)
		}
	}
	for _, row := range cells {
		show(row[0] + row[1] + row[2])
	}
	for j := range 3 {
		show(cells[0][j] + cells[1][j])
	}
	return out
}

// A threshold tells for sure: the bound is what so many equal runs allow, by
// the exact interval. Noise of ε = 1 stays below 1 and comes near.
func TestEpsilon(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const runs = 4000
	e, err := anonymity.Replay(anonymity.AtLeast(20), 20, runs, rng).Epsilon(0)
	if err != nil {
		t.Fatal(err)
	}
	half := 2000.
	want := math.Log(math.Pow(0.025, 1/half) / (1 - math.Pow(0.025, 1/half)))
	if math.Abs(e.Bound-want) > 1e-6 || !math.IsInf(e.Estimate, 1) || e.Runs != runs/2 {
		t.Errorf("threshold: %+v, want at least %v", e, want)
	}
	if e, err = anonymity.Replay(anonymity.Geometric(1), 20, 40_000, rng).Epsilon(0); err != nil || e.Bound > 1 || e.Bound < 0.8 {
		t.Errorf("noise: %+v, %v, want at least 0.8 to 1", e, err)
	}
	if e, err = anonymity.Replay(func(int, *rand.Rand) int { return 5 }, 20, runs, rng).Epsilon(0); err != nil || e.Bound != 0 {
		t.Errorf("a constant tells nothing: %+v, %v", e, err)
	}
	if _, err = (anonymity.Replays{With: []float64{1}}).Epsilon(0); err == nil {
		t.Error("one run shows nothing")
	}
	// With a delta of one half, half of the sure outputs are forgiven.
	if e, err = anonymity.Replay(anonymity.AtLeast(20), 20, runs, rng).Epsilon(0.5); err != nil || e.Bound >= want {
		t.Errorf("delta: %+v, %v", e, err)
	}
}
