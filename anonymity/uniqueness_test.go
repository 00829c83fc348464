package anonymity_test

import (
	"encoding/csv"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"telltale/anonymity"
)

// The toy tables of the tests of CorrectMatch.jl (Rocher 2019), with its
// uniqueness and correctness.
func TestUniqueToys(t *testing.T) {
	for _, c := range []struct {
		rows          string
		unique, right float64
	}{
		{"1,0\n1,0\n0,1", 1. / 3, 2. / 3},
		{"1,1\n1,1\n1,1", 0, 1. / 3},
		{"1,0\n2,0\n3,0", 1, 1},
		{"1,1\n1,1\n2,1", 1. / 3, 2. / 3},
		{"5,10\n10,20\n5,10\n10,30\n5,10", 2. / 5, 3. / 5},
	} {
		tab := table(t, "quasi:a,quasi:b\n"+c.rows)
		u := tab.Unique(tab.With(anonymity.Quasi), 2)
		if u.Share() != c.unique || u.Correctness() != c.right {
			t.Errorf("%q: %v and %v, want %v and %v", c.rows, u.Share(), u.Correctness(), c.unique, c.right)
		}
	}
}

// The example of the tests of sdcMicro: three records are alone, two share.
func TestUniqueSdcMicro(t *testing.T) {
	tab := table(t, "quasi:A,quasi:B,quasi:C\n2,3,1\n3,3,3\n2,3,1\n2,3,2\n3,3,1\n3,3,1\n1,4,1\n2,3,1")
	u := tab.Unique(tab.With(anonymity.Quasi), 2)
	if diff := cmp.Diff(map[int]int{1: 3, 2: 1, 3: 1}, u.Sizes); diff != "" {
		t.Errorf("sizes of classes, -want +got\n%s", diff)
	}
	// sdcMicro takes a missing value for any other; here it is a value of its own.
	tab = table(t, "quasi:A,quasi:B,quasi:C\n2,3,\n3,3,3\n2,3,1\n2,3,2\n3,3,1\n3,3,1\n1,4,\n2,3,1")
	if u = tab.Unique(tab.With(anonymity.Quasi), 2); u.Unique != 4 {
		t.Errorf("%d unique records, want 4", u.Unique)
	}
}

// Individual risks that sdcMicro documents for its example, with weights.
func TestIndividualRiskSdcMicro(t *testing.T) {
	for _, c := range []struct {
		f           int
		total, want float64
	}{
		{3, 108, 0.01369863}, {1, 45.5, 0.08579129}, {1, 17, 0.17707583}, {2, 100, 0.01877883}, {1, 123.5, 0.03931625},
	} {
		if got := anonymity.IndividualRisk(c.f, c.total); math.Abs(got-c.want) > 5e-9 {
			t.Errorf("%d of %v: %.8f, want %.8f", c.f, c.total, got, c.want)
		}
	}
	if got := anonymity.IndividualRisk(4, 4); got != 0.25 {
		t.Errorf("a class that is wholly in the sample: %v, want 1/4", got)
	}
}

// The table that the tests of ARX are made with (DataProvider.java), and its
// risks there (TestRiskMetrics.java): every record is alone; made 2-anonymous by
// two ages, two areas and no gender, the highest risk is 1/2 and the average one
// 0.42857142857142855.
func TestUniqueARX(t *testing.T) {
	const head = "quasi:age,quasi:gender,quasi:zipcode\n"
	tab := table(t, head+"34,male,81667\n45,female,81675\n66,male,81925\n70,female,81931\n34,female,81931\n70,male,81931\n45,male,81931")
	u := tab.Unique(tab.With(anonymity.Quasi), 2)
	if u.Correctness() != 1 || u.K != 1 || u.Share() != 1 {
		t.Errorf("before: %+v, want all alone", u)
	}
	tab = table(t, head+"<50,*,816**\n<50,*,816**\n>=50,*,819**\n>=50,*,819**\n<50,*,819**\n>=50,*,819**\n<50,*,819**")
	u = tab.Unique(tab.With(anonymity.Quasi), 2)
	if u.Correctness() != 0.42857142857142855 || u.K != 2 || u.Share() != 0 {
		t.Errorf("after: %v, k %d, want 0.42857142857142855 and 2", u.Correctness(), u.K)
	}
}

// adultsFile names a copy of the adults table of pycorrectmatch
// (demo/adults.csv, 32,561 rows), which is not ours to ship.
const adultsFile = "TELLTALE_ADULTS"

