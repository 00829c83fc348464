package anonymity

import (
	"context"
	"fmt"
	"strings"
)

// Uniqueness is how records spread over classes of equal ones.
type Uniqueness struct {
	Records int
	Classes int
	Unique  int         // records that stand alone in their class
	K       int         // records of the smallest class
	Below   int         // records in classes smaller than the threshold
	Sizes   map[int]int // number of classes of each size
	Alone   int         // subjects with one unique record or more
	People  int         // subjects
}

// Share is the part of the records that are unique (ξ).
func (u Uniqueness) Share() float64 { return float64(u.Unique) / float64(max(1, u.Records)) }

// Correctness is the mean over records of one by the size of the class (κ):
// how often it is right to name one of the class.
func (u Uniqueness) Correctness() float64 { return float64(u.Classes) / float64(max(1, u.Records)) }

// Unique counts the classes of records that are equal in the columns. In a
// class of records that differ only by subject each subject stands once, so
// that its size is the size of an anonymity set.
func (t *Table) Unique(cols []*Column, threshold int) Uniqueness {
	u := Uniqueness{Sizes: make(map[int]int), People: t.CountSubjects()}
	subject := t.One(Subject)
	var alone []bool
	if subject != nil {
		alone = make([]bool, subject.distinct())
	}
	size, who := 0, int64(-1)
	closed := func() {
		if size == 0 {
			return
		}
		u.Sizes[size]++
		if size == 1 && subject != nil {
			alone[who] = true
		}
		size = 0
	}
	for r := range t.records(cols) {
		if r.first {
			closed()
		}
		size += r.n
		who = r.subject
	}
	closed()
	u.sum(threshold)
	for _, a := range alone {
		if a {
			u.Alone++
		}
	}
	if subject == nil {
		u.Alone = u.Unique
	}
	return u
}

// sum fills in what follows from the sizes of classes.
func (u *Uniqueness) sum(threshold int) {
	for size, classes := range u.Sizes {
		u.Records += size * classes
		u.Classes += classes
		if u.K == 0 || size < u.K {
			u.K = size
		}
		if size < threshold {
			u.Below += size * classes
		}
	}
	u.Unique = u.Sizes[1]
}

// known are the columns that an attacker knows of a person.
func (s *study) known() ([]*Column, error) {
	cols := s.With(Quasi)
	if len(cols) == 0 {
		return nil, skip("no column is a quasi-identifier")
	}
	return cols, nil
}

// several returns an error if there are not two subjects to tell apart.
func (s *study) several() error {
	switch s.CountSubjects() {
	case 0:
		return skip("no row has a subject")
	case 1:
		return skip("one subject is all there is to choose from")
	default:
		return nil
	}
}

func measureUniqueness(_ context.Context, s *study) (Result, error) {
	cols, err := s.known()
	if err != nil {
		return Result{}, err
	}
	if err := s.several(); err != nil {
		return Result{}, err
	}
	u := s.Unique(cols, s.K)
	r := Result{
		Attacks: []Attack{
			{ID: "unique/records", Name: fmt.Sprintf("Singling out a record by %s", names(cols)), Rate: Wilson(float64(u.Unique), u.Records), Of: "records"},
			{ID: "unique/subjects", Name: "Singling out a subject by one of its records", Rate: Wilson(float64(u.Alone), u.People), Of: "subjects"},
			Attack{
				ID: "unique/named", Name: "Naming a record's subject by choosing in its class", Rate: Wilson(float64(u.Classes), u.Records), Of: "records",
			}.against(chance(u.Records, u.People)),
		},
		Figures: []Figure{
			{ID: "k", Name: "k-anonymity: smallest class", Value: Number(u.K), Unit: "records"},
			{ID: "classes", Name: "Classes", Value: Number(u.Classes)},
			{ID: "below", Name: fmt.Sprintf("Records in classes smaller than %d", s.K), Value: Number(u.Below), Unit: "records"},
		},
		Pictures: []Picture{{
			Title: "How many share a record's values", Histogram: bars(u.Sizes, s.K), Axes: [2]string{fmt.Sprintf("records in the class; red: some or all have fewer than %d", s.K), "records"},
		}},
	}
	return r, nil
}

// bars sums the records by the size of their class, in steps that double.
func bars(sizes map[int]int, k int) []Bar {
	largest := 0
	for size := range sizes {
		largest = max(largest, size)
	}
	var list []Bar
	for low := 1; low <= largest; low *= 2 {
		high := 2*low - 1
		b := Bar{Name: fmt.Sprint(low), Risk: low < k}
		if high > low {
			b.Name = fmt.Sprintf("%d–%d", low, high)
		}
		for size, n := range sizes {
			if size >= low && size <= high {
				b.Count += size * n
			}
		}
		list = append(list, b)
	}
	return list
}

// names lists columns in a sentence.
func names(cols []*Column) string {
	list := make([]string, len(cols))
	for i, c := range cols {
		list[i] = c.Name
	}
	return series(list)
}

// series joins words with commas and an "and".
func series(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " and " + list[last]
}
