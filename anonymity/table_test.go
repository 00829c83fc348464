package anonymity_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"telltale/anonymity"
)

// table makes a table of text: the first line has a role and a name for each
// column, such as "quasi-identifier:age".
func table(t testing.TB, text string) *anonymity.Table {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	var columns []anonymity.Column
	for field := range strings.SplitSeq(strings.TrimSpace(lines[0]), ",") {
		word, name, _ := strings.Cut(field, ":")
		role, err := anonymity.ParseRole(word)
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, anonymity.Column{Name: name, Role: role})
	}
	b := anonymity.NewBuilder(columns)
	for _, line := range lines[1:] {
		if err := b.Add(strings.Split(strings.TrimSpace(line), ",")); err != nil {
			t.Fatal(err)
		}
	}
	made, err := b.Table()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// rows draws a small random table: a subject column if asked for, then columns
// of one role with few values, so that there are classes.
func rows(t *rapid.T, subject bool, columns int) ([]anonymity.Column, [][]string) {
	var cols []anonymity.Column
	if subject {
		cols = append(cols, anonymity.Column{Name: "subject", Role: anonymity.Subject})
	}
	for i := range columns {
		cols = append(cols, anonymity.Column{Name: fmt.Sprint("q", i), Role: anonymity.Quasi})
	}
	n := rapid.IntRange(1, 12).Draw(t, "rows")
	list := make([][]string, n)
	for i := range list {
		for j := range cols {
			values := []string{"", "a", "b", "c"}
			if subject && j == 0 {
				values = []string{"", "s1", "s2", "s3", "s4"}
			}
			list[i] = append(list[i], rapid.SampledFrom(values).Draw(t, "value"))
		}
	}
	return cols, list
}

func build(t rapid.TB, cols []anonymity.Column, list [][]string) *anonymity.Table {
	b := anonymity.NewBuilder(cols)
	for _, row := range list {
		if err := b.Add(row); err != nil {
			t.Fatal(err)
		}
	}
	made, err := b.Table()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestBuilder(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		b := anonymity.NewBuilder([]anonymity.Column{{Name: "a", Role: anonymity.Quasi}})
		b.Memory = 1000
		var err error
		n := 0
		for ; err == nil && n < 1000; n++ {
			err = b.Add([]string{fmt.Sprint("value ", n)})
		}
		if !errors.Is(err, anonymity.ErrMemory) || n > 20 {
			t.Errorf("after %d rows: %v", n, err)
		}
	})
	t.Run("no rows", func(t *testing.T) {
		if _, err := anonymity.NewBuilder(nil).Table(); err == nil {
			t.Error("a table without rows is none")
		}
	})
	t.Run("no times", func(t *testing.T) {
		b := anonymity.NewBuilder([]anonymity.Column{{Name: "t", Role: anonymity.Time}})
		if err := b.Add([]string{"yesterday"}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Table(); err == nil || strings.Contains(err.Error(), "yesterday") {
			t.Errorf("an error without the value is wanted, got %v", err)
		}
	})
	t.Run("two subjects", func(t *testing.T) {
		b := anonymity.NewBuilder([]anonymity.Column{{Name: "a", Role: anonymity.Subject}, {Name: "b", Role: anonymity.Subject}})
		if err := b.Add([]string{"1", "2"}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Table(); err == nil {
			t.Error("two subject columns are one too many")
		}
	})
	t.Run("missing", func(t *testing.T) {
		tab := table(t, "quasi:a\nNaN\nnull\nNULL\n \nx")
		if got := tab.Unique(tab.With(anonymity.Quasi), 2); got.K != 1 || got.Sizes[4] != 1 {
			t.Errorf("the four missing values are one class: %+v", got)
		}
	})
}

func TestParseTime(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("this machine has no time zones:", err)
	}
	for _, c := range []struct {
		in   string
		zone *time.Location
		want int64
		ok   bool
	}{
		{"2020-05-04T07:24:20Z", nil, 1588577060, true},
		{"2020-05-04T09:24:20+02:00", nil, 1588577060, true},
		{"2020-05-04 09:24:20", berlin, 1588577060, true},
		{"2020-05-04 07:24:20.9", nil, 1588577060, true},
		{"2020-05-04", nil, 1588550400, true},
		{"1588577060", nil, 1588577060, true},
		{"1588577060123", nil, 1588577060, true},
		{"1588577060123456", nil, 1588577060, true},
		{"2020-05-04 09:24:20 CEST", nil, 0, false},
		{"NaN", nil, 0, false},
		{"Inf", nil, 0, false},
		{"12", nil, 0, false},
		{"-5", nil, 0, false},
		{"2020-13-04", nil, 0, false},
		{"", nil, 0, false},
	} {
		if got, ok := anonymity.ParseTime(c.in, c.zone); got != c.want || ok != c.ok {
			t.Errorf("%q: %d %v, want %d %v", c.in, got, ok, c.want, c.ok)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	f.Add("2020-05-04T07:24:20Z", int64(1588577060))
	f.Fuzz(func(t *testing.T, s string, unix int64) {
		_, _ = anonymity.ParseTime(s, nil)
		// Oracle: what the library writes is read as the same second.
		at := time.Unix(unix%253402300799, 0).UTC()
		if at.Year() < 1 || at.Year() > 9999 {
			return
		}
		if got, ok := anonymity.ParseTime(at.Format(time.RFC3339), nil); !ok || got != at.Unix() {
			t.Errorf("%s: %d %v", at.Format(time.RFC3339), got, ok)
		}
	})
}
