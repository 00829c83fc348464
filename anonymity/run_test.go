package anonymity_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/anonymity"
)

// browsing reads the data set of the examples, with the roles that are guessed
// and what interests people as what is sensitive.
func browsing(t testing.TB) *anonymity.Table {
	t.Helper()
	f, err := os.Open("testdata/browsing.csv")
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
		cols[i].Name = name
		if name == "interest" {
			cols[i].Role = anonymity.Sensitive
		}
	}
	b := anonymity.NewBuilder(anonymity.Guess(cols, list[1:]))
	for _, row := range list[1:] {
		if err := b.Add(row); err != nil {
			t.Fatal(err)
		}
	}
	tab, err := b.Table()
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestGuess(t *testing.T) {
	got := make(map[string]anonymity.Role)
	for _, c := range browsing(t).Columns {
		got[c.Name] = c.Role
	}
	want := map[string]anonymity.Role{
		"distinct_id": anonymity.Subject, "time": anonymity.Time, "url": anonymity.Item, "mode": anonymity.Mode,
		"model": anonymity.Quasi, "app_version": anonymity.Quasi, "country": anonymity.Quasi,
		"device": anonymity.Identifier, "phone": anonymity.Identifier, "interest": anonymity.Sensitive,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// A second column that could be the subject is an identifier, and what has one
// value only is not looked at.
func TestGuessSecond(t *testing.T) {
	cols := []anonymity.Column{{Name: "user_id"}, {Name: "properties.$distinct_id"}, {Name: "app"}, {Name: "when"}, {Name: "empty"}}
	sample := [][]string{{"1", "a", "x", "2020-05-04T07:24:20Z", ""}, {"2", "b", "x", "2020-05-04T07:24:21Z", " "}}
	var got []anonymity.Role
	for _, c := range anonymity.Guess(cols, sample) {
		got = append(got, c.Role)
	}
	want := []anonymity.Role{anonymity.Subject, anonymity.Identifier, anonymity.Ignore, anonymity.Time, anonymity.Ignore}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// The same table and options give the same results, whatever the number of
// workers.
func TestRunDeterministic(t *testing.T) {
	tab := browsing(t)
	var first string
	for workers := 1; workers <= 3; workers++ {
		results, err := anonymity.Run(context.Background(), tab, anonymity.Options{Seed: 5, Population: 1000, Workers: workers, K: 5})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(results)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(text)
		}
		if diff := cmp.Diff(first, string(text)); diff != "" {
			t.Fatalf("%d workers:\n%s", workers, diff)
		}
	}
}

// rate returns the share of an attack.
func rate(t *testing.T, results []anonymity.Result, id string) anonymity.Attack {
	t.Helper()
	for _, r := range results {
		for _, a := range r.Attacks {
			if a.ID == id {
				return a
			}
		}
	}
	t.Fatalf("there is no attack %s", id)
	return anonymity.Attack{}
}

// What the generator put into the data set is found, and what it did not is
// not: a wrong dictionary reverses nothing; interest, model, version and country
// were drawn apart, so that none is inferred from the others, and combining them
// singles out no more than chance does.
func TestRunFindsWhatIsThere(t *testing.T) {
	right, err := anonymity.ParseSpace("digits:+99900######")
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := anonymity.ParseSpace("digits:+99901######")
	if err != nil {
		t.Fatal(err)
	}
	results, err := anonymity.Run(context.Background(), browsing(t), anonymity.Options{Spaces: []anonymity.Space{right, wrong}},
		"identifiers", "linkage", "wp29")
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]float64{
		"reversed/phone/digits:+99900######": 1, "reversed/phone/digits:+99901######": 0, "encoded/device": 1, "identifier/device": 1,
	} {
		if got := rate(t, results, id).Rate.Share; got != want {
			t.Errorf("%s: %v, want %v", id, got, want)
		}
	}
	for id, want := range map[string]bool{
		"link/windows/Jaccard": true, "link/modes/Jaccard": true, "wp29/singling-out": false, "wp29/linkability": true, "wp29/inference/interest": false,
	} {
		if a := rate(t, results, id); a.Succeeds() != want {
			t.Errorf("%v succeeds: %v, want %v", a, a.Succeeds(), want)
		}
	}
}

// Data that is hardly any has defined results and no panic.
func TestRunOnLittle(t *testing.T) {
	for name, text := range map[string]string{
		"one row":             "quasi:a\nx",
		"one subject":         "subject:s,time:t,item:i,quasi:a,sensitive:b\n1,2020-05-04,https://x.example/,q,r\n1,2020-05-05,https://y.example/,q,r",
		"empty subjects":      "subject:s,time:t,item:i,quasi:a\n,2020-05-04,https://x.example/,q\n,2020-05-04,https://x.example/,q",
		"all equal":           "subject:s,item:i,quasi:a,sensitive:b\n1,x,y,z\n1,x,y,z\n1,x,y,z",
		"all equal, no one's": "quasi:a,sensitive:b\nx,y\nx,y\nx,y",
		"missing times":       "subject:s,time:t,item:i\n1,2020-05-04,x\n2,never,x\n3,,y",
		"mixed types":         "quasi:a,sensitive:b\n1,2\none,two\nNaN,Inf\n,-",
		"identifiers alone":   "identifier:a\nx\ny",
		"items alone":         "item:a\nx\ny",
		"two modes":           "subject:s,mode:m,item:i\n1,normal,x\n1,private,x\n2,normal,y",
	} {
		tab := table(t, text)
		results, err := anonymity.Run(context.Background(), tab, anonymity.Options{Population: 100, Public: tab, Draws: 10, Resamples: 50})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(results) != len(anonymity.Measures()) {
			t.Errorf("%s: %d results", name, len(results))
		}
		for _, r := range results {
			for _, a := range r.Attacks {
				if x := a.Rate; !(0 <= x.Low && x.Low <= x.Share+1e-9 && x.Share <= x.High+1e-9 && x.High <= 1) {
					t.Errorf("%s: %s: the rate %+v is none", name, a.ID, x)
				}
			}
		}
	}
}

func TestRunUnknownMeasure(t *testing.T) {
	_, err := anonymity.Run(context.Background(), table(t, "quasi:a\nx"), anonymity.Options{}, "luck")
	if err == nil || !strings.Contains(err.Error(), "uniqueness") {
		t.Errorf("an error that lists the measures is wanted, got %v", err)
	}
}

// The words of the table are all there: a report shows them.
func TestMeasuresSayAll(t *testing.T) {
	seen := make(map[string]bool)
	for _, m := range anonymity.Measures() {
		if m.ID == "" || m.Title == "" || m.Asks == "" || m.Assumes == "" || m.CannotSay == "" || m.Source == "" || seen[m.ID] {
			t.Errorf("%+v lacks words, or is there twice", m)
		}
		seen[m.ID] = true
	}
	text, err := os.ReadFile("../docs/anonymity.md")
	if err != nil {
		t.Fatal(err)
	}
	for id := range seen {
		if !strings.Contains(string(text), "`"+id+"`") {
			t.Errorf("docs/anonymity.md does not define %s", id)
		}
	}
}

// Linking two data sets finds those whose items are their own.
func TestRunAgainst(t *testing.T) {
	const head = "subject:s,item:i\n"
	a := table(t, head+"1,x\n1,y\n2,z\n2,w\n3,v\n3,u")
	b := table(t, head+"3,v\n2,z\n1,y\n4,q")
	results, err := anonymity.Run(context.Background(), a, anonymity.Options{Against: b}, "linkage")
	if err != nil {
		t.Fatal(err)
	}
	if got := rate(t, results, "link/sets/Jaccard").Rate; got.Share != 1 || got.N != 3 {
		t.Errorf("%+v, want all of 3", got)
	}
}
