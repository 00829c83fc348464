package anonymity_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"telltale/anonymity"
)

func TestCoarse(t *testing.T) {
	for _, c := range []struct {
		item                   string
		template, host, domain string
	}{
		{"https://News.Example.co.uk/a/12345/b?x=1&a=2#f", "https://news.example.co.uk/a/{}/b?a&x", "news.example.co.uk", "example.co.uk"},
		{"http://192.0.2.7:8080/", "http://192.0.2.7/", "192.0.2.7", "192.0.2.7"},
		{"https://x.example/" + "abcdefghijklmnopqrstuvwxyz", "https://x.example/{}", "x.example", "x.example"},
		{"www.example.com", "www.example.com", "www.example.com", "example.com"},
		{"search words", "search words", "search words", "search words"},
		{"https://%zz/", "https://%zz/", "https://%zz/", "https://%zz/"},
		{"https://", "https://", "https://", "https://"},
	} {
		for form, want := range map[anonymity.Form]string{
			anonymity.Full: c.item, anonymity.Template: c.template, anonymity.Host: c.host, anonymity.Domain: c.domain, anonymity.NoItem: "*",
		} {
			if got := anonymity.Coarse(c.item, form); got != want {
				t.Errorf("%q as %s: %q, want %q", c.item, form, got, want)
			}
		}
	}
}

// A coarser form of a coarse form is the coarser form: who sees the template
// sees the domain.
func FuzzCoarse(f *testing.F) {
	f.Add("https://news.example.co.uk/a/12345/b?x=1&a=2#f")
	f.Add("www.example.com")
	f.Add("http://[::1]/%41")
	f.Fuzz(func(t *testing.T, item string) {
		for i, form := range anonymity.Forms {
			once := anonymity.Coarse(item, form)
			if twice := anonymity.Coarse(once, form); form != anonymity.Template && twice != once {
				t.Errorf("%q as %s: %q, and again %q", item, form, once, twice)
			}
			if len(once) > 3*len(item)+4 {
				t.Errorf("%q as %s grew to %q", item, anonymity.Forms[i], once)
			}
		}
	})
}

// points are a subject's steps, for counting by hand.
func points(list [][]string, width int64) map[string]map[string]bool {
	of := make(map[string]map[string]bool)
	for _, row := range list {
		if row[0] == "" || row[2] == "" {
			continue
		}
		at, _ := anonymity.ParseTime(row[1], nil)
		if of[row[0]] == nil {
			of[row[0]] = make(map[string]bool)
		}
		of[row[0]][fmt.Sprint(at/width, " ", row[2])] = true
	}
	return of
}

// With all of a subject's points known, it is singled out if no other subject
// has them all.
func TestUnicityBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cols := []anonymity.Column{{Name: "s", Role: anonymity.Subject}, {Name: "t", Role: anonymity.Time}, {Name: "i", Role: anonymity.Item}}
		var list [][]string
		for range rapid.IntRange(1, 14).Draw(t, "rows") {
			at := time.Unix(1600000000+rapid.Int64Range(0, 3).Draw(t, "hour")*3600, 0).UTC()
			list = append(list, []string{
				rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "s"), at.Format(time.RFC3339), rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "i"),
			})
		}
		of := points(list, 3600)
		const most = 8 // no subject has more points
		hits, n := make([]int, most), make([]int, most)
		for who, mine := range of {
			others := 0
			for other, theirs := range of {
				all := true
				for p := range mine {
					all = all && theirs[p]
				}
				if other != who && all {
					others++
				}
			}
			n[len(mine)-1]++
			if others == 0 {
				hits[len(mine)-1]++
			}
		}
		rates := build(t, cols, list).Traces(anonymity.Full, anonymity.Tick{Name: "hour", Seconds: 3600}).Unicity(most, 100, 0, rand.New(rand.NewPCG(1, 1)))
		reach, hit := 0, 0.0
		for p := most; p >= 1; p-- { // subjects with p points or more; exact for those with p
			reach += n[p-1]
			if rates[p-1].N != reach {
				t.Fatalf("%d subjects have %d points, want %d", rates[p-1].N, p, reach)
			}
			if reach == n[p-1] && reach > 0 {
				if hit = float64(hits[p-1]) / float64(n[p-1]); rates[p-1].Share != hit {
					t.Fatalf("%d points: %v, want %v", p, rates[p-1].Share, hit)
				}
			}
		}
	})
}

// Subjects who do the same cannot be told apart; subjects who share nothing can
// by one point.
func TestUnicityEnds(t *testing.T) {
	same := table(t, "subject:s,item:i\na,x\na,y\nb,x\nb,y")
	other := table(t, "subject:s,item:i\na,x\na,y\nb,z\nb,w")
	tick := anonymity.Ticks[len(anonymity.Ticks)-1]
	for _, c := range []struct {
		tab  *anonymity.Table
		want float64
	}{{same, 0}, {other, 1}} {
		for p, r := range c.tab.Traces(anonymity.Full, tick).Unicity(2, 10, 100, rand.New(rand.NewPCG(1, 1))) {
			if r.Share != c.want || r.N != 2 {
				t.Errorf("%d points: %+v, want %v of 2", p+1, r, c.want)
			}
		}
	}
}