// 79.4 % of the rows of the adults table are unique by all columns, and 6.7 %
// by three: the figures of pycorrectmatch.
func TestUniqueAdults(t *testing.T) {
	path := os.Getenv(adultsFile)
	if path == "" {
		t.Skip("set " + adultsFile + " to demo/adults.csv of pycorrectmatch")
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	list, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	cols := make([]anonymity.Column, len(list[0]))
	for i, name := range list[0] {
		cols[i] = anonymity.Column{Name: strings.TrimSpace(name), Role: anonymity.Quasi}
	}
	tab := build(t, cols, list[1:])
	if got := tab.Unique(tab.With(anonymity.Quasi), 2).Share(); math.Abs(got-0.794) > 0.0005 {
		t.Errorf("all columns: %.4f, want 0.794", got)
	}
	some := []*anonymity.Column{tab.Column("age"), tab.Column("education-num"), tab.Column("occupation")}
	if got := tab.Unique(some, 2).Share(); math.Abs(got-0.067) > 0.0005 {
		t.Errorf("three columns: %.4f, want 0.067", got)
	}
}

// Counting by hand: a record is a subject with its values; a class is the
// subjects with the same values.
func TestUniqueBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		subject := rapid.Bool().Draw(t, "subject")
		cols, list := rows(t, subject, rapid.IntRange(1, 3).Draw(t, "columns"))
		tab := build(t, cols, list)
		classes := make(map[string]map[string]bool)
		for i, row := range list {
			who, values := string(rune(i)), row
			if subject {
				who, values = row[0], row[1:]
				if who == "" {
					continue
				}
			}
			key := strings.Join(values, "|")
			if classes[key] == nil {
				classes[key] = make(map[string]bool)
			}
			classes[key][who] = true
		}
		want := anonymity.Uniqueness{Sizes: make(map[int]int), People: tab.CountSubjects(), Classes: len(classes)}
		alone := make(map[string]bool)
		for _, members := range classes {
			n := len(members)
			want.Sizes[n]++
			want.Records += n
			if want.K == 0 || n < want.K {
				want.K = n
			}
			if n < 3 {
				want.Below += n
			}
			for who := range members {
				if n == 1 {
					want.Unique++
					alone[who] = true
				}
			}
		}
		want.Alone = len(alone)
		if diff := cmp.Diff(want, tab.Unique(tab.With(anonymity.Quasi), 3)); diff != "" {
			t.Fatalf("-want +got\n%s", diff)
		}
	})
}

// Adding a column never makes fewer records unique, and all minimal sets are
// found: every set is tried.
func TestMinimalSetsBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(t, "columns")
		cols, list := rows(t, rapid.Bool().Draw(t, "subject"), n)
		tab := build(t, cols, list)
		quasi := tab.With(anonymity.Quasi)
		share := rapid.SampledFrom([]float64{1, 0.9, 0.5}).Draw(t, "share")
		enough := make(map[int]bool)
		records := tab.MinimalSets(quasi, 0, share)
		if len(records) != 0 {
			t.Fatal("a set of no columns tells nobody apart")
		}
		for set := 1; set < 1<<n; set++ {
			enough[set] = uniqueShare(list, set, len(cols) > n) >= share-1e-9
		}
		want := make(map[string]bool)
		for set := range enough {
			minimal := enough[set]
			for smaller := 1; smaller < set; smaller++ {
				if smaller&set == smaller && enough[smaller] {
					minimal = false
				}
			}
			if minimal {
				want[setName(set, quasi)] = true
			}
		}
		got := make(map[string]bool)
		for _, s := range tab.MinimalSets(quasi, n, share) {
			got[strings.Join(s.Columns, " ")] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("share %v, -want +got\n%s", share, diff)
		}
	})
}

func setName(set int, cols []*anonymity.Column) string {
	var names []string
	for i, c := range cols {
		if set>>i&1 == 1 {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, " ")
}

// uniqueShare counts the records, of all columns, that only one subject has in
// the columns of a set.
func uniqueShare(list [][]string, set int, subject bool) float64 {
	records := make(map[string][2]string) // record to its subject and its values in the set
	holders := make(map[string]map[string]bool)
	for i, row := range list {
		who, values := string(rune(i)), row
		if subject {
			who, values = row[0], row[1:]
			if who == "" {
				continue
			}
		}
		part := ""
		for j, v := range values {
			if set>>j&1 == 1 {
				part += v + "|"
			}
		}
		records[who+"#"+strings.Join(values, "|")] = [2]string{who, part}
		if holders[part] == nil {
			holders[part] = make(map[string]bool)
		}
		holders[part][who] = true
	}
	unique := 0
	for _, r := range records {
		if len(holders[r[1]]) == 1 {
			unique++
		}
	}
	if len(records) == 0 {
		return 0
	}
	return float64(unique) / float64(len(records))
}

// The entropy of n different values is log2(n), and that of one value is none.
func TestSurprises(t *testing.T) {
	tab := table(t, "subject:s,quasi:four,quasi:one,quasi:half\n1,a,x,p\n2,b,x,p\n3,c,x,q\n4,d,x,q\n4,d,x,q")
	for i, s := range tab.Surprises(tab.With(anonymity.Quasi)) {
		if want := []float64{2, 0, 1}[i]; math.Abs(s.Mean-want) > 1e-12 || math.Abs(s.Max-want) > 1e-12 {
			t.Errorf("%s: %v bits, %v at most, want %v", s.Column, s.Mean, s.Max, want)
		}
	}
}
