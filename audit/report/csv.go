package report

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"telltale/audit"
)

// csvHead names the columns. The first twelve are about the verdict, the rest
// about one finding that it rests on.
var csvHead = []string{
	"case", "target", "role", "statement", "assertion", "claim", "verdict", "rule", "runs", "hits", "bound", "says",
	"finding", "exhibit", "event", "time", "arm", "run", "method", "host", "organisation", "address", "part", "size", "sha256",
	"kind", "seed", "identifier", "form", "confidence", "trail", "value",
}

// writeCSV writes a row for each verdict, and under it one for each of its
// findings, which names the verdict and does not say it again. (RFC 4180, with
// line feeds.)
func writeCSV(w io.Writer, x *index) error {
	out := csv.NewWriter(w)
	if err := out.Write(csvHead); err != nil {
		return err
	}
	for _, r := range x.rulings() {
		head := []string{
			x.Case.Case.ID, r.Target.Name, r.Target.Role(), r.Statement.ID, r.Assertion, r.Claim, string(r.Result), r.Rule,
			strconv.Itoa(r.Runs), strconv.Itoa(r.Hits), strconv.FormatFloat(r.Bound, 'g', 4, 64), r.Says,
		}
		if err := writeRow(out, append(head, make([]string, len(csvHead)-len(head))...)); err != nil {
			return err
		}
		short := []string{x.Case.Case.ID, r.Target.Name, r.Target.Role(), "", r.Assertion, "", string(r.Result), "", "", "", "", ""}
		for _, f := range x.cited(r.Verdict) {
			if err := writeRow(out, append(slices.Clip(short), x.csvFinding(f)...)); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

func (x *index) csvFinding(f audit.Finding) []string {
	e := x.exhibits[f.Exhibit]
	at := ""
	if !e.Time.IsZero() {
		at = e.Time.UTC().Format(time.RFC3339Nano)
	}
	return []string{
		f.ID, f.Exhibit, strconv.Itoa(e.Event), at, e.Arm, strconv.Itoa(e.Run), e.Method, e.Host, x.parties[e.Host].Organisation,
		x.mask.address(e.URL), e.Part, strconv.FormatInt(e.Size, 10), e.SHA256,
		string(f.Kind), f.Seed, f.Label, f.Form, string(f.Confidence), x.mask.trail(f.Trail), x.match(f),
	}
}

// writeRow writes cells that a spreadsheet takes for text: what was captured
// must not become a formula.
func writeRow(out *csv.Writer, cells []string) error {
	for i, c := range cells {
		cells[i] = flat(c)
		if c != "" && strings.ContainsRune("=+-@\t\r\n", rune(c[0])) {
			cells[i] = "'" + cells[i]
		}
	}
	return out.Write(cells)
}
