package report_test

import (
	"fmt"
	"strings"
	"testing"

	"telltale/audit"
)

// withSlope makes a finding of the length probe on a line of
// slope 1 over a base of 100 bytes.
func withSlope(visits int) audit.Finding {
	s := &audit.Slope{Estimate: 1, Low: 0.99, High: 1.01, Base: 100, P: 0.0001, Runs: 2}
	for i := range visits {
		length := []int{50, 500, 1500, 3000}[i%4]
		s.Visits = append(s.Visits, audit.Pair{Run: i%2 + 1, Length: length, Bytes: int64(100 + length)})
	}
	return audit.Finding{
		ID: "f900", Exhibit: "e2", Kind: "behaviour/navigation/url", Form: audit.ByLength, Confidence: audit.Likely,
		Trail: audit.Trail{"request.body"}, Says: "statistical, nothing was read: as if the address was inside", Slope: s,
	}
}

// The dots of a scatter lie on the line that they were made from, and the page
// says in words what the picture shows.
func TestHTMLScatter(t *testing.T) {
	c := fixture()
	if _, doc := page(t, c); len(all(doc, classed("figure", "scatter"))) != 0 {
		t.Error("a picture of lengths without a finding")
	}
	c.Findings = append(c.Findings, withSlope(16))
	_, doc := page(t, c)
	figures := all(doc, classed("figure", "scatter"))
	if len(figures) != 1 {
		t.Fatalf("%d pictures, want 1", len(figures))
	}
	var x0, y0, x1, y1 float64
	if _, err := fmt.Sscanf(attr(all(figures[0], classed("path", "told"))[0], "d"), "M%f %fL%f %f", &x0, &y0, &x1, &y1); err != nil {
		t.Fatal(err)
	}
	dots := all(figures[0], named("circle"))
	if len(dots) != 16 || y1 >= y0 {
		t.Errorf("%d dots, and a line from %f to %f", len(dots), y0, y1)
	}
	for _, d := range dots {
		var x, y float64
		if _, err := fmt.Sscan(attr(d, "cx")+" "+attr(d, "cy"), &x, &y); err != nil {
			t.Fatal(err)
		}
		if want := y0 + (x-x0)*(y1-y0)/(x1-x0); y < want-0.2 || y > want+0.2 {
			t.Errorf("the dot at %f, %f is not on the line, which has %f there", x, y, want)
		}
	}
	got := text(figures[0])
	for _, want := range []string{"f900, likely", "16 visits", "address of 3,000 bytes", "3,100 bytes sent", "Statistical, nothing was read"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
}

// Far too many visits are cut, and the page says so.
func TestHTMLScatterIsCut(t *testing.T) {
	c := fixture()
	c.Findings = append(c.Findings, withSlope(1000))
	_, doc := page(t, c)
	figure := all(doc, classed("figure", "scatter"))[0]
	if n := len(all(figure, named("circle"))); n != 400 || !strings.Contains(text(figure), "and 600 visits more") {
		t.Errorf("%d dots: %.300s", n, text(figure))
	}
}
