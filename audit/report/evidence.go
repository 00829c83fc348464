package report

import (
	"fmt"
	"strings"

	"telltale/audit"
)

// An exhibitView shows one finding in its exhibit.
type exhibitView struct {
	ID, Finding string
	Recipient   string
	Server      string // where the host is, if that is known
	Seat        string // of the company
	Registrant  string
	Network     string
	Request     string
	Time        string
	Place       string
	Part, Size  string
	SHA256      string
	Kind, Form  string
	Also        string // what else the same record carried
	Layers      []layerView
	Above       *shownAt // the section that shows the layers already
	Problem     string   // why there are no layers
	Says        string
}

// A shownAt is a section that shows an exhibit.
type shownAt struct{ Anchor, Claim string }

// A layerView is one step of a trail with its bytes.
type layerView struct {
	N      int
	How    string
	Size   string
	Marked string
	Pieces []piece
	Binary bool
}

func (x *index) exhibit(f audit.Finding) exhibitView {
	e := x.exhibits[f.Exhibit]
	v := exhibitView{
		ID: e.ID, Finding: f.ID,
		Recipient: x.recipient(e.Host),
		Server:    serverWords(x.parties[e.Host]), Seat: seatWords(x.parties[e.Host]),
		Registrant: registrantWords(x.parties[e.Host]), Network: networkWords(x.parties[e.Host]),
		Request: strings.TrimSpace(e.Method + " " + x.mask.address(e.URL)),
		Time:    stamp(e.Time),
		Place:   x.place(e.Place),
		Part:    partWord(e.Part),
		Size:    count(e.Size, "byte", "bytes"),
		SHA256:  e.SHA256,
		Kind:    f.Kind.Short(),
		Form:    f.Form,
		Also:    strings.Join(x.company(f), ", "),
		Says:    f.Says,
	}
	return v
}

// place says where in the experiment something was caught.
func (x *index) place(p audit.Place) string {
	words := fmt.Sprintf("arm %s, run %d", p.Arm, p.Run)
	if p.Session > 0 {
		words += fmt.Sprintf(", start %d", p.Session)
	}
	return words
}

// company lists what else stands in the exhibit of a finding.
func (x *index) company(f audit.Finding) []string {
	var others []audit.Finding
	for _, o := range x.of[f.Exhibit] {
		if o.Kind != f.Kind {
			others = append(others, o)
		}
	}
	return kindList(kindSet(others))
}

// layers replays the trail of a finding. It says why if that is not possible.
func (x *index) layers(f audit.Finding) (views []layerView, problem string) {
	if x.Explain == nil {
		return nil, "The bytes are not at hand. The trail is " + x.mask.trail(f.Trail) + "."
	}
	layers, err := x.Explain(f)
	if err != nil {
		return nil, fmt.Sprintf("The trail %s could not be replayed: %v", x.mask.trail(f.Trail), err)
	}
	for i, l := range layers {
		views = append(views, x.layer(f, layers, i, l))
	}
	return views, ""
}

func (x *index) layer(f audit.Finding, layers []audit.Layer, i int, l audit.Layer) layerView {
	data := l.Data.Reveal()
	v := layerView{
		N:    i + 1,
		How:  stepWord(x.mask.step(l.Step)),
		Size: count(len(data), "byte", "bytes"),
	}
	marked := count(max(0, l.Span.Len()), "byte", "bytes")
	var clear []audit.Span
	if i+1 < len(layers) {
		v.Marked = fmt.Sprintf("the %s that step %d was made from", marked, i+2)
		clear = sign(data, l.Span)
	} else {
		v.Marked = fmt.Sprintf("%s, %s", matchWords(f), marked)
		if isDigest(f, l.Span) {
			clear = []audit.Span{l.Span}
		}
	}
	v.Pieces, v.Binary = x.mask.excerpt(data, l.Span, clear)
	return v
}

// matchWords says what the match of a finding is.
func matchWords(f audit.Finding) string {
	switch {
	case f.Slope != nil:
		return "all of it, read by nobody: its length tells"
	case f.Seed != "" && (f.Form == "plain" || f.Form == ""):
		return "the planted value " + f.Seed
	case f.Seed != "":
		return "the planted value " + f.Seed + " in the form " + f.Form
	case f.Label != "":
		return "the identifier " + f.Label
	default:
		return "the match"
	}
}

// longestDigest is the number of bytes of the longest digest, in hexadecimal.
const longestDigest = 128

// isDigest reports whether a match is an image of a seed from which nothing
// else can be learned.
func isDigest(f audit.Finding, match audit.Span) bool {
	return f.Seed != "" && f.Form != "plain" && f.Form != "folded" && match.Len() <= longestDigest
}

// A findingRow is a finding in a table.
type findingRow struct {
	ID, Exhibit, Place, Host, Kind, Form, Trail string
}

func (x *index) findingRow(f audit.Finding) findingRow {
	e := x.exhibits[f.Exhibit]
	return findingRow{
		ID: f.ID, Exhibit: f.Exhibit,
		Place: fmt.Sprintf("%s, %d", e.Arm, e.Run),
		Host:  e.Host, Kind: f.Kind.Short(), Form: f.Form, Trail: x.mask.trail(f.Trail),
	}
}
