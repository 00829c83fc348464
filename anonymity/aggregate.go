package anonymity

import (
	"context"
	"fmt"
)

// Counts is a two-way table of event counts as it would be released: its
// cells, its margins and its total. A count below the threshold is hidden, and
// so is none that is zero: that nobody was there is known anyway.
type Counts struct {
	Cells     [][]int
	Threshold int
}

// hiddenCount marks a count that an attacker does not know.
const hiddenCount = -1

// show returns what is released of a count.
func (c Counts) show(n int) int {
	if n > 0 && n < c.Threshold {
		return hiddenCount
	}
	return n
}

// Differencing tries to find hidden cells by subtracting what is shown from
// what is shown: where one cell of a row or a column is hidden and the margin
// is not, it is the rest. What was found helps to find more. It returns how
// many of how many hidden cells were found.
func (c Counts) Differencing() (found, hidden int) {
	rows, columns := c.margins()
	shown := make([][]int, len(c.Cells))
	for i, row := range c.Cells {
		shown[i] = make([]int, len(row))
		for j, n := range row {
			if shown[i][j] = c.show(n); shown[i][j] == hiddenCount {
				hidden++
			}
		}
	}
	for again := true; again; {
		again = false
		for i := range shown {
			again = solveLine(c.show(rows[i]), len(columns), func(j int) *int { return &shown[i][j] }) || again
		}
		for j := range columns {
			again = solveLine(c.show(columns[j]), len(rows), func(i int) *int { return &shown[i][j] }) || again
		}
	}
	left := 0
	for _, row := range shown {
		for _, n := range row {
			if n == hiddenCount {
				left++
			}
		}
	}
	return hidden - left, hidden
}

// margins returns the sums of rows and of columns.
func (c Counts) margins() (rows, columns []int) {
	rows = make([]int, len(c.Cells))
	for i, row := range c.Cells {
		if columns == nil {
			columns = make([]int, len(row))
		}
		for j, n := range row {
			rows[i] += n
			columns[j] += n
		}
	}
	return rows, columns
}

// solveLine fills the one hidden cell of a line whose sum is shown.
func solveLine(sum, cells int, cell func(int) *int) bool {
	if sum == hiddenCount {
		return false
	}
	at, missing := 0, 0
	for i := range cells {
		if *cell(i) == hiddenCount {
			at = i
			missing++
			continue
		}
		sum -= *cell(i)
	}
	if missing != 1 {
		return false
	}
	*cell(at) = sum
	return true
}

// maxCells bounds a two-way table.
const maxCells = 4 << 20

// counts2 counts events by domain and day, or by the first two
// quasi-identifiers.
func (s *study) counts2() (counts [][]int, of string, ok bool) {
	var keys []Key
	if item := s.One(Item); item != nil && s.timely() {
		keys = []Key{{Column: item, Form: Domain, Need: true}, {Step: 86400}}
		of = "domain and day"
	} else if cols := s.With(Quasi); len(cols) >= 2 {
		keys = keysOf(cols[:2])
		of = cols[0].Name + " and " + cols[1].Name
	} else {
		return nil, "", false
	}
	rows, columns, first := int64(0), int64(0), int64(0)
	if keys[1].Column == nil {
		first, _ = s.span()
		first = floor(first, 86400) / 86400
	}
	for tuple := range s.tuples(keys...) {
		rows, columns = max(rows, tuple[0]+1), max(columns, tuple[1]-first+1)
	}
	if rows == 0 || rows > maxCells || columns > maxCells || rows*columns > maxCells {
		return nil, of, false
	}
	counts = make([][]int, rows)
	for i := range counts {
		counts[i] = make([]int, columns)
	}
	for tuple, n := range s.tuples(keys...) {
		counts[tuple[0]][tuple[1]-first] += n
	}
	return counts, of, true
}

func measureAggregates(_ context.Context, s *study) (Result, error) {
	var r Result
	if counts, of, ok := s.counts2(); ok {
		found, hidden := Counts{counts, s.K}.Differencing()
		a := Attack{ID: "differencing", Name: fmt.Sprintf("Differencing: finding a hidden count of events by %s, released from %d on with its sums,", of, s.K), Of: "hidden cells"}
		if hidden > 0 {
			guess := chance(hidden, s.K-1) // what is not found is guessed
			a.Rate = Wilson(float64(found)+float64(hidden-found)*guess.Share, hidden)
			r.Attacks = append(r.Attacks, a.against(guess))
		} else {
			r.Notes = append(r.Notes, fmt.Sprintf("A release of counts by %s hides nothing at a threshold of %d.", of, s.K))
		}
	} else {
		r.Notes = append(r.Notes, "Differencing was not tried: it takes an item and a time, or two quasi-identifiers, and not too many values.")
	}
	s.membership(&r)
	if len(r.Attacks) == 0 {
		return Result{}, skip("there is nothing to count")
	}
	return r, nil
}
