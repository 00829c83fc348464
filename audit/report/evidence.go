package report

import (
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
	Anchor      string // of the exhibit in the list of all
	Also        string // what else the same record carried
	Layers      []layerView
	Above       *shownAt // the section that shows the layers already
	Problem     string   // why there are no layers
	Says        said
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
		ID: e.ID, Finding: f.ID, Anchor: x.register.anchor(e.ID),
		Recipient: x.recipient(e.Host),
		Server:    x.serverWords(x.parties[e.Host]), Seat: x.seatWords(x.parties[e.Host]),
		Registrant: x.registrantWords(x.parties[e.Host]), Network: x.networkWords(x.parties[e.Host]),
		Request: strings.TrimSpace(e.Method + " " + x.mask.address(e.URL)),
		Time:    x.lang.time(e.Time),
		Place:   x.place(e.Place),
		Part:    x.partWord(e.Part),
		Size:    x.lang.say("n.bytes", e.Size),
		SHA256:  e.SHA256,
		Kind:    x.kindWord(f.Kind),
		Form:    f.Form,
		Also:    x.lang.list(x.company(f)),
		Says:    x.lang.phrase(f.Says),
	}
	return v
}

// place says where in the experiment something was caught.
func (x *index) place(p audit.Place) string {
	if p.Session > 0 {
		return x.lang.say("place.start", p.Arm, p.Run, p.Session)
	}
	return x.lang.say("place", p.Arm, p.Run)
}

// company lists what else stands in the exhibit of a finding.
func (x *index) company(f audit.Finding) []string {
	var others []audit.Finding
	for _, o := range x.of[f.Exhibit] {
		if o.Kind != f.Kind {
			others = append(others, o)
		}
	}
	return x.kindWords(kindSet(others))
}

// layers replays the trail of a finding. It says why if that is not possible.
func (x *index) layers(f audit.Finding) (views []layerView, problem string) {
	if x.Explain == nil {
		return nil, x.lang.say("exhibit.no-bytes", x.mask.trail(f.Trail))
	}
	layers, err := x.Explain(f)
	if err != nil {
		return nil, x.lang.say("exhibit.no-replay", x.mask.trail(f.Trail), err)
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
		How:  x.stepWord(x.mask.step(l.Step)),
		Size: x.lang.say("n.bytes", len(data)),
	}
	marked := x.lang.say("n.bytes", max(0, l.Span.Len()))
	var clear []audit.Span
	if i+1 < len(layers) {
		v.Marked = x.lang.say("exhibit.from", marked, i+2)
		clear = sign(data, l.Span)
	} else {
		v.Marked = x.lang.say("match.size", x.matchWords(f), marked)
		if isDigest(f, l.Span) {
			clear = []audit.Span{l.Span}
		}
	}
	v.Pieces, v.Binary = x.mask.excerpt(data, l.Span, clear)
	for i, p := range v.Pieces {
		if p.left > 0 {
			v.Pieces[i].Gap = x.lang.say("n.left-out", x.lang.say("n.bytes", p.left))
		}
	}
	return v
}

// matchWords says what the match of a finding is.
func (x *index) matchWords(f audit.Finding) string {
	switch {
	case f.Slope != nil:
		return x.lang.say("match.length")
	case f.Seed != "" && (f.Form == "plain" || f.Form == ""):
		return x.lang.say("match.seed", f.Seed)
	case f.Seed != "":
		return x.lang.say("match.form", f.Seed, f.Form)
	case f.Label != "":
		return x.lang.say("match.identifier", f.Label)
	default:
		return x.lang.say("match.other")
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
	Anchor                                      string // of the exhibit
}

func (x *index) findingRow(f audit.Finding) findingRow {
	e := x.exhibits[f.Exhibit]
	return findingRow{
		ID: f.ID, Exhibit: f.Exhibit,
		Place: x.lang.say("at", e.Arm, e.Run), Anchor: x.register.anchor(e.ID),
		Host: e.Host, Kind: x.kindWord(f.Kind), Form: f.Form, Trail: x.mask.trail(f.Trail),
	}
}
