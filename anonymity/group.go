package anonymity

import "slices"

// groups are rows in order, cut into classes of equal ones: class i is
// order[start[i]:start[i+1]].
type groups struct {
	order []uint32
	start []uint32
}

// classes returns the number of classes.
func (g groups) classes() int { return len(g.start) - 1 }

// class returns the rows of a class.
func (g groups) class(i int) []uint32 { return g.order[g.start[i]:g.start[i+1]] }

// sizes counts the classes of each size: sizes[s] classes have s rows.
func (g groups) sizes() map[int]int {
	n := make(map[int]int)
	for i := range g.classes() {
		n[len(g.class(i))]++
	}
	return n
}

// groupRows puts rows together that are equal in all columns. It sorts by one
// column after the other, the last one first, by counting: the time grows with
// rows and distinct values, and no hash can collide.
func groupRows(rows []uint32, cols []*Column) groups {
	order := sortRows(rows, cols)
	g := groups{order: order, start: []uint32{0}}
	for i := 1; i < len(order); i++ {
		if differ(order[i-1], order[i], cols) {
			g.start = append(g.start, uint32(i))
		}
	}
	if len(order) > 0 {
		g.start = append(g.start, uint32(len(order))) //nolint:gosec // less than rows
	}
	return g
}

func differ(a, b uint32, cols []*Column) bool {
	for _, c := range cols {
		if c.Codes[a] != c.Codes[b] {
			return true
		}
	}
	return false
}

// sortRows returns the rows ordered by the columns' codes, the first column
// first; rows that are equal keep their order.
func sortRows(rows []uint32, cols []*Column) []uint32 {
	from, to := append([]uint32(nil), rows...), make([]uint32, len(rows))
	for _, c := range slices.Backward(cols) {
		next := make([]uint32, len(c.Values)+1)
		for _, row := range from {
			next[c.Codes[row]+1]++
		}
		for v := 1; v < len(next); v++ {
			next[v] += next[v-1]
		}
		for _, row := range from {
			code := c.Codes[row]
			to[next[code]] = row
			next[code]++
		}
		from, to = to, from
	}
	return from
}

// all returns the numbers of all rows.
func (t *Table) all() []uint32 {
	rows := make([]uint32, t.Rows)
	for i := range rows {
		rows[i] = uint32(i)
	}
	return rows
}

// records groups what is known of subjects. A record is what one subject shows
// in cols and more: rows of one subject that are equal there count once. The
// classes are the records that are equal in cols. Rows without a subject are
// left out. Without a subject column each row is a record.
func (t *Table) records(cols []*Column, more ...*Column) groups {
	subject := t.One(Subject)
	if subject == nil {
		return groupRows(t.all(), cols)
	}
	by := append(append(append([]*Column(nil), cols...), subject), more...)
	none := subject.missing()
	rows := t.all()
	kept := rows[:0]
	for _, row := range rows {
		if int(subject.Codes[row]) != none {
			kept = append(kept, row)
		}
	}
	order := sortRows(kept, by)
	single := order[:0]
	for i, row := range order {
		if i == 0 || differ(single[len(single)-1], row, by) {
			single = append(single, row)
		}
	}
	g := groups{order: single, start: []uint32{0}}
	for i := 1; i < len(single); i++ {
		if differ(single[i-1], single[i], cols) {
			g.start = append(g.start, uint32(i))
		}
	}
	if len(single) > 0 {
		g.start = append(g.start, uint32(len(single))) //nolint:gosec // less than rows
	}
	return g
}
