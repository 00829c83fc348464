package report_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"telltale/audit"
)

func section(t *testing.T, doc *html.Node, id string) *html.Node {
	t.Helper()
	found := all(doc, func(n *html.Node) bool { return attr(n, "id") == id })
	if len(found) != 1 {
		t.Fatalf("%d elements with the id %s", len(found), id)
	}
	return found[0]
}

// Of what others captured the report does not say what is true of our own
// experiments alone.
func TestImported(t *testing.T) {
	_, doc := page(t, imported())
	for _, id := range []string{"limits", "method"} {
		got := text(section(t, doc, id))
		for _, wrong := range []string{"through our proxy", "UDP", "recording proxy", "driven by a script", "planned steps"} {
			if strings.Contains(got, wrong) {
				t.Errorf("%s: %q is said of an imported case", id, wrong)
			}
		}
	}
	for _, want := range []string{"a capture that others made", "before it began, after it ended"} {
		if got := text(section(t, doc, "limits")); !strings.Contains(got, want) {
			t.Errorf("no %q in the limits: %s", want, got)
		}
	}
	if got := text(all(doc, named("header"))[0]); !strings.Contains(got, "as others captured it") {
		t.Errorf("no word on the network: %s", got)
	}
	_, doc = page(t, fixture())
	if got := text(section(t, doc, "limits")); !strings.Contains(got, "such as UDP") || !strings.Contains(got, "through our proxy") {
		t.Errorf("nothing is said of the proxy: %s", got)
	}
}

// Offline there is no map; online each country that is known is on it, and in
// the table with its source.
func TestWorldMap(t *testing.T) {
	_, doc := page(t, fixture())
	if got := text(section(t, doc, "parties")); !strings.Contains(got, "Not observed offline") || len(all(section(t, doc, "parties"), named("svg"))) != 0 {
		t.Errorf("offline: %s", got)
	}
	_, doc = page(t, online())
	parties := section(t, doc, "parties")
	marked := make(map[string]string)
	for _, g := range all(parties, named("g")) {
		rect := all(g, named("rect"))[0]
		if class := strings.TrimSpace(strings.TrimPrefix(attr(rect, "class"), "tile")); class != "" {
			marked[text(all(g, named("text"))[0])] = class
		}
	}
	if len(marked) != 3 || marked["SG"] != "told" || marked["RU"] != "told" || marked["US"] != "asked" {
		t.Errorf("on the map: %v", marked)
	}
	table := all(parties, named("table"))[1]
	var rows []string
	for _, tr := range all(table, named("tr"))[1:] {
		rows = append(rows, text(tr))
	}
	want := []string{
		"Singapore SG received personal datathe database that was givensa.api.intl.miui.com 6 + 6",
		"Russia RU received personal datawhere the address is registereddata.mistat.intl.xiaomi.com 3 + 3",
		"Singapore SG received personal datawhere the address is registereddata.mistat.intl.xiaomi.com 3 + 3",
		"United States USwhere the address is registeredupdate.googleapis.com 3 + 3 + 3 + 3",
	}
	if !slices.Equal(rows, want) {
		t.Errorf("rows\n got %q\nwant %q", rows, want)
	}
	c := fixture()
	c.Case.Online = true
	_, doc = page(t, c)
	if got := text(section(t, doc, "parties")); !strings.Contains(got, "No server's country is known") {
		t.Errorf("nothing is known: %s", got)
	}
}

// The steps of a timeline are in order, and the requests that stand behind them
// are all that were sent in that arm and run.
func TestTimeline(t *testing.T) {
	c := fixture()
	_, doc := page(t, c)
	timeline := section(t, doc, "timeline")
	captions, tables := all(timeline, named("figcaption")), all(timeline, named("table"))
	if len(captions) != 4 || len(tables) != 4 {
		t.Fatalf("%d pictures and %d tables, want one of each arm", len(captions), len(tables))
	}
	if got := text(captions[1]); got != "chromium + mint-2020, private, run 1" {
		t.Errorf("caption %q", got)
	}
	var did []string
	sent := 0
	for _, tr := range all(tables[1], named("tr"))[1:] {
		cells := all(tr, named("td"))
		did = append(did, text(cells[1]))
		if n, _, ok := strings.Cut(text(cells[2]), " "); ok {
			i, err := strconv.Atoi(n)
			if err != nil {
				t.Fatal(err)
			}
			sent += i
		}
	}
	want := []string{"visited a news article", "searched with www.bing.com", "typed into the address bar not done: the driver cannot do that in private mode"}
	if !slices.Equal(did, want) {
		t.Errorf("steps %q", did)
	}
	wantSent := 0
	for _, e := range c.Exhibits {
		if e.Arm == "private" && e.Run == 1 && !e.Stage {
			wantSent++
		}
	}
	if sent != wantSent {
		t.Errorf("%d requests behind the steps, want %d", sent, wantSent)
	}
	svg := all(timeline, named("svg"))[1]
	if told := len(all(svg, classed("circle", "told"))); told != 3 {
		t.Errorf("%d dots of requests with personal data, want 3", told)
	}
	if quiet := len(all(svg, classed("circle", "quiet"))); quiet != 3 {
		t.Errorf("%d dots of other requests, want 3", quiet)
	}
}

// A log of far too many steps and requests is cut, and no picture grows with it.
func TestTimelineIsBounded(t *testing.T) {
	c := generated(2_000)
	for i := range 5_000 {
		c.Steps = append(c.Steps, audit.Event{
			Time: began.Add(c.Ended.Sub(began) * time.Duration(i) / 5_000), Place: audit.Place{Arm: "normal", Run: 1},
			Step: &audit.Step{Action: "visit", Target: strconv.Itoa(i)},
		})
	}
	_, doc := page(t, c)
	for _, svg := range all(section(t, doc, "timeline"), named("svg")) {
		if n := len(all(svg, named("circle"))); n > 11*2*240 {
			t.Errorf("%d dots", n)
		}
	}
	for _, table := range all(section(t, doc, "timeline"), named("table")) {
		if n := len(all(table, named("tr"))); n > 202 {
			t.Errorf("%d rows", n)
		}
	}
}

// The squares of the grid are filled where its table has numbers.
func TestIdentifierGrid(t *testing.T) {
	_, doc := page(t, fixture())
	identifiers := section(t, doc, "identifiers")
	filled := len(all(identifiers, classed("rect", "told")))
	open := len(all(identifiers, classed("rect", "quiet")))
	numbers := len(all(identifiers, classed("a", "n")))
	// i1, i2, i3 in both modes of one run each, i4 in all; 4 arms of 3 runs.
	if filled != 2+2+2+6 || numbers != filled || filled+open != 4*4*3 {
		t.Errorf("%d filled, %d open, %d numbers", filled, open, numbers)
	}
	c := fixture()
	c.Case.Runs = 100
	_, doc = page(t, c)
	if n := len(all(section(t, doc, "identifiers"), named("svg"))); n != 0 {
		t.Error("a grid of 400 columns is drawn")
	}
}

// A target that sent nothing is said to have sent nothing.
func TestSilent(t *testing.T) {
	c := fixture()
	c.Exhibits = slices.DeleteFunc(c.Exhibits, func(e audit.Exhibit) bool { return strings.HasPrefix(e.Arm, "control/") })
	for i := range c.Coverage {
		c.Coverage[i].Unread = nil
	}
	_, doc := page(t, c)
	if got := text(section(t, doc, "recipients")); !strings.Contains(got, "chromium: no request other than the plan's own visits was seen.") {
		t.Errorf("got %.300s", got)
	}
}
