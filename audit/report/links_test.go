package report_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"telltale/audit"
	"telltale/audit/report"
)

// reports are cases whose pages have every section between them.
func reports() map[string]report.Case {
	probed := fixture()
	probed.Findings = append(probed.Findings, withSlope(16))
	return map[string]report.Case{"fixture": fixture(), "probed": probed, "online": online(), "imported": imported(), "empty": {}}
}

// online is the fixture on the network, with servers of several kinds.
func online() report.Case {
	c := fixture()
	c.Case.Online = true
	c.Parties[0].IP, c.Parties[0].Country, c.Parties[0].Basis, c.Parties[0].Unplaced = "192.0.2.1", "SG", audit.ByDatabase, ""
	c.Parties[1].Servers = []audit.Server{
		{IP: "192.0.2.2", Country: "RU", Basis: audit.ByRegistry}, {IP: "192.0.2.3", Country: "SG", Basis: audit.ByRegistry}, {IP: "192.0.2.4", Unplaced: "Cloud is an anycast network: one address, machines in many countries"},
	}
	c.Parties[2].IP, c.Parties[2].Country, c.Parties[2].Basis = "192.0.2.5", "US", audit.ByRegistry
	return c
}

// imported is the fixture as if others had captured it.
func imported() report.Case {
	c := fixture()
	c.Case.Online = true
	c.Imported, c.Steps = true, nil
	return c
}

var figure = regexp.MustCompile(`[0-9][0-9,]*`)

// Every link within a page leads somewhere, and every number that has a link
// is the number of things that stand there.
func TestLinks(t *testing.T) {
	for name, c := range reports() {
		for _, lang := range report.Languages() {
			t.Run(name+"/"+lang, func(t *testing.T) {
				c.Lang = lang
				_, doc := page(t, c)
				walkLinks(t, doc, name != "empty")
			})
		}
	}
}

func walkLinks(t *testing.T, doc *html.Node, numbers bool) {
	ids := make(map[string]*html.Node)
	for _, n := range all(doc, func(n *html.Node) bool { return attr(n, "id") != "" }) {
		if ids[attr(n, "id")] != nil {
			t.Errorf("id %s twice", attr(n, "id"))
		}
		ids[attr(n, "id")] = n
	}
	counted := 0
	for _, a := range all(doc, named("a")) {
		id, ok := strings.CutPrefix(attr(a, "href"), "#")
		switch at := ids[id]; {
		case !ok:
		case at == nil:
			t.Errorf("%q leads to #%s, which is not there", text(a), id)
		case attr(a, "class") == "n":
			counted++
			want, err := strconv.Atoi(strings.ReplaceAll(figure.FindString(text(a)), ",", ""))
			if err != nil {
				t.Fatal(err)
			}
			if got := things(t, at); got != want {
				t.Errorf("%q leads to #%s, where %d things stand", text(a), id, got)
			}
		}
	}
	if numbers && counted < 30 {
		t.Errorf("only %d numbers have links", counted)
	}
}

// things counts the elements of the lists in a node, and those that it says are
// left out.
func things(t *testing.T, n *html.Node) int {
	sum := 0
	for _, li := range all(n, named("li")) {
		sum++
		if more := attr(li, "data-more"); more != "" {
			left, err := strconv.Atoi(more)
			if err != nil {
				t.Fatal(err)
			}
			sum += left - 1
		}
	}
	return sum
}

// No figure of a table of numbers is without a link to what it counts, but for
// zero and what leaves no exhibit.
func TestNumbersHaveLinks(t *testing.T) {
	_, doc := page(t, fixture())
	for _, td := range all(doc, named("td")) {
		for _, b := range all(td, named("b")) {
			if s := text(b); figure.FindString(s) == s && s != "0" && len(all(b, named("a"))) == 0 {
				t.Errorf("the number %s in %q has no link", s, text(td))
			}
		}
	}
	rows := 0
	for _, tr := range all(all(doc, classed("table", "numbers"))[0], named("tr")) {
		cells := all(tr, named("td"))
		if len(cells) != 8 { // a heading, or words under the numbers
			continue
		}
		rows++
		for _, td := range cells[1:5] { // connections, requests, visits, bytes
			if text(td) != "0" && len(all(td, named("a"))) == 0 {
				t.Errorf("the number %s of %q has no link", text(td), text(tr))
			}
		}
	}
	if rows != len(fixtureArms) {
		t.Errorf("%d rows of coverage, want %d", rows, len(fixtureArms))
	}
}

// Far more exhibits than a page can list are cut, those first that gave nothing
// away; the numbers stay, and say so.
func TestRegisterIsCut(t *testing.T) {
	c := generated(13_000)
	_, doc := page(t, c)
	walkLinks(t, doc, true)
	cut := all(doc, func(n *html.Node) bool { return attr(n, "data-more") != "" })
	if len(cut) == 0 {
		t.Error("nothing is said to be left out")
	}
	listed := make(map[string]bool)
	for _, b := range all(doc, named("b")) {
		listed[attr(b, "id")] = true
	}
	for _, f := range c.Findings {
		if !listed[f.Exhibit] {
			t.Fatalf("exhibit %s gave something away and is not listed", f.Exhibit)
		}
	}
}
